"""A render that is stopped anywhere, damaged or changed, and continued."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.voices import any_speech, load_code_voice, tiny_voice_folder

from amhctl.core.errors import InUseError, SynthesisError
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.longtext import Role, stream_lines
from amhctl.text.lines import Line, read_lines, split_pieces
from amhctl.workflows.speak_journal import Journal, digest_line, open_journal

TEXT = "ሰላም ዓለም። ቀን።\n\nሁለት።\n\n***\n\nሦስት። አራት።\n\nአምስት።"
SETTINGS: dict[str, object] = {"seed": 1, "nothing": None}


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> CodeVoice:
    return load_code_voice(tiny_voice_folder(tmp_path_factory.mktemp("voice")))


def lines_of(text: str) -> Iterator[Line]:
    return read_lines(split_pieces(text))


def render(voice: CodeVoice, journal: Journal, text: str, stop: int | None = None) -> int:
    """Speak what is missing, as the command does; stop after so many segments, and return how many were spoken."""
    digests: list[str] = []
    known = len(journal.rendered.digests)

    def read() -> Iterator[Line]:
        for number, line in enumerate(lines_of(text)):
            if number >= known:
                digests.append(digest_line(line))
            yield line

    done = taken = 0
    if journal.rendered.is_whole:
        return 0
    for chunk in stream_lines(Role(voice), read(), any_speech(), after=journal.rendered.position):
        journal.add(chunk, digests[taken:])
        taken = len(digests)
        done += 1
        if done == stop:
            raise KeyboardInterrupt
    return done


def interrupted(voice: CodeVoice, folder: Path, stop: int, text: str = TEXT) -> None:
    with pytest.raises(KeyboardInterrupt), open_journal(folder, SETTINGS, voice.sample_rate, lines_of(text)) as journal:
        render(voice, journal, text, stop)


def finished(voice: CodeVoice, folder: Path, text: str = TEXT) -> tuple[int, bytes, list[str]]:
    """Return how many segments were spoken now, all samples, and the texts of all segments."""
    with open_journal(folder, SETTINGS, voice.sample_rate, lines_of(text)) as journal:
        done = render(voice, journal, text)
        return done, journal.samples.read_bytes(), [segment.text for segment in journal.rendered.segments]


@pytest.fixture(scope="module")
def whole(voice: CodeVoice, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    done, samples, texts = finished(voice, tmp_path_factory.mktemp("whole") / "r")
    assert (done, len(texts)) == (6, 6)
    return samples


@pytest.mark.parametrize("stop", range(1, 7))
def test_a_render_that_was_stopped_is_finished_without_speaking_again(
    voice: CodeVoice, tmp_path: Path, whole: bytes, stop: int
) -> None:
    interrupted(voice, tmp_path / "r", stop)
    done, samples, _ = finished(voice, tmp_path / "r")
    assert (done, samples == whole) == (6 - stop, True)


@pytest.mark.parametrize("damage", ["half a line", "half a sample", "samples lost", "rubbish", "binary", "other"])
def test_what_was_being_written_is_cut_off(voice: CodeVoice, tmp_path: Path, whole: bytes, damage: str) -> None:
    folder = tmp_path / "r"
    interrupted(voice, folder, 4)
    journal, samples = folder / "journal.jsonl", folder / "samples.pcm"
    if damage == "half a line":
        journal.write_bytes(journal.read_bytes()[:-20])
    elif damage == "half a sample":
        samples.write_bytes(samples.read_bytes() + b"\x01\x02\x03")
    elif damage == "samples lost":
        samples.write_bytes(samples.read_bytes()[:-100])
    elif damage == "rubbish":
        journal.write_bytes(journal.read_bytes() + b'{"samples": "x"}\n{}\n')
    elif damage == "binary":
        journal.write_bytes(journal.read_bytes() + b"\xff\xfe\n")
    else:
        last = json.loads(journal.read_bytes().splitlines()[-1])
        changes: tuple[dict[str, object], ...] = (
            {"held": "x"},
            {"digests": None},
            {"segment_said": {"text": 1}},
            {"findings": [3]},
        )
        for change in changes:
            journal.write_bytes(journal.read_bytes() + json.dumps({**last, **change}).encode() + b"\n")
    done, again, _ = finished(voice, folder)
    assert again == whole
    assert done == (3 if damage in ("half a line", "samples lost") else 2)


def test_a_text_that_was_changed_later_on_keeps_what_is_before(voice: CodeVoice, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    interrupted(voice, folder, 5)
    changed = TEXT.replace("አምስት", "ሰባት")
    done, samples, texts = finished(voice, folder, changed)
    assert texts[-1] == "ሰባት።"
    # The pause before it depended on the line that has changed.
    assert done == 3 - 1
    assert samples == finished(voice, tmp_path / "fresh", changed)[1]


def test_a_whole_text_that_became_longer_or_shorter_is_right(voice: CodeVoice, tmp_path: Path) -> None:
    for number, changed in enumerate((TEXT + "\n\nስድስት።", TEXT.replace("\n\nአምስት።", ""))):
        folder = tmp_path / f"r{number}"
        interrupted(voice, folder, 6)
        done, samples, _ = finished(voice, folder, changed)
        assert done <= 2
        assert samples == finished(voice, tmp_path / f"fresh{number}", changed)[1]


def test_other_settings_and_other_texts_are_refused_and_kept(voice: CodeVoice, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    interrupted(voice, folder, 3)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with (
        pytest.raises(SynthesisError, match="other settings: seed"),
        open_journal(folder, {**SETTINGS, "seed": 2}, voice.sample_rate, lines_of(TEXT)),
    ):
        pass
    with (
        pytest.raises(SynthesisError, match="another text"),
        open_journal(folder, SETTINGS, voice.sample_rate, lines_of("ሌላ ጽሑፍ።")),
    ):
        pass
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_two_processes_do_not_render_the_same(voice: CodeVoice, tmp_path: Path) -> None:
    with (
        open_journal(tmp_path / "r", SETTINGS, 16_000, lines_of(TEXT)),
        pytest.raises(InUseError),
        open_journal(tmp_path / "r", SETTINGS, 16_000, lines_of(TEXT)),
    ):
        pass


def test_what_never_began_leaves_nothing_and_a_strange_folder_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    with pytest.raises(KeyboardInterrupt), open_journal(folder, SETTINGS, 16_000, lines_of(TEXT)):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    folder.mkdir()
    (folder / "thesis.txt").write_text("years")
    with pytest.raises(SynthesisError, match="something else"), open_journal(folder, SETTINGS, 16_000, lines_of(TEXT)):
        pass
    assert (folder / "thesis.txt").read_text() == "years"


def test_a_process_that_was_killed_before_its_first_line_is_no_trouble(voice: CodeVoice, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    for content in (b"", b'{"format": 1'):
        (folder / "journal.jsonl").write_bytes(content)
        with open_journal(folder, SETTINGS, 16_000, lines_of(TEXT)) as journal:
            assert journal.rendered.segments == []
            header = json.loads((folder / "journal.jsonl").read_text())
            assert header["settings"] == SETTINGS


@pytest.mark.parametrize("lasts", [True, False])
def test_only_what_may_be_continued_waits_for_the_disk(
    voice: CodeVoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bytes, lasts: bool
) -> None:
    waited: list[int] = []
    monkeypatch.setattr(os, "fsync", waited.append)
    journal = Journal(tmp_path / "render", voice.sample_rate, lasts=lasts)
    journal.start(SETTINGS)
    done = render(voice, journal, TEXT)
    assert len(waited) == (2 * done if lasts else 0)
    assert journal.samples.read_bytes() == whole
