"""Twin of ``workflows/codec/list.py``: the bundled codecs in a line each, one codec in full."""

import json
from pathlib import Path

import pytest
import torch
from support.checkpoints import tiny_checkpoint
from support.codecs import TINY_CODEC, tiny_codec_folder, tiny_dac_folder
from support.indextts2 import indextts2_folder
from support.vocoders import tiny_vocoder_folder

from amhctl.checkpoint.store import read_checkpoint, write_checkpoint
from amhctl.codec import registry
from amhctl.codec.dac import import_dac
from amhctl.codec.official import OFFICIAL
from amhctl.codec.registry import bundled_codecs, load_codec, read_codec_manifest
from amhctl.codec.vocoder import load_vocoder
from amhctl.codec.vocoder_spec import DEFAULT_VOCODER, bundled_vocoders
from amhctl.config.codec_spec import CodecSpec
from amhctl.core.errors import CheckpointError, CodecError
from amhctl.core.files import sha256_of_file
from amhctl.core.progress import SilentProgress
from amhctl.workflows.codec.list import ListCodecsReport, ListCodecsRequest, run


def _list(codec: Path | str | None = None) -> ListCodecsReport:
    return run(ListCodecsRequest(None if codec is None else str(codec)), SilentProgress())


def test_every_bundled_codec_is_listed() -> None:
    report = _list()
    assert tuple(spec.name for spec in report.codecs) == bundled_codecs()
    assert "mel16k" in bundled_codecs()
    assert report.ok
    assert report.findings == ()
    assert len(list(report.lines())) == len(bundled_codecs()) + len(bundled_vocoders()) + len(OFFICIAL)


def test_vocoders_are_listed_and_shown_like_codecs(tmp_path: Path) -> None:
    assert [spec.name for spec in _list().vocoders] == list(bundled_vocoders())
    report = _list(tiny_vocoder_folder(tmp_path))
    assert report.codecs == ()
    assert next(iter(report.lines())).startswith("tiny-vocoder  vocoder  16000 Hz  100 frames/s  20 mel bins  ")
    assert report.licences == ("noise: CC0-1.0",)
    (shown,) = report.payload()["vocoders"]  # type: ignore[misc]
    assert json.loads(json.dumps(shown)) == report.vocoders[0].identity.model_dump()  # type: ignore[has-type]
    bundled = _list(DEFAULT_VOCODER)
    assert bundled.vocoders == (load_vocoder(DEFAULT_VOCODER).spec,)
    assert len(bundled.licences) == 2


def test_official_weights_are_listed_with_the_command_that_brings_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    OFFICIAL[0].path.parent.mkdir(parents=True)
    OFFICIAL[0].path.write_bytes(b"weights")
    report = _list()
    assert [(item.name, item.present) for item in report.official] == [
        (item.name, item is OFFICIAL[0]) for item in OFFICIAL
    ]
    lines = list(report.lines())
    assert "dac-16khz  dac  on this machine" in lines
    assert "dac-24khz  dac  absent: python -m dac download --model_type 24khz" in lines
    assert report.payload()["official"][1]["download"] == "python -m dac download --model_type 24khz"  # type: ignore[index]


def test_a_dac_folder_tells_its_licences(tmp_path: Path) -> None:
    report = _list(tiny_dac_folder(tmp_path))
    assert (report.codecs[0].architecture, report.licences) == ("dac", ("noise: CC0-1.0",))


def test_the_bundled_codec_was_measured_and_is_licensed() -> None:
    report, manifest = _list("mel16k"), read_codec_manifest("mel16k")
    (spec,) = report.codecs
    assert spec == load_codec("mel16k").spec
    assert report.metrics == manifest.metrics
    assert {"mel_distance", "stoi"} <= set(report.metrics)
    assert len(report.licences) == len(manifest.licences) > 0
    lines = list(report.lines())
    assert len(lines) == 1 + len(report.metrics) + len(report.licences)


def test_the_payload_is_the_codec_with_its_frame_rate(tmp_path: Path) -> None:
    folder = tiny_codec_folder(tmp_path)
    payload, spec = _list(folder).payload(), load_codec(str(folder)).spec
    assert payload == {
        "codecs": [spec.model_dump() | {"frame_rate": 25.0}],
        "metrics": {},
        "licences": ["noise: CC0-1.0"],
        "processing": [],
        "official": [],
        "files": [],
        "vocoders": [],
    }
    assert json.loads(json.dumps(payload)) == payload
    assert (spec.codebooks, spec.codebook_size) == (TINY_CODEC.codebooks, TINY_CODEC.codebook_size)


