"""Twin of ``workflows/data/align.py``; the recordings say by their samples what is recognised in them."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.realdata import real_manifest
from support.recognising import FrameReader, encode_frames, frames_of

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError, CheckpointError, DatasetError, EvaluationError, FileExistsRefused
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import read_audio, read_records
from amhctl.recogniser.catalog import bundled_recognisers
from amhctl.recogniser.reading import read_spoken
from amhctl.text.frontend import Frontend
from amhctl.workflows.data import align
from amhctl.workflows.data.align import AlignDataReport, AlignDataRequest, run

SENTENCES = (
    "አዲስ አበባ ትልቅ ከተማ ናት።",
    "ልጆች ወደ ትምህርት ቤት ሄዱ።",
    "እናቴ ጥሩ ቡና ታፈላለች።",
    "ወንድሜ መጽሐፍ ያነባል።",
    "ዛሬ ገበያ ሄጄ 3 ኪሎ ስኳር ገዛሁ።",
)


def _frames(said: Sequence[str], *, pause: int = 50) -> list[int]:
    frontend = Frontend()
    frames = [0] * pause
    for text in said:
        frames += frames_of([phone for word in read_spoken(frontend, text) for phone in word.phones])
        frames += [0] * pause
    return frames


def _request(folder: Path, said: Sequence[str], text: str, **options: object) -> AlignDataRequest:
    files.write(folder / "long.wav", encode_frames(_frames(said)))
    (folder / "long.txt").write_text(text, encoding="utf-8")
    values = {"output": folder / "out", **options}
    return AlignDataRequest(audio=folder / "long.wav", text=(folder / "long.txt",), **values)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(align, "load_recogniser", lambda name, threads: FrameReader())


def _codes(report: AlignDataReport) -> list[str]:
    return [finding.code for finding in report.findings]


def test_every_sentence_becomes_a_record(tmp_path: Path) -> None:
    report = run(_request(tmp_path, SENTENCES, " ".join(SENTENCES), textgrid=True), SilentProgress())
    records = read_records(tmp_path / "out" / "manifest.jsonl")
    assert ([record.text for record in records], _codes(report)) == (list(SENTENCES), [])
    assert [record.id for record in records] == [f"long-{number:04d}" for number in range(1, 6)]
    reached = 0.0
    for record in records:
        # The pauses have a second, of which a quarter stays at each edge.
        assert record.offset == pytest.approx(reached + 0.75, abs=0.1)
        reached = record.offset + (record.duration or 0.0) - 0.25
    lines = [json.loads(line) for line in (tmp_path / "out" / "alignment.jsonl").read_text("utf-8").splitlines()]
    assert [word["word"] for word in lines[4]["words"]] == ["ዛሬ", "ገበያ", "ሄጄ", "ሦስት", "ኪሎ", "ስኳር", "ገዛሁ"]
    times = [time for line in lines for word in line["words"] for time in (word["start"], word["end"])]
    assert times == sorted(times)
    assert report.payload()["records"] == 5
    assert (tmp_path / "out" / "alignment.TextGrid").is_file()


def test_lines_are_utterances_where_that_is_asked_for(tmp_path: Path) -> None:
    text = f"{SENTENCES[0]} {SENTENCES[1]}\n\n{SENTENCES[2]}\n"
    report = run(_request(tmp_path, SENTENCES[:3], text, by="line"), SilentProgress())
    assert [one.text for one in report.kept] == [f"{SENTENCES[0]} {SENTENCES[1]}", SENTENCES[2]]


def test_what_is_missing_on_either_side_is_listed(tmp_path: Path) -> None:
    written = "\n".join([SENTENCES[0], SENTENCES[1], "...", SENTENCES[3], SENTENCES[4]])
    report = run(_request(tmp_path, [SENTENCES[0], *SENTENCES[2:]], written), SilentProgress())
    assert _codes(report) == ["D110", "D113", "D112"]
    missing, unread, extra = report.findings
    assert missing.subject.endswith("long.txt:2")
    assert SENTENCES[1] in missing.message
    assert unread.subject.endswith("long.txt:3")
    assert "bun" in extra.message
    assert [one.text for one in report.kept] == [SENTENCES[0], SENTENCES[3], SENTENCES[4]]
    assert any(line.startswith("D112") for line in report.lines())


def test_an_utterance_with_another_word_is_left_out(tmp_path: Path) -> None:
    other = SENTENCES[2].replace("ቡና", "ወተት")
    written = "\n".join([*SENTENCES[:2], other, *SENTENCES[3:]])
    report = run(_request(tmp_path, SENTENCES, written, confidence=-1.0), SilentProgress())
    assert _codes(report) == ["D111"]
    assert len(read_records(tmp_path / "out" / "manifest.jsonl")) == 4
    request = _request(
        tmp_path, SENTENCES, "\n".join([*SENTENCES[:2], other]), confidence=-50.0, output=tmp_path / "all"
    )
    assert len(run(request, SilentProgress()).kept) == 3


def test_cut_recordings_have_several_channels_and_rates(tmp_path: Path) -> None:
    request = _request(tmp_path, SENTENCES, " ".join(SENTENCES), cut=True)
    waveform = files.read(request.audio)
    soundfile.write(request.audio, np.stack([waveform.samples, waveform.samples], axis=1), 16_000)
    assert len(run(request, SilentProgress()).kept) == 5
    for record in read_records(tmp_path / "out" / "manifest.jsonl"):
        info = files.probe(tmp_path / "out" / record.audio)
        assert (info.channels, info.sample_rate, info.duration) == (1, 16_000, record.duration)


def test_what_cannot_be_aligned_is_an_error_and_writes_nothing(tmp_path: Path) -> None:
    book = " ".join(SENTENCES * 100)
    files.write(tmp_path / "second.wav", encode_frames([0] * 50))
    files.write(tmp_path / "silence.wav", Waveform(np.zeros(160_000, dtype=np.float32), 16_000))
    files.write(tmp_path / "blink.wav", Waveform(np.zeros(40, dtype=np.float32), 16_000))
    (tmp_path / "book.txt").write_text(book, encoding="utf-8")
    (tmp_path / "foreign.txt").write_text("Организация\n...\n", encoding="utf-8")
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    before = set(tmp_path.iterdir())
    cases = (
        ("second.wav", "book.txt", EvaluationError),
        ("silence.wav", "book.txt", EvaluationError),
        ("blink.wav", "book.txt", EvaluationError),
        ("gone.wav", "book.txt", AudioError),
        ("book.txt", "book.txt", AudioError),
        ("second.wav", "gone.txt", DatasetError),
        ("second.wav", "silence.wav", DatasetError),
        ("second.wav", "foreign.txt", DatasetError),
        ("second.wav", "empty.txt", DatasetError),
    )
    for audio, text, error in cases:
        request = AlignDataRequest(audio=tmp_path / audio, text=(tmp_path / text,), output=tmp_path / "out")
        with pytest.raises(error) as raised:
            run(request, SilentProgress())
        assert raised.value.subject or raised.value.hint
    assert set(tmp_path.iterdir()) == before


def test_the_errors_of_a_text_that_is_nowhere_list_it(tmp_path: Path) -> None:
    request = _request(tmp_path, SENTENCES[:2], SENTENCES[3])
    with pytest.raises(EvaluationError) as raised:
        run(request, SilentProgress())
    assert [finding.code for finding in raised.value.findings] == ["D110", "D112", "D112"]


def test_an_earlier_alignment_is_replaced_only_when_forced(tmp_path: Path) -> None:
    request = _request(tmp_path, SENTENCES, " ".join(SENTENCES))
    run(request, SilentProgress())
    with pytest.raises(FileExistsRefused):
        run(request, SilentProgress())
    run(_request(tmp_path, SENTENCES, SENTENCES[0], force=True), SilentProgress())
    assert len(read_records(tmp_path / "out" / "manifest.jsonl")) == 1


def test_a_recogniser_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(CheckpointError):
        run(_request(tmp_path, SENTENCES, SENTENCES[0], recogniser="none"), SilentProgress())


def test_real_clips_are_found_again_by_the_bundled_recogniser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if align.RECOGNISER not in bundled_recognisers():
        pytest.skip("the bundled recogniser is not in this checkout")
    monkeypatch.undo()
    manifest = real_manifest("m01")
    # The texts of these fit their recordings; that of number 4, for one, is longer.
    wanted = {f"100101-050203_amh_57b_elicit_{number}" for number in (0, 6, 7)}
    records = [record for record in read_records(manifest) if record.id in wanted]
    waves = [read_audio(record, manifest.parent, sample_rate=16_000).samples for record in records]
    pause = np.zeros(8_000, dtype=np.float32)
    files.write(tmp_path / "long.wav", Waveform(np.concatenate([part for w in waves for part in (w, pause)]), 16_000))
    texts = [record.text for record in records]
    # The text of the second clip is missing.
    (tmp_path / "long.txt").write_text("\n".join([texts[0], texts[2]]), encoding="utf-8")
    request = AlignDataRequest(tmp_path / "long.wav", (tmp_path / "long.txt",), tmp_path / "out", by="line")
    report = run(request, SilentProgress())
    begins = np.cumsum([0.0, *(wave.size / 16_000 + 0.5 for wave in waves)])
    assert _codes(report) == ["D112"]
    for one, clip in zip(report.utterances, (0, 2), strict=True):
        assert one.start is not None
        assert one.end is not None
        assert begins[clip] - 0.3 <= one.start < one.end <= begins[clip + 1] + 0.3
