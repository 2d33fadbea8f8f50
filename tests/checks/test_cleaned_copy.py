"""Twin of ``data/cleaned_copy.py``."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.enhancers import GATE_GOAL, NoiseRating
from support.manifests import noisy_manifest

from amhctl.audio import files
from amhctl.checks import cleaned_copy
from amhctl.checks.cleaned_copy import CleanedCopy, can_go_on, write_cleaned_copy
from amhctl.core.errors import DatasetError, FileExistsRefused
from amhctl.core.files import sha256_of_file
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record, read_audio, read_records, write_records


class _Stopping(SilentProgress):
    """Interrupts after so many clips."""

    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, amount: int = 1, note: str = "") -> None:
        self.left -= amount
        if self.left == 0:
            raise KeyboardInterrupt


def _clean(manifest: Path, output: Path, **options: object) -> CleanedCopy:
    return write_cleaned_copy(manifest, output, GATE_GOAL, SilentProgress(), **options)  # type: ignore[arg-type]


def _content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256_of_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_copy_has_the_same_records_and_other_sound(tmp_path: Path) -> None:
    manifest = noisy_manifest(tmp_path)
    records = [record.model_copy(update={"split": "valid", "source": "here"}) for record in read_records(manifest)]
    write_records(manifest, records, force=True)
    before = _content(tmp_path)
    copy = _clean(manifest, tmp_path / "out")
    made = read_records(tmp_path / "out" / "manifest.jsonl")
    assert (copy.new, copy.records, copy.counts) == (4, 4, {"": 4})
    for old, new in zip(records, made, strict=True):
        changed = {"audio", "sha256", "duration", "processing"}
        assert new.model_dump(exclude=changed) == old.model_dump(exclude=changed)
        assert new.processing == "cleaned by Gate 1, at most 20.0 dB (gate20.00000)"
        assert new.sha256 == sha256_of_file(tmp_path / "out" / new.audio)
        was, now = read_audio(old, tmp_path), read_audio(new, tmp_path / "out")
        assert (now.samples.size, now.sample_rate, new.audio) == (was.samples.size, 16_000, f"audio/{old.id}.flac")
        assert new.duration == float(was.duration)
        assert (was.samples != now.samples).any()
    after, means = copy.means("after"), copy.means("before")
    assert after["p808"] > means["p808"] + 0.3
    assert set(after) == {"p808", "overall", "level", "bandwidth"}
    source = {name: digest for name, digest in _content(tmp_path).items() if not name.startswith("out/")}
    assert source == before


def test_a_copy_that_was_stopped_ends_as_one_that_was_not(tmp_path: Path) -> None:
    manifest = noisy_manifest(tmp_path)
    whole = _clean(manifest, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        write_cleaned_copy(manifest, tmp_path / "cut", GATE_GOAL, _Stopping(2))
    assert not (tmp_path / "cut" / "manifest.jsonl").exists()
    log = tmp_path / "cut" / "cleaning.jsonl"
    # Killed in the middle of a line.
    log.write_bytes(log.read_bytes()[:-20])
    assert can_go_on(tmp_path / "cut", manifest, GATE_GOAL)
    rest = _clean(manifest, tmp_path / "cut")
    assert rest.new == 3
    assert _content(tmp_path / "cut") == _content(tmp_path / "whole")
    assert rest.clips == whole.clips
    assert _clean(manifest, tmp_path / "cut").new == 0


def test_what_changed_meanwhile_is_done_again(tmp_path: Path) -> None:
    manifest = noisy_manifest(tmp_path)
    _clean(manifest, tmp_path / "out")
    whole = _content(tmp_path / "out")
    (tmp_path / "out" / "audio" / "r1.flac").write_bytes(b"fLaC")
    (tmp_path / "out" / "audio" / "r2.flac").unlink()
    assert _clean(manifest, tmp_path / "out").new == 2
    assert _content(tmp_path / "out") == whole
    shutil.copy(tmp_path / "wav" / "r3.wav", tmp_path / "wav" / "r0.wav")
    assert _clean(manifest, tmp_path / "out").new == 1
    log = tmp_path / "out" / "cleaning.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), "before": {"p808": "much"}})
    log.write_text("\n".join(["[1]", '{"id": 3}', *lines]), encoding="utf-8")
    assert _clean(manifest, tmp_path / "out").new == 1


def test_the_result_does_not_depend_on_the_workers(tmp_path: Path) -> None:
    manifest = noisy_manifest(tmp_path)
    _clean(manifest, tmp_path / "one")
    _clean(manifest, tmp_path / "two", workers=2)
    assert _content(tmp_path / "one") == _content(tmp_path / "two")


def test_what_is_harmed_is_kept_byte_by_byte(tmp_path: Path) -> None:
    manifest = noisy_manifest(tmp_path, count=2)
    records = list(read_records(manifest))
    part = records[1].model_copy(update={"id": "part", "offset": 0.2, "duration": 0.8})
    write_records(manifest, [*records, part], force=True)
    marks = iter([4.0, 2.0] * 3)
    goal = replace(GATE_GOAL, rate=lambda _: NoiseRating(next(marks)))
    copy = write_cleaned_copy(manifest, tmp_path / "out", goal, SilentProgress())
    made = read_records(tmp_path / "out" / "manifest.jsonl")
    assert copy.counts == {"D104": 3}
    assert copy.means("before") == copy.means("after")
    assert [record.processing for record in made] == ["", "", ""]
    for old, new in zip(records, made[:2], strict=True):
        assert (tmp_path / "out" / new.audio).read_bytes() == (tmp_path / old.audio).read_bytes()
    assert made[2].audio == "audio/part.flac"
    assert (made[2].offset, made[2].duration) == (0.0, 0.8)
    assert [clip.finding.code for clip in copy.clips if clip.finding] == ["D104"] * 3


def test_what_cannot_be_read_is_left_out_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = noisy_manifest(tmp_path)
    content = (tmp_path / "wav" / "r1.wav").read_bytes()
    (tmp_path / "wav" / "r1.wav").write_bytes(b"RIFF")
    monkeypatch.setattr(cleaned_copy, "LONG_SECONDS", 2.1)
    copy = _clean(manifest, tmp_path / "out")
    assert [clip.code for clip in copy.clips] == ["", "D100", "", "D100"]
    assert "split it first" in copy.clips[3].reason
    assert [record.id for record in read_records(tmp_path / "out" / "manifest.jsonl")] == ["r0", "r2"]
    (tmp_path / "wav" / "r1.wav").write_bytes(content)
    copy = _clean(manifest, tmp_path / "out")
    assert (copy.counts, copy.new) == ({"": 3, "D100": 1}, 2)
    for name in ("r0", "r1", "r2", "r3"):
        (tmp_path / "wav" / f"{name}.wav").unlink()
    with pytest.raises(DatasetError, match=r"no recording can be cleaned \(r0: the audio file does not exist\)"):
        _clean(manifest, tmp_path / "none")
    assert list((tmp_path / "none").iterdir()) == []
    # What an earlier run has cleaned stays, though no recording can be read now.
    with pytest.raises(DatasetError, match="no recording can be cleaned"):
        _clean(manifest, tmp_path / "out")
    assert all((tmp_path / "out" / record.audio).exists() for record in read_records(tmp_path / "out/manifest.jsonl"))


def test_a_copy_of_something_else_is_not_gone_on_with(tmp_path: Path) -> None:
    manifest = noisy_manifest(tmp_path)
    assert not can_go_on(tmp_path / "out", manifest, GATE_GOAL)
    _clean(manifest, tmp_path / "out")
    with pytest.raises(FileExistsRefused, match="different enhancer and fingerprint and attenuation"):
        can_go_on(tmp_path / "out", manifest, replace(GATE_GOAL, attenuation=6.0))
    write_records(manifest, read_records(manifest)[:2], force=True)
    with pytest.raises(FileExistsRefused, match="different manifest"):
        can_go_on(tmp_path / "out", manifest, GATE_GOAL)
    copy = _clean(manifest, tmp_path / "out", restart=True)
    assert (copy.new, copy.records) == (2, 2)
    assert sorted(path.name for path in (tmp_path / "out" / "audio").iterdir()) == ["r0.flac", "r1.flac"]
    (tmp_path / "out" / "cleaning.json").write_text("[", encoding="utf-8")
    assert not can_go_on(tmp_path / "out", manifest, GATE_GOAL)


def test_a_rounded_duration_costs_no_sample(tmp_path: Path) -> None:
    manifest = noisy_manifest(tmp_path, count=2)
    records = list(read_records(manifest))
    size = files.probe(tmp_path / records[0].audio).frames
    rounded = records[0].model_copy(update={"duration": (size - 7) / 16_000})
    part = records[1].model_copy(update={"duration": 1.0})
    write_records(manifest, [rounded, part], force=True)
    _clean(manifest, tmp_path / "out")
    made = read_records(tmp_path / "out" / "manifest.jsonl")
    assert [files.probe(tmp_path / "out" / one.audio).frames for one in made] == [size, 16_000]
    assert [one.duration for one in made] == [size / 16_000, 1.0]


def test_an_id_that_is_no_name_of_a_file(tmp_path: Path) -> None:
    source = noisy_manifest(tmp_path, count=1)
    record = read_records(source)[0].model_copy(update={"id": "a/b", "audio": "wav/r0.wav"})
    write_records(source, [record, Record(id="a_b", audio="wav/r0.wav", text="ሰላም")], force=True)
    _clean(source, tmp_path / "out")
    made = read_records(tmp_path / "out" / "manifest.jsonl")
    assert len({one.audio for one in made}) == 2
    assert all(files.probe(tmp_path / "out" / one.audio).frames for one in made)
