"""``ckpt average``: the mean of voices that have one."""

from pathlib import Path

import pytest
import torch
from support.damaged import Change, of_all, rewrite, with_tensor
from support.speaking_flow import flow_voice_folder, load_flow_voice
from support.voices import any_speech, tiny_voice_folder

from amhctl.checkpoint.folder import WEIGHTS_FILE
from amhctl.checkpoint.manifest import Licence
from amhctl.checkpoint.store import read_checkpoint, write_checkpoint
from amhctl.core.errors import CheckpointError, FileExistsRefused, OptionError
from amhctl.core.progress import SilentProgress
from amhctl.inference.assemble import load_voice
from amhctl.model.flow_files import GRAPHS
from amhctl.workflows.ckpt import export as export_checkpoint
from amhctl.workflows.ckpt.average import AverageCheckpointsRequest, run
from amhctl.workflows.ckpt.validate import ValidateCheckpointRequest
from amhctl.workflows.ckpt.validate import run as validate


def _change(voice: Path, output: Path, *, by: float, **changes: object) -> Path:
    """Write a voice whose weights are moved, and whose manifest is changed; return its folder."""
    checkpoint = read_checkpoint(voice, kind="voice")
    write_checkpoint(
        output,
        manifest=checkpoint.manifest.model_copy(update=changes),
        tensors={n: t + by if t.is_floating_point() else t for n, t in checkpoint.tensors.items()},
        extra_files=checkpoint.read_others(),
    )
    return output


def test_voices_of_two_levels_have_no_mean(voice: Path, tmp_path: Path) -> None:
    lower = _change(voice, tmp_path / "lower", by=0.0, level=-26.0)
    with pytest.raises(CheckpointError, match="level"):
        run(AverageCheckpointsRequest((voice, lower), tmp_path / "mean"), SilentProgress())
    # One that names none, from before levels were named, means the default.
    silent = _change(voice, tmp_path / "silent", by=0.0, level=None)
    run(AverageCheckpointsRequest((voice, silent), tmp_path / "mean"), SilentProgress())


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return tiny_voice_folder(tmp_path / "made")


def test_the_mean_lies_between_and_speaks(voice: Path, tmp_path: Path) -> None:
    licence = Licence(work="another corpus", licence="MIT")
    other = _change(
        voice,
        tmp_path / "other",
        by=0.02,
        licences=(licence,),
        parent="b" * 64,
        metrics={"loss": 1.0},
        processing=("cleaned by a sieve",),
    )
    report = run(AverageCheckpointsRequest((voice, other, voice, other), tmp_path / "mean", "soup"), SilentProgress())
    one, mean = (read_checkpoint(folder, kind="voice") for folder in (voice, tmp_path / "mean"))
    for name, tensor in one.tensors.items():
        wanted = tensor + 0.01 if tensor.is_floating_point() else tensor
        assert torch.allclose(mean.tensors[name], wanted, atol=1e-6), name
    manifest = report.manifest
    assert manifest == mean.manifest
    assert manifest.name == "soup"
    assert set(manifest.licences) == {*one.manifest.licences, licence}
    assert manifest.processing == ("cleaned by a sieve",)
    assert manifest.metrics == {}
    assert manifest.parent not in ("", "b" * 64)
    digests = [read_checkpoint(folder, kind="voice").manifest.files[WEIGHTS_FILE] for folder in (voice, other)]
    assert manifest.training["mean_of"] == digests * 2
    assert report.distances[0] == pytest.approx(report.distances[1], rel=1e-3)
    assert report.distances[0] > 0
    assert validate(ValidateCheckpointRequest(tmp_path / "mean"), SilentProgress()).ok
    assert load_voice(str(tmp_path / "mean")).speak("ሰላም ዓለም።", any_speech()).waveform.samples.size


