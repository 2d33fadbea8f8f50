"""Twin of ``checks/across.py``: one planted fault, one code."""

import io
from pathlib import Path

import pytest
import soundfile
from support.manifests import tiny_manifest
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.checks.manifest import CheckOptions, check_manifest
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record, read_records, write_records
from amhctl.corpus.split_groups import Disjoint
from amhctl.text.frontend import Frontend

_LONG = "አዲስ አበባ ትልቅ ከተማ ናት እናም ልጆች ወደ ትምህርት ቤት ሄዱ።"


def _codes(manifest: Path, *disjoint: Disjoint, audio: bool = False) -> list[tuple[str, str]]:
    options = CheckOptions(audio=audio, disjoint=frozenset(disjoint or ("text",)))
    check = check_manifest(manifest, Frontend(), None, SilentProgress(), options)
    return [(finding.code, finding.subject) for finding in check.findings]


def _manifest(folder: Path, *changes: dict[str, str]) -> Path:
    manifest = tiny_manifest(folder)
    records = read_records(manifest)
    changed = [record.model_copy(update=change) for record, change in zip(records, changes, strict=False)]
    write_records(manifest, [*changed, *records[len(changed) :]], force=True)
    return manifest


def test_texts_that_differ_in_spaces(tmp_path: Path) -> None:
    # r0 and r2 are of one speaker; r0 is in valid.
    texts = [{"text": "ሰላም ለዓለም"}, {}, {"text": "ሰላም ለ ዓለም", "split": "valid"}]
    assert [code for code, _ in _codes(_manifest(tmp_path, *texts)) if code != "D072"] == ["D056"]
    texts[2]["split"] = "train"
    assert [code for code, _ in _codes(_manifest(tmp_path / "b", *texts)) if code != "D072"] == ["D056", "D057"]


def test_a_long_text_that_differs_in_one_word_leaks(tmp_path: Path) -> None:
    changed = _LONG.replace("ትልቅ", "ሰፊ")
    assert _codes(_manifest(tmp_path, {"text": _LONG}, {"text": changed})) == [("D057", "r1")]
    twice = changed.replace("ሄዱ", "መጡ")
    assert _codes(_manifest(tmp_path / "b", {"text": _LONG}, {"text": twice})) == []


def test_splits_share_speakers_and_sessions_only_where_they_may(tmp_path: Path) -> None:
    # r0 of s0 is in valid, all others in train; r1 is of s1, whose session of that name is another one.
    manifest = _manifest(tmp_path, *[{"session": "a"}] * 3)
    assert _codes(manifest) == []
    assert _codes(manifest, "speaker") == [("D058", "s0")]
    assert _codes(manifest, "session") == [("D059", "a")]
    assert _codes(_manifest(tmp_path / "b", *[{"session": "a"}] * 2), "session") == []
    same = _manifest(tmp_path / "c", {"text": _LONG}, {"text": _LONG})
    assert _codes(same, "text", "speaker") == [("D053", "r1"), ("D058", "s0")]
    assert _codes(same, "speaker") == [("D058", "s0")]


def test_a_speaker_with_most_of_the_clips(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    first = read_records(manifest)[0]
    sizes = {"a": 2, "b": 2, "c": 21}
    records = [
        first.model_copy(update={"id": f"{speaker}{n}", "speaker": speaker, "text": f"ሰላም {'ለ' * (n + 1)} {speaker}"})
        for speaker, count in sizes.items()
        for n in range(count)
    ]
    write_records(manifest, records, force=True)
    assert [found for found in _codes(manifest) if found[0] == "D071"] == [("D071", "c")]


def test_a_coded_and_trimmed_copy_and_a_loud_clip_are_found(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path, count=2, speakers=1, seconds=3.0)
    original, other = read_records(manifest)
    samples, rate = soundfile.read(
        io.BytesIO(files.encode(vowel_train(seconds=3.0, pitch=100.0), "ogg")), dtype="float32"
    )
    files.write(tmp_path / "wav" / "copy.wav", Waveform(0.7 * samples[3_000:], rate))
    copy = Record(id="copy", audio="wav/copy.wav", text="ልጆች ወደ ትምህርት ቤት ሄዱ።", speaker=original.speaker)
    write_records(manifest, [original, other, copy], force=True)
    assert _codes(manifest, audio=True) == [("D055", "copy")]


@pytest.mark.parametrize(("gain", "codes"), [(0.2, ["D029"]), (0.5, [])])
def test_a_clip_quieter_than_its_speakers_others(tmp_path: Path, gain: float, codes: list[str]) -> None:
    manifest = tiny_manifest(tmp_path, count=1)
    first = read_records(manifest)[0]
    quiet = vowel_train(seconds=1.3, seed=9, pitch=100.0)
    files.write(tmp_path / "wav" / "q.wav", Waveform((quiet.samples * gain).astype("float32"), 16_000))
    usual = [first.model_copy(update={"id": f"u{n}"}) for n in range(24)]
    write_records(manifest, [*usual, Record(id="q", audio="wav/q.wav", text=first.text, speaker="s0")], force=True)
    found = [code for code, subject in _codes(manifest, audio=True) if subject == "q" and code != "D052"]
    assert found == codes
