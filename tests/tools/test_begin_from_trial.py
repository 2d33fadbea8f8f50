"""The weights of the trial compute by our names what they computed by theirs."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from support.flow_world import build_flow_world, request_flow

from amhctl.checkpoint.store import read_checkpoint
from amhctl.codec.vocoder_network import VocoderNetwork
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.vocoder import VocoderConfig
from amhctl.core.errors import DatasetError
from amhctl.core.progress import SilentProgress
from amhctl.model.flow_voice import FlowVoice
from amhctl.model.soundness import read_voice
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.workflows import train

ROOT = Path(__file__).parents[2]
TRIAL = ROOT.parent / "shared" / "trial"


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    return load(ROOT / "tools" / "begin_from_trial.py")


@pytest.fixture(scope="module")
def trial() -> Path:
    if not (TRIAL / "vocoder.safetensors").is_file():
        pytest.skip("the weights of the trial are not beside this checkout")
    return TRIAL


def test_every_name_has_its_place(tool: ModuleType) -> None:
    network = VocoderNetwork(VocoderConfig(width=4, blocks=1))
    state = network.state_dict()
    places = {"enter": "i", "norm": "n", "head.project": "h"}
    parts = {"depthwise": "dw", "norm": "n", "expand": "a", "contract": "b"}
    theirs = {}
    for name, value in state.items():
        place, kind = name.rsplit(".", 1)
        if place in places:
            theirs[f"{places[place]}.{kind}"] = value
        elif kind == "scale":
            theirs["b.0.g"] = value
        else:
            theirs[f"b.0.{parts[place.split('.')[2]]}.{kind}"] = value
    mapped = tool.map_vocoder(theirs)
    assert set(mapped) == set(state)
    difference = state["head.project.bias"] - mapped["head.project.bias"]
    assert torch.allclose(difference, torch.tensor([2.0] * 321 + [0.0] * 321))


def test_our_vocoder_computes_what_the_trial_did(tool: ModuleType, trial: Path) -> None:
    weights = load_file(trial / "vocoder.safetensors")
    theirs = load(trial / "reference.py").Vocoder().eval()
    theirs.load_state_dict({name: value.float() for name, value in weights.items()})
    ours = VocoderNetwork(VocoderConfig()).eval()
    ours.load_state_dict(tool.map_vocoder(weights))
    torch.manual_seed(0)
    mel = torch.randn(1, 50, 80) * 1.5 - 6.0
    with torch.no_grad():
        expected = theirs(mel)
        torch.testing.assert_close(ours(mel), expected, atol=1e-6 * float(expected.abs().max()), rtol=0.0)


def test_it_writes_a_vocoder(tool: ModuleType, trial: Path, tmp_path: Path) -> None:
    manifest = tool.write_vocoder(trial, tmp_path / "v", name="begun")
    assert read_checkpoint(tmp_path / "v", kind="vocoder").manifest == manifest
    assert {licence.licence for licence in manifest.licences} == {"MIT"}


PLACES = {
    "text_norm": "tn",
    "speaker_to_text": "spt",
    "speaker_condition": "s2",
    "time.expand": "t.0",
    "time.mix": "t.2",
    "input": "i",
    "norm": "n",
    "output": "o",
}
PARTS = {
    "depthwise": "dw",
    "expand": "a",
    "contract": "b",
    "project_in": "q",
    "project_out": "o",
    "norm.modulate": "c",
    "norm": "n",
}
ROOMS = {"text_blocks": "tb", "blocks": "bl", "attentions": "at", "text_attention": "ta"}
NEW = ("duration_", "log_duration", "prosody_", "noise_", "speaker.")


def their_name(ours: str) -> str:
    """Return what the trial called a tensor of ours."""
    stem, _, kind = ours.rpartition(".")
    if stem in PLACES:
        return f"{PLACES[stem]}.{kind}"
    room, _, rest = stem.partition(".")
    place = ROOMS[room]
    if room != "text_attention":
        number, _, rest = rest.partition(".")
        place = f"{place}.{number}"
    return f"{place}.g" if kind == "scale" else f"{place}.{PARTS[rest]}.{kind}"


def test_every_name_of_the_flow_has_its_place(tool: ModuleType) -> None:
    torch.manual_seed(0)
    config = FlowVoiceConfig(number_text_tokens=5, text_dim=8, model_dim=10, condition_dim=6)
    state = {name: torch.randn(tensor.shape) for name, tensor in FlowVoice(config).state_dict().items()}
    own = ("text_embedding.weight", "withheld_text", "mel_standard.mean", "mel_standard.deviation")
    shared = {name: tensor for name, tensor in state.items() if name not in own and not name.startswith(NEW)}
    theirs = {their_name(name): tensor for name, tensor in shared.items()}
    table = torch.randn(4, 8)
    theirs |= {"nul": state[own[1]], "mel_mean": state[own[2]], "mel_std": state[own[3]], "e.weight": table}
    theirs |= {name: torch.zeros(1) for name in ("sp.weight", "du.0.weight", "dn.1.bias", "dl.bias", "c1.weight")}
    mapped = tool.map_flow(theirs, [" ", "a", "b"], ["<a>", "\u2581", "ab", "b", "x"])
    assert set(mapped) == {*shared, *own}
    for name in (*shared, *own[1:]):
        assert torch.equal(mapped[name], state[name]), name
    expected = [torch.zeros(8), table[1], table[2:4].mean(0), table[3], torch.zeros(8)]
    assert torch.equal(mapped[own[0]], torch.stack(expected))


def test_known_speakers_are_mapped_to_their_rows(tool: ModuleType) -> None:
    random = np.random.default_rng(0)
    names = ("a", "b", "c")
    means = {name: random.normal(size=30).astype(np.float32) for name in names}
    table = {name: random.normal(size=7).astype(np.float32) for name in (*names, "stranger")}
    weight, bias = tool.fit_speakers({**means, "new": means["a"]}, table)
    for name in names:
        found = weight @ torch.from_numpy(means[name]) + bias
        torch.testing.assert_close(found, torch.from_numpy(table[name]), atol=1e-2, rtol=0.0)
    with pytest.raises(DatasetError, match="no speaker that the trial knew"):
        tool.fit_speakers({"new": means["a"]}, table)


@torch.no_grad()
def test_our_voice_computes_what_the_trial_did(tool: ModuleType, trial: Path) -> None:
    theirs, _, mean, deviation, characters, speakers = load(trial / "reference.py").load(str(trial))
    weights = load_file(trial / "flow.safetensors")
    pieces = ["<s>", *characters]
    # Speakers as their own embedding: of one-hot vectors, the layer is the table.
    ours = FlowVoice(FlowVoiceConfig(number_text_tokens=len(pieces), speaker_dim=len(speakers))).eval()
    mapped = tool.map_flow(weights, characters, pieces)
    table = {"speaker.weight": weights["sp.weight"].float().T, "speaker.bias": torch.zeros(128)}
    assert ours.load_state_dict({**mapped, **table}, strict=False).unexpected_keys == []
    assert torch.equal(ours.mel_standard.mean, mean)
    assert torch.equal(ours.mel_standard.deviation, deviation)
    ids = torch.tensor([[characters.index(unit) + 1 for unit in "səlam aləm"]])
    who = speakers.index("m01")
    known = torch.nn.functional.one_hot(torch.tensor([who]), len(speakers)).float()
    hidden, logarithms = theirs.text(ids, torch.tensor([who]))
    durations = logarithms.exp().round().clamp(min=2).long()
    text = ours.encode(ids, torch.tensor([ids.shape[1]]), known)
    torch.testing.assert_close(text.pieces_BPH, hidden, atol=1e-6, rtol=0.0)
    for drop_text in (False, True):
        given = theirs.nul.expand_as(hidden) if drop_text else hidden
        laid, mask = theirs.expand(given, durations)
        noisy = torch.randn(1, laid.shape[1], 160, generator=torch.manual_seed(0))
        expected = theirs.v(noisy, torch.tensor([0.3]), laid, mask, torch.tensor([who]))
        score = ours.score(text, durations, torch.zeros(1), dropped_B=torch.tensor([drop_text]))
        found = ours.velocity(noisy, torch.tensor([0.3]), score)
        assert float(expected.abs().max()) > 0.1
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=0.0)


def test_a_voice_begins_from_the_trial_and_is_trained_on(tool: ModuleType, trial: Path, tmp_path: Path) -> None:
    world = build_flow_world(tmp_path / "world", units="phones", speakers=("m01", "alffa-02"))
    manifest = tool.write_flow(trial, world.store, world.vocabulary, tmp_path / "begun", name="begun")
    voice = read_voice(tmp_path / "begun")
    assert voice.manifest == manifest
    assert manifest.speakers == ("alffa-02", "m01") or manifest.speakers == ("m01", "alffa-02")
    trial_mean = load_file(trial / "flow.safetensors")["mel_mean"]
    assert torch.equal(voice.tensors["mel_standard.mean"], trial_mean)
    assert float(voice.tensors["prosody_standard.deviation"].min()) > 0.0
    assert not torch.equal(voice.tensors["noise_standard.mean"], torch.zeros(1))
    pieces = Vocabulary.read(world.vocabulary).pieces
    assert voice.tensors["text_embedding.weight"].shape == (len(pieces), 192)
    request = request_flow(world, tmp_path / "run", base=tmp_path / "begun")
    kept = ("training.batch_frames", "training.precision")
    sets = (
        *(item for item in request.sets if item.startswith(kept)),
        "training.steps=1",
        "training.valid_every=1",
        "training.save_every=1",
    )
    report = train.run(replace(request, sets=sets), SilentProgress())
    assert report.best is not None
    assert read_voice(tmp_path / "run" / "best").manifest.parent == manifest.files["model.safetensors"]