def test_a_voice_is_its_own_mean(voice: Path, tmp_path: Path) -> None:
    report = run(AverageCheckpointsRequest((voice, voice), tmp_path / "mean"), SilentProgress())
    one, mean = (read_checkpoint(folder, kind="voice") for folder in (voice, tmp_path / "mean"))
    assert all(torch.equal(tensor, mean.tensors[name]) for name, tensor in one.tensors.items())
    assert report.distances == (0.0, 0.0)
    assert (mean.manifest.parent, mean.manifest.licences) == (one.manifest.parent, one.manifest.licences)


def test_the_mean_of_voices_with_graphs_has_none_of_them_and_speaks(tmp_path: Path) -> None:
    plain = flow_voice_folder(tmp_path)
    request = export_checkpoint.ExportCheckpointRequest(plain, tmp_path / "shipped", format="onnx")
    shipped = export_checkpoint.run(request, SilentProgress()).output
    manifest = run(AverageCheckpointsRequest((shipped, shipped), tmp_path / "mean"), SilentProgress()).manifest
    assert not set(GRAPHS) & set(manifest.files)
    assert set(read_checkpoint(shipped, kind="voice").manifest.files) - set(GRAPHS) == set(manifest.files)
    assert load_flow_voice(tmp_path / "mean").speak("ሰላም ዓለም።", any_speech()).waveform.samples.size


def test_voices_that_learnt_otherwise_have_no_mean(voice: Path, tmp_path: Path) -> None:
    codec = read_checkpoint(voice, kind="voice").manifest.codec
    assert codec is not None
    other = _change(voice, tmp_path / "other", by=0.0, codec=codec.model_copy(update={"fingerprint": "0" * 64}))
    with pytest.raises(CheckpointError, match=r"these voices cannot be averaged: codec\.fingerprint"):
        run(AverageCheckpointsRequest((voice, other), tmp_path / "mean"), SilentProgress())
    plain = tiny_voice_folder(tmp_path / "plain", alignment=False)
    with pytest.raises(CheckpointError, match=r"these voices cannot be averaged: config\.alignment"):
        run(AverageCheckpointsRequest((voice, plain), tmp_path / "mean"), SilentProgress())
    with pytest.raises(OptionError, match="two or more voices"):
        run(AverageCheckpointsRequest((voice,), tmp_path / "mean"), SilentProgress())
    assert not (tmp_path / "mean").exists()


def test_the_mean_reads_as_the_first_and_other_readings_are_told(voice: Path, tmp_path: Path) -> None:
    text = read_checkpoint(voice, kind="voice").manifest.text
    assert text is not None
    other = _change(voice, tmp_path / "other", by=0.01, text=text.model_copy(update={"hash": "0" * 64}))
    report = run(AverageCheckpointsRequest((voice, other), tmp_path / "mean"), SilentProgress())
    assert [(finding.code, finding.subject) for finding in report.findings] == [("C018", str(other))]
    assert report.manifest.text == text
    assert run(AverageCheckpointsRequest((voice, voice), tmp_path / "same"), SilentProgress()).findings == ()


def test_no_voice_is_overwritten_by_its_mean(voice: Path) -> None:
    before = (voice / WEIGHTS_FILE).read_bytes()
    with pytest.raises(FileExistsRefused, match="input"):
        run(AverageCheckpointsRequest((voice, voice), voice, force=True), SilentProgress())
    assert (voice / WEIGHTS_FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (with_tensor("mel_head.weight", lambda old: old[:-1]), "mel_head.weight: shape"),
        (with_tensor("mel_head.weight", lambda old: old.fill_(float("nan"))), "mel_head.weight: has NaN"),
        (of_all(torch.zeros_like), "every tensor is zero"),
        (lambda tensors: {"stranger": torch.ones(2)}, "missing, expected"),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_broken_voice_is_in_no_mean(change: Change, fault: str, place: int, voice: Path, tmp_path: Path) -> None:
    other = _change(voice, tmp_path / "other", by=0.01)
    rewrite((voice, other)[place], tensors={WEIGHTS_FILE: change})
    with pytest.raises(CheckpointError, match=fault):
        run(AverageCheckpointsRequest((voice, other), tmp_path / "mean"), SilentProgress())
    assert not (tmp_path / "mean").exists()
