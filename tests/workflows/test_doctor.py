"""Twin of ``workflows/doctor.py``: the real machine as it is, and machines on which something is wrong."""

import json
import platform
import shutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest
import torch
from support.codecs import tiny_codec_folder
from support.vocoders import tiny_vocoder_folder
from support.voices import tiny_voice_folder

from amhctl import __version__
from amhctl.checkpoint.folder import CODEC_FOLDER
from amhctl.checkpoint.store import read_checkpoint, write_checkpoint
from amhctl.codec import registry, vocoder_spec
from amhctl.codec.registry import bundled_codecs
from amhctl.codec.vocoder_spec import bundled_vocoders
from amhctl.core.findings import Severity
from amhctl.core.progress import SilentProgress
from amhctl.inference import catalog
from amhctl.inference.catalog import bundled_voices
from amhctl.model.soundness import REFERENCE_FILE
from amhctl.recogniser.catalog import bundled_recognisers
from amhctl.workflows import doctor as diagnose
from amhctl.workflows.doctor import RULES, Check, DiagnoseReport, DiagnoseRequest, run

GIGABYTE = 1024**3


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a tiny codec, vocoder and voice in the place of the package's; return the folder of all kinds."""
    codecs, vocoders, voices = (tmp_path / kind for kind in ("codecs", "vocoders", "voices"))
    tiny_vocoder_folder(vocoders, name="horn")
    monkeypatch.setattr(vocoder_spec, "_BUNDLED", vocoders)
    tiny_codec_folder(codecs, name="hiss")
    voices.mkdir()
    shutil.move(tiny_voice_folder(tmp_path / "made", name="robot"), voices)
    monkeypatch.setattr(registry, "_BUNDLED", codecs)
    monkeypatch.setattr(catalog, "_BUNDLED", voices)
    # What else may or may not be on this machine is looked at by a test of its own.
    monkeypatch.setattr(diagnose, "_EXTRAS", {})
    monkeypatch.setattr(diagnose, "find_encoder", lambda: voices)
    return tmp_path


def _diagnose(folder: Path) -> DiagnoseReport:
    return run(DiagnoseRequest(folder), SilentProgress())


def _values(report: DiagnoseReport) -> dict[str, str]:
    return {check.name: check.value for check in report.checks}


def _flip_last_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))


def _findings(report: DiagnoseReport) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for finding in report.findings:
        found.setdefault(finding.code, set()).add(finding.subject)
    return found


def test_what_ships_loads(tmp_path: Path) -> None:
    report = _diagnose(tmp_path)
    values = _values(report)
    assert report.ok
    assert len(values) == len(report.checks)
    assert {name for name, value in values.items() if value == "loads"} == {
        *(f"codec {name}" for name in bundled_codecs()),
        *(f"vocoder {name}" for name in bundled_vocoders()),
        *(f"voice {name}" for name in bundled_voices()),
        *(f"recogniser {name}" for name in bundled_recognisers()),
    }
    assert {"codec mel16k", "vocoder vocoder16k"} <= set(values)
    assert values["amhctl"] == __version__
    assert values["python"].startswith(f"{platform.python_version()} at ")
    assert values["torch"] == metadata.version("torch")
    assert values["devices"].split(", ")[0] == "cpu"


def test_the_payload_is_the_checks(bundle: Path) -> None:
    report = _diagnose(bundle)
    payload = report.payload()
    assert payload == {"checks": _values(report)}
    assert json.loads(json.dumps(payload)) == payload


def test_values_stand_in_one_column() -> None:
    report = DiagnoseReport((Check("a", "1"), Check("longer", "2")), ())
    assert list(report.lines()) == ["a       1", "longer  2"]
    assert report.ok


def _spoil_configuration(folder: Path, kind: Literal["codec", "voice"]) -> None:
    """Write the checkpoint again, whole, with a setting that no version knows."""
    checkpoint = read_checkpoint(folder, kind=kind)
    manifest = checkpoint.manifest.model_copy(update={"config": checkpoint.manifest.config | {"invented": 1}})
    files = {name: checkpoint.read_bytes(name) for name in manifest.files if not name.endswith(".safetensors")}
    reference = {REFERENCE_FILE: checkpoint.read_tensors(REFERENCE_FILE)} if kind == "voice" else {}
    kept = folder / CODEC_FOLDER
    if kept.exists():
        kept = Path(shutil.move(kept, folder.with_name("kept")))
    write_checkpoint(
        folder, manifest=manifest, tensors=checkpoint.tensors, extra_files=files, extra_tensors=reference, force=True
    )
    if kept.exists():
        shutil.move(kept, folder / CODEC_FOLDER)