@pytest.mark.parametrize(
    ("codebooks", "size", "bits"), [(2, 16, "0.2"), (8, 1_024, "2"), (1, 1_000, "0.25"), (1, 2, "0.025")]
)
def test_a_line_tells_the_bits_a_second(codebooks: int, size: int, bits: str) -> None:
    spec = CodecSpec(
        name="hiss",
        architecture="mel",
        sample_rate=16_000,
        frame_samples=640,
        codebooks=codebooks,
        codebook_size=size,
        fingerprint="0123456789abcdef",
    )
    (line,) = ListCodecsReport((spec,), {}, ()).lines()
    assert line == f"hiss  mel  16000 Hz  25 frames/s  {codebooks} x {size}  {bits} kbit/s  0123456789ab"


def test_metrics_and_licences_follow_the_codec(tmp_path: Path) -> None:
    report = ListCodecsReport(_list(tiny_codec_folder(tmp_path)).codecs, {"stoi": 0.9}, ("noise: CC0-1.0",))
    assert list(report.lines())[1:] == ["  stoi: 0.9", "  noise: CC0-1.0"]


def test_what_was_done_to_the_recordings_is_told(tmp_path: Path) -> None:
    checkpoint = read_checkpoint(tiny_vocoder_folder(tmp_path), kind="vocoder")
    manifest = checkpoint.manifest.model_copy(update={"processing": ("cleaned by a sieve",)})
    write_checkpoint(tmp_path / "clean", manifest=manifest, tensors=checkpoint.tensors)
    report = _list(tmp_path / "clean")
    assert report.payload()["processing"] == ["cleaned by a sieve"]
    assert "  recordings: cleaned by a sieve" in report.lines()


def test_folders_that_hold_no_manifest_are_no_codecs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_codec_folder(tmp_path, name="b")
    tiny_codec_folder(tmp_path, name="a", seed=1)
    (tmp_path / "notes").mkdir()
    monkeypatch.setattr(registry, "_BUNDLED", tmp_path)
    assert [spec.name for spec in _list().codecs] == ["a", "b"]
    assert _list("a").codecs[0] == _list().codecs[0]


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_weights_file_has_neither_metrics_nor_licences(tmp_path: Path) -> None:
    shape = {
        "encoder_dim": 2,
        "encoder_rates": [2, 4],
        "latent_dim": 8,
        "decoder_dim": 8,
        "decoder_rates": [4, 2],
        "n_codebooks": 2,
        "codebook_size": 8,
        "codebook_dim": 2,
        "sample_rate": 16_000,
    }
    path = tmp_path / "small.pth"
    torch.save({"state_dict": import_dac().DAC(**shape).state_dict(), "metadata": {"kwargs": shape}}, path)
    report = _list(path)
    assert [(spec.architecture, spec.frame_rate) for spec in report.codecs] == [("dac", 2_000.0)]
    assert (report.metrics, report.licences) == ({}, ())


def test_what_is_no_codec_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodecError, match="codec not found") as caught:
        _list("no-such-codec")
    assert "mel16k" in caught.value.hint
    with pytest.raises(CodecError, match="not a codec"):
        _list(tiny_checkpoint(tmp_path / "voice"))


@pytest.mark.parametrize(("key", "value"), [("codebooks", 0), ("invented", 1)])
def test_a_configuration_that_is_none_is_refused(tmp_path: Path, key: str, value: object) -> None:
    folder = tiny_codec_folder(tmp_path)
    checkpoint = read_checkpoint(folder, kind="codec")
    manifest = checkpoint.manifest.model_copy(update={"config": checkpoint.manifest.config | {key: value}})
    write_checkpoint(folder, manifest=manifest, tensors=checkpoint.tensors, force=True)
    with pytest.raises(CheckpointError, match=f"config.{key}"):
        _list(folder)


def test_files_of_indextts2_are_named_with_their_licences_and_what_is_missing(tmp_path: Path) -> None:
    folder = indextts2_folder(tmp_path / "indextts2")
    (folder / "campplus_cn_common.bin").unlink()
    report = _list(folder)
    assert report.codecs == (load_codec(str(folder)).spec,)
    lines = list(report.lines())
    assert (
        "  campplus_cn_common.bin      decoding  missing: https://huggingface.co/funasr/campplus; CAM++: Apache-2.0"
    ) in lines
    digest = sha256_of_file(folder / "s2mel.pth")[:12]
    licence = "IndexTTS-2: bilibili Model Use License Agreement"
    assert f"  s2mel.pth                   decoding  {digest} (published digest: not known); {licence}" in lines
    shown = {item["name"]: item for item in report.payload()["files"]}  # type: ignore[attr-defined]
    assert json.loads(json.dumps(shown))["gpt.pth"]["present"] is False
    assert "MaskGCT semantic codec: CC-BY-NC-4.0 Amphion" in report.licences
    assert not any("CAM++" in licence for licence in report.licences)
    (folder / "semantic_codec.safetensors").unlink()
    assert _list(folder).codecs == ()
