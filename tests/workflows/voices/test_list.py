"""``voices``: bundled and local voices, one in detail, damaged ones reported."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.speaking_flow import flow_voice_folder, load_flow_voice
from support.voices import tiny_voice_folder

from amhctl.checkpoint.folder import VOCODER_FOLDER
from amhctl.checkpoint.manifest import VocoderIdentity
from amhctl.checkpoint.store import read_checkpoint, write_checkpoint
from amhctl.codec.vocoder_spec import DEFAULT_VOCODER, vocoder_path
from amhctl.core.errors import SynthesisError
from amhctl.core.progress import SilentProgress
from amhctl.inference.catalog import bundled_voices
from amhctl.model.flow_on_onnx import FlowOnOnnx
from amhctl.workflows.ckpt.export import ExportCheckpointRequest
from amhctl.workflows.ckpt.export import run as export
from amhctl.workflows.voices import list as list_voices
from amhctl.workflows.voices.list import ListVoicesRequest


def test_local_voices_are_listed_beside_the_bundled(tmp_path: Path) -> None:
    tiny_voice_folder(tmp_path)
    report = list_voices.run(ListVoicesRequest(folders=(tmp_path,)), SilentProgress())
    assert [entry.name for entry in report.voices] == [*bundled_voices(), "tiny"]
    assert report.ok
    assert any("tiny" in line for line in report.lines())


def test_a_damaged_voice_is_a_finding(tmp_path: Path) -> None:
    folder = tiny_voice_folder(tmp_path)
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    report = list_voices.run(ListVoicesRequest(folders=(tmp_path,)), SilentProgress())
    assert [finding.code for finding in report.findings] == ["S101"]
    assert not report.ok


def test_one_voice_is_shown_with_its_manifest(tmp_path: Path) -> None:
    folder = tiny_voice_folder(tmp_path)
    report = list_voices.run(ListVoicesRequest(voice=str(folder)), SilentProgress())
    (voice,) = report.payload()["voices"]  # type: ignore[misc]
    assert voice["manifest"]["name"] == "tiny"  # type: ignore[has-type]
    assert any(line.startswith("codec: tiny-codec") for line in report.lines())
    assert not any(line.startswith("vocoder:") for line in report.lines())
    (entry,) = report.voices
    identity = VocoderIdentity(name="horn", architecture="vocos", sample_rate=16_000, mel={}, fingerprint="f" * 64)
    drawing = replace(entry, manifest=entry.manifest.model_copy(update={"vocoder": identity}))
    assert "vocoder: horn (ffffffffffff)" in list(replace(report, voices=(drawing,)).lines())
    assert not any(line.startswith("speeds:") for line in report.lines())
    following = replace(entry, manifest=entry.manifest.model_copy(update={"speeds": (0.8, 1.25)}))
    assert "speeds: 0.8 to 1.25" in list(replace(report, voices=(following,)).lines())
    with pytest.raises(SynthesisError):
        list_voices.run(ListVoicesRequest(voice=str(tmp_path / "nobody")), SilentProgress())


def _show(voice: Path) -> tuple[list[str], dict[str, object]]:
    report = list_voices.run(ListVoicesRequest(voice=str(voice)), SilentProgress())
    (payload,) = report.payload()["voices"]  # type: ignore[misc]
    return list(report.lines()), json.loads(json.dumps(payload))  # type: ignore[has-type]


def test_a_voice_that_draws_spectrograms_tells_its_speakers_vocoder_and_graphs(tmp_path: Path) -> None:
    plain = flow_voice_folder(tmp_path / "plain")
    checkpoint = read_checkpoint(plain, kind="voice")
    measured = {"metrics": {"valid_mel_loss": 0.5}, "processing": ("cleaned by a sieve",)}
    write_checkpoint(
        tmp_path / "measured" / "first",
        manifest=checkpoint.manifest.model_copy(update=measured),
        tensors=checkpoint.tensors,
        extra_files=checkpoint.read_others(),
        beside={VOCODER_FOLDER: vocoder_path(DEFAULT_VOCODER)},
    )
    shipped = tmp_path / "shipped"
    export(ExportCheckpointRequest(tmp_path / "measured" / "first", shipped, format="onnx"), SilentProgress())
    lines, payload = _show(shipped)
    assert {
        f"vocoder: {DEFAULT_VOCODER} ({checkpoint.manifest.vocoder.fingerprint[:12]})",  # type: ignore[union-attr]
        "graphs: speaks without torch",
        "speakers: f01, m02",
        "recordings: cleaned by a sieve",
        "valid_mel_loss: 0.5",
    } <= set(lines)
    told = ("speakers", "codec", "vocoder", "without_torch", "metrics", "model_version")
    facts = [["f01", "m02"], None, DEFAULT_VOCODER, True, {"valid_mel_loss": 0.5}, "flow-voice-1"]
    assert [payload[name] for name in told] == facts
    # It is so: this is what such a voice is loaded as.
    assert isinstance(load_flow_voice(shipped).network, FlowOnOnnx)

    report = list_voices.run(ListVoicesRequest(folders=(tmp_path / "plain", shipped)), SilentProgress())
    without, with_graphs = list(report.lines())[-2:]
    said = f"; speakers: f01, m02; vocoder: {DEFAULT_VOCODER}; "
    assert without.endswith(f"tinyflow{said}with torch")
    assert with_graphs.endswith(f"shipped{said}without torch")
    assert [entry["without_torch"] for entry in report.payload()["voices"][-2:]] == [False, True]  # type: ignore[index]
    assert "manifest" not in report.payload()["voices"][-1]  # type: ignore[index]


def test_graphs_count_where_the_vocoder_has_one_too(tmp_path: Path) -> None:
    plain = flow_voice_folder(tmp_path)
    shutil.copytree(vocoder_path(DEFAULT_VOCODER), plain / VOCODER_FOLDER)
    shipped = tmp_path / "shipped"
    export(ExportCheckpointRequest(plain, shipped, format="onnx"), SilentProgress())
    # Its vocoder handed on as weights alone.
    shutil.rmtree(shipped / VOCODER_FOLDER)
    export(ExportCheckpointRequest(vocoder_path(DEFAULT_VOCODER), shipped / VOCODER_FOLDER), SilentProgress())
    lines, payload = _show(shipped)
    assert payload["without_torch"] is False
    assert any(line.startswith("graphs: incomplete, so PyTorch is used") for line in lines)
    assert not isinstance(load_flow_voice(shipped).network, FlowOnOnnx)
    # A vocoder that is not at hand has none.
    manifest = read_checkpoint(shipped, kind="voice").manifest
    assert manifest.vocoder is not None
    assert _show(plain)[1]["vocoder"] == DEFAULT_VOCODER
    shutil.rmtree(shipped / VOCODER_FOLDER)
    document = json.loads((shipped / "manifest.json").read_text(encoding="utf-8"))
    document["vocoder"]["name"] = "nobody's"
    (shipped / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    lines, payload = _show(shipped)
    assert (payload["vocoder"], payload["without_torch"]) == ("nobody's", False)


def test_of_many_speakers_a_line_names_four(tmp_path: Path) -> None:
    folder = flow_voice_folder(tmp_path)
    (entry,) = list_voices.run(ListVoicesRequest(voice=str(folder)), SilentProgress()).voices
    many = entry.manifest.model_copy(update={"speakers": ("a", "b", "c", "d", "e", "f")})
    report = list_voices.ListVoicesReport((replace(entry, manifest=many),), (), detailed=False)
    assert "; speakers: a, b, c, d and 2 more; " in next(iter(report.lines()))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    for absent in (tmp_path / "absent", tmp_path / "file"):
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(SynthesisError, match="no such folder") as caught:
            list_voices.run(ListVoicesRequest(folders=(tmp_path, absent)), SilentProgress())
        assert caught.value.subject == str(absent)