@pytest.mark.parametrize(
    ("damage", "subject"),
    [
        (lambda folder: _flip_last_byte(folder / "codecs" / "hiss" / "model.safetensors"), "codec hiss"),
        (lambda folder: (folder / "codecs" / "hiss" / "model.safetensors").unlink(), "codec hiss"),
        (lambda folder: _flip_last_byte(folder / "vocoders" / "horn" / "model.safetensors"), "vocoder horn"),
        (lambda folder: (folder / "codecs" / "hiss" / "manifest.json").write_text("{"), "codec hiss"),
        (lambda folder: _spoil_configuration(folder / "codecs" / "hiss", "codec"), "codec hiss"),
        (lambda folder: _spoil_configuration(folder / "voices" / "robot", "voice"), "voice robot"),
        (lambda folder: _flip_last_byte(folder / "voices" / "robot" / "vocabulary.model"), "voice robot"),
        (lambda folder: shutil.rmtree(folder / "voices" / "robot" / "codec"), "voice robot"),
    ],
)
def test_a_damaged_part_is_an_error_and_the_rest_is_still_looked_at(
    bundle: Path, damage: Callable[[Path], object], subject: str
) -> None:
    whole = _diagnose(bundle)
    assert whole.ok
    damage(bundle)
    report = _diagnose(bundle)
    assert not report.ok
    assert _findings(report)["M001"] == {subject}
    assert _values(report) == _values(whole) | {subject: "damaged", "room": _values(report)["room"]}


@pytest.mark.parametrize(("free", "warned"), [(2 * GIGABYTE - 1, True), (2 * GIGABYTE, False)])
def test_little_room_is_a_warning(bundle: Path, monkeypatch: pytest.MonkeyPatch, free: int, warned: bool) -> None:
    asked = []

    def usage(folder: Path) -> SimpleNamespace:
        asked.append(folder)
        return SimpleNamespace(free=free)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    report = _diagnose(bundle)
    assert asked == [bundle]
    assert _findings(report).get("M002") == ({str(bundle)} if warned else None)
    assert _values(report)["room"] == "2.0 GB free"
    assert report.ok


@pytest.mark.parametrize(
    ("cards", "mps", "devices"),
    [(0, False, "cpu"), (2, False, "cpu, cuda:0, cuda:1"), (0, True, "cpu, mps")],
)
def test_accelerators_are_named(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, cards: int, mps: bool, devices: str
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.setattr(diagnose, "computes_bf16", lambda device: device.type == "cuda")
    report = _diagnose(bundle)
    assert _values(report)["devices"] == devices
    assert ("M003" in _findings(report)) == (devices == "cpu")
    native = "native on cuda:0, cuda:1" if cards else "not native: training computes in fp32"
    assert _values(report)["bf16"] == native
    assert report.ok


@pytest.mark.parametrize("present", [True, False])
def test_the_model_of_transphone_is_optional(bundle: Path, monkeypatch: pytest.MonkeyPatch, present: bool) -> None:
    monkeypatch.setattr(diagnose, "find_model", lambda: bundle / "model.pt" if present else None)
    report = _diagnose(bundle)
    assert _findings(report).get("M004") == (None if present else {"transphone"})
    assert report.ok


def test_a_package_that_is_absent_is_named(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = metadata.version

    def version(name: str) -> str:
        if name == "epitran":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    report = _diagnose(bundle)
    assert _values(report)["epitran"] == "absent"
    assert "epitran" in _findings(report)["M004"]
    assert report.ok


def test_extras_and_the_speech_encoder_are_optional(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnose, "find_model", lambda: bundle / "model.pt")
    assert _values(_diagnose(bundle))["w2v-bert"] == str(bundle / "voices")
    monkeypatch.setattr(diagnose, "_EXTRAS", {"numpy": "numbers", "no-such-package": "dreams"})
    monkeypatch.setattr(diagnose, "find_encoder", lambda: None)
    report = _diagnose(bundle)
    values = _values(report)
    assert (values["numpy"], values["no-such-package"], values["w2v-bert"]) == (
        metadata.version("numpy"),
        "absent",
        "absent",
    )
    hints = {finding.subject: finding.hint for finding in report.findings if finding.code == "M004"}
    assert hints["no-such-package"] == "pip install 'amhctl[dreams]'"
    assert hints["w2v-bert"].startswith("hf download facebook/w2v-bert-2.0")
    assert report.ok


def test_files_of_indextts2_are_looked_for_beside_and_in_a_folder_of_that_name(bundle: Path, tmp_path: Path) -> None:
    assert _values(_diagnose(bundle))["IndexTTS-2"] == "no files here or in indextts2/"
    folder = tmp_path / "indextts2"
    folder.mkdir()
    for name in ("gpt.pth", "s2mel.pth", "bpe.model"):
        (folder / name).touch()
    for place in (tmp_path, folder):
        report = _diagnose(place)
        assert _values(report)["IndexTTS-2"] == f"3 of 11 files in {folder}"
        missing = {finding.message: finding.hint for finding in report.findings if finding.subject == "IndexTTS-2"}
        assert len(missing) == 8
        assert missing["bigvgan_generator.pt is missing: needed for `speak`"].endswith("bigvgan_v2_22khz_80band_256x")
        assert report.ok


def test_findings_are_as_grave_as_documented(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(diagnose, "find_model", lambda: None)
    _flip_last_byte(bundle / "codecs" / "hiss" / "model.safetensors")
    given = {finding.code: finding.severity for finding in _diagnose(bundle).findings}
    assert given == {rule.code: rule.severity for rule in RULES}
    assert Severity.ERROR in given.values()
