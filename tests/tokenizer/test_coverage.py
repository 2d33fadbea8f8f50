"""Coverage is counted by hand on lines short enough to count."""

import pytest
from support.vocabularies import FIDEL_LINES, PHONE_LINES, foreign_vocabulary

from amhctl.core.findings import Severity
from amhctl.tokenizer.coverage import find_rare, judge_coverage, judge_rare, measure_coverage
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary

FIDEL = Tokenizer(train_vocabulary(FIDEL_LINES, size=400, units="fidel"))
PHONES = Tokenizer(train_vocabulary(PHONE_LINES, size=100, units="phones"))


def test_fidel_are_counted() -> None:
    measured = measure_coverage(FIDEL, ["ሰላም ሰው።", "ax ለ", "x"])
    assert (measured.lines, measured.words, measured.characters, measured.syllables) == (3, 5, 10, 6)
    assert (measured.unknown, measured.unknown_kinds) == (3, ("x", "a"))
    assert measured.unknown_rate == pytest.approx(0.3)
    assert measured.coverage == pytest.approx(1 - 2 / 8)
    assert [(line.line, line.unknown) for line in measured.worst] == [(2, ("a", "x")), (3, ("x",))]


def test_a_phone_is_a_piece_and_a_vowel_is_a_syllable() -> None:
    measured = measure_coverage(PHONES, ["t͡ʃʼəw nəw"])
    assert (measured.pieces, measured.syllables, measured.words) == (8, 2, 2)
    assert (measured.pieces_per_syllable, measured.pieces_per_word) == (4.0, 4.0)


def test_the_worst_ten_lines_are_kept_in_order() -> None:
    measured = measure_coverage(FIDEL, ["x" * (number % 13) + "ሰ" for number in range(40)])
    assert [len(line.text) - 1 for line in measured.worst] == [12, 12, 12, 11, 11, 11, 10, 10, 10, 9]
    assert measured.worst[0].line < measured.worst[1].line


def test_nothing_is_well_covered() -> None:
    measured = measure_coverage(FIDEL, [])
    assert (measured.coverage, measured.unknown_rate, measured.pieces_per_word) == (1.0, 0.0, 0.0)


def test_findings_are_errors_above_the_limit_only() -> None:
    measured = measure_coverage(FIDEL, ["ሰxላም"])
    assert [finding.severity for finding in judge_coverage(measured, FIDEL, max_unknown=0.0)] == [Severity.ERROR]
    assert [finding.severity for finding in judge_coverage(measured, FIDEL, max_unknown=0.5)] == [Severity.WARNING]


def test_an_incomplete_alphabet_is_a_warning() -> None:
    tokenizer = Tokenizer(foreign_vocabulary())
    findings = judge_coverage(measure_coverage(tokenizer, ["HELLO"]), tokenizer, max_unknown=0.0)
    assert [(finding.code, finding.severity) for finding in findings] == [("V003", Severity.WARNING)]


def test_pieces_are_counted_by_id() -> None:
    measured = measure_coverage(FIDEL, ["ሰላም ሰ", "ሰx"])
    counts = dict(zip(FIDEL.vocabulary.pieces, measured.piece_counts, strict=True))
    assert {piece: count for piece, count in counts.items() if count} == {"▁": 3, "ሰ": 3, "ላ": 1, "ም": 1, "<unk>": 1}
    assert measured.pieces == sum(measured.piece_counts) == 9
    assert measured.pieces_used == 4


def test_rare_pieces_are_learnt_ones_below_the_threshold() -> None:
    vocabulary = train_vocabulary(["ሰላም ሰላም ለም ለም"], size=370, units="fidel", model_type="bpe")
    measured = measure_coverage(Tokenizer(vocabulary), ["ሰላም ሰላም ለም"])
    rare = find_rare(measured, vocabulary, below=2, base=None)
    assert {(item.piece, item.count) for item in rare} >= {("▁ለም", 1)}
    assert "▁ሰላም" not in {item.piece for item in rare}
    assert all(len(item.piece) > 1 and vocabulary.pieces[item.id] == item.piece for item in rare)
    assert [item.count for item in rare] == sorted(item.count for item in rare)
    assert find_rare(measured, vocabulary, below=2, base=vocabulary) == ()
    assert find_rare(measured, vocabulary, below=0, base=None) == ()
    (finding,) = judge_rare(rare, below=2)
    assert (finding.code, finding.severity) == ("V004", Severity.INFO)
    assert "▁ለም (1)" in finding.message
    assert judge_rare((), below=2) == ()
