"""Twin of ``recogniser/long_alignment.py``."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from support.recognising import frames_of, log_probabilities_of

from amhctl.recogniser import long_alignment
from amhctl.recogniser.long_alignment import LongAlignment, align_long, unclaimed_speech


def _sentences(count: int, *, phones: int = 40, seed: int = 0) -> list[list[int]]:
    return np.random.default_rng(seed).integers(2, 40, (count, phones)).tolist()


def _values(said: Sequence[Sequence[int]], *, wrong: float = 0.15, pause: int = 20) -> NDArray[np.float32]:
    """Return log-probabilities of sentences with pauses after them, in which some phones are recognised wrongly."""
    generator = np.random.default_rng(7)
    frames: list[int] = []
    for sentence in said:
        changed = [int(generator.integers(2, 40)) if generator.random() < wrong else phone for phone in sentence]
        frames += [*frames_of(changed, each=5), *[0] * pause]
    return log_probabilities_of(frames)


def _starts(alignment: LongAlignment) -> list[int | None]:
    """Return at which of the sentences said, each 220 frames long, every utterance begins; None for those left out."""
    starts: list[int | None] = []
    for one in alignment.placements:
        if one is None:
            starts.append(None)
            continue
        # A wrong phone at an edge may be looked for a little farther off.
        assert min(one.first % 220, 220 - one.first % 220) <= 20
        starts.append(round(one.first / 220))
    return starts


def test_every_utterance_has_its_place() -> None:
    text = _sentences(30)
    done: list[int] = []
    assert _starts(align_long(_values(text), text, done.append)) == list(range(30))
    assert sum(done) == 30
    assert len(done) > 3


def test_what_is_missing_or_added_on_either_side_is_found() -> None:
    text, others = _sentences(24), _sentences(6, seed=1)
    said = [*others[:2], *text[:9], *others[2:4], *text[10:20], *text[21:], others[4]]
    written = [*text[:15], others[5], *text[15:]]
    alignment = align_long(_values(said), written)
    places = [*range(2, 11), None, *range(13, 18), None, *range(18, 23), None, *range(23, 26)]
    assert _starts(alignment) == places
    stretches = [stretch for stretch in unclaimed_speech(alignment) if len(stretch) > 20]
    # Two sentences with a pause of less than a second between them are one stretch.
    assert [round(one[0].first / 220) for one in stretches] == [0, 11, 26]


def test_a_long_stretch_without_text_is_passed_over_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    text, others = _sentences(12), _sentences(80, seed=1)
    monkeypatch.setattr(long_alignment, "_MOST_CELLS", 2_000_000)
    said = [*text[:6], *others[:40], *text[6:], *others[40:]]
    assert _starts(align_long(_values(said), text)) == [*range(6), *range(46, 52)]
    # Here utterances that were not said lie at the border, which makes the block too large: they are left out.
    written = [*text[:6], *_sentences(30, seed=2), *text[6:]]
    assert _starts(align_long(_values(said), written)) == [*range(6), *[None] * 30, *range(46, 52)]


def test_repeated_sentences_keep_their_order() -> None:
    text = _sentences(4)
    written = [text[0], text[1], text[1], text[1], text[2], text[0], text[3]]
    assert _starts(align_long(_values(written), written)) == list(range(7))


def test_a_text_of_another_recording_is_not_found() -> None:
    alignment = align_long(_values(_sentences(20)), _sentences(20, seed=1))
    assert all(one is None for one in alignment.placements)
    assert sum(map(len, unclaimed_speech(alignment))) == len(alignment.phones)


def test_a_book_is_not_in_a_second_and_nothing_is_in_silence() -> None:
    book = _sentences(2_000)
    assert align_long(log_probabilities_of([0] * 50), book).placements == (None,) * 2_000
    silence = align_long(log_probabilities_of([0] * 2_000, sure=0.999), book[:3])
    assert all(one is None for one in silence.placements)
    assert list(unclaimed_speech(silence)) == []
    assert align_long(log_probabilities_of([0] * 50), []).placements == ()
