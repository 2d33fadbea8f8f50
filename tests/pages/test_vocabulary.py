"""The page is one well-formed file that holds the figures, and runs nothing."""

from dataclasses import replace

from support.pages import read_page
from support.vocabularies import FIDEL_LINES, foreign_vocabulary

from amhctl.pages.vocabulary import Comparison, VocabularyPage
from amhctl.tokenizer.alphabet import alphabet_of
from amhctl.tokenizer.coverage import RarePiece, measure_coverage
from amhctl.tokenizer.sizes import measure_sizes
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary
from amhctl.tokenizer.words import count_words

VOCABULARY = train_vocabulary(FIDEL_LINES, size=380, units="fidel", model_type="bpe")
MEASURED = measure_coverage(Tokenizer(VOCABULARY), [*FIDEL_LINES, "<script>x</script>"])
CURVE = measure_sizes(count_words(FIDEL_LINES, alphabet_of("fidel")), "fidel", sizes=(365, 370))


def _render(*compared: Comparison, rare: tuple[RarePiece, ...] = ()) -> str:
    return VocabularyPage("a <b>", compared, CURVE, rare, 10).render()


def test_every_tag_is_closed_and_nothing_runs() -> None:
    page = _render(Comparison("checked", VOCABULARY, MEASURED), rare=(RarePiece(9, "ሰ<x>", 2),))
    tags = read_page(page)
    assert "&lt;script&gt;" in page
    assert "a &lt;b&gt;" in page
    assert tags.counts["circle"] == len(CURVE.points)
    assert page.count('class="recommended"') == 1


def test_the_figures_of_both_stand_side_by_side() -> None:
    base = foreign_vocabulary()
    before = measure_coverage(Tokenizer(base), FIDEL_LINES)
    page = _render(Comparison("checked", VOCABULARY, MEASURED), Comparison("base", base, before))
    for measured in (MEASURED, before):
        assert f"{measured.pieces_per_word:.3f}" in page
        assert f"{measured.unknown_rate:.4%}" in page
    for point in CURVE.points:
        assert f"{point.pieces_per_word:.3f}" in page


def test_rare_pieces_are_cut_short_and_counted() -> None:
    rare = tuple(RarePiece(number, "ሰላ", 1) for number in range(230))
    page = _render(Comparison("checked", VOCABULARY, MEASURED), rare=rare)
    assert page.count("ሰላ</td>") == 200
    assert "30 more are not shown" in page


def test_pieces_are_marked_as_what_they_are() -> None:
    rare = (RarePiece(9, "ሰላ", 1),)
    fidel = _render(Comparison("checked", VOCABULARY, MEASURED), rare=rare)
    phones = _render(Comparison("checked", replace(VOCABULARY, units="phones"), MEASURED), rare=rare)
    assert '<td lang="am">ሰላ</td>' in fidel
    assert '<td lang="am-fonipa">ሰላ</td>' in phones
