"""The page on IndexTTS-2: its commands as they stand there, one after the other, on small files of the same kinds.

The widths that the official programs have in their code are made small here, so that encoder, codec and weights fit a
test; all else of a command that changes is in ``SMALLER`` and ``SHORT``.
"""

import re
import shlex
from pathlib import Path

import pytest
import torch
from support.cloning import enliven, shrink_features
from support.indextts2 import indextts2_folder
from support.manifests import tiny_manifest
from support.official import official_files
from support.self_checks import content
from support.speech_encoders import WIDTH
from support.speechlike import vowel_train
from typer.testing import CliRunner

from amhctl.audio import files as sound
from amhctl.checkpoint.indextts import LICENCE
from amhctl.checkpoint.store import read_checkpoint
from amhctl.cli.main import build_app
from amhctl.codec.indextts2.files import MASKGCT, W2V_BERT
from amhctl.inference import code_voice

PAGE = Path(__file__).parents[2] / "docs" / "indextts2.md"
SMALLER = {"24000": "460", "20": "2"}
SHORT = (
    "training.steps=2",
    "training.batch_frames=400",
    "training.warmup_steps=1",
    "training.valid_every=2",
    "training.save_every=2",
    "training.workers=0",
    "training.precision=fp32",
    "training.prompt_seconds=0.5",
    "training.adapter.attention_rank=2",
    "training.adapter.mlp_rank=2",
)


def commands() -> list[list[str]]:
    """Return the words of every command in the blocks that are marked."""
    blocks = re.findall(r"<!-- ci: indextts2 -->\n```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


def fitted(words: list[str]) -> list[str]:
    """Return a command for small files, without the program's name."""
    made = [SMALLER.get(word, word) for word in words[1:]]
    if made[0] == "train":
        made += [part for each in SHORT for part in ("--set", each)] + ["--device", "cpu"]
    return made


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that the page asks for."""
    shrink_features(monkeypatch)
    files = official_files(tmp_path, features=WIDTH)
    enliven(files)
    indextts2_folder(tmp_path, gpt_width=files.shape.model_dim)
    tiny_manifest(tmp_path, count=8).rename(tmp_path / "corpus.jsonl")
    sound.write(tmp_path / "speaker.wav", vowel_train(seconds=3.5, seed=9))
    # Random weights make noise, which no check would pass.
    monkeypatch.setattr(code_voice, "judge", lambda *_args, **_kwargs: ())
    content(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.journey
@pytest.mark.filterwarnings("ignore::UserWarning:peft")
def test_the_commands_of_the_page_lead_from_the_files_to_a_voice_and_back(world: Path) -> None:
    made = [fitted(words) for words in commands()]
    assert len(made) == 16
    for words in made:
        result = CliRunner().invoke(build_app(), words)
        assert result.exit_code == 0, f"{shlex.join(words)}\n{result.output}\n{result.exception!r}"
    base, merged = (read_checkpoint(world / name, kind="voice") for name in ("base", "merged"))
    before = torch.load(world / "gpt.pth", weights_only=True)
    after = torch.load(world / "given" / "gpt.pth", weights_only=True)
    assert after.keys() == before.keys()
    rows = before["text_embedding.weight"].shape[0] - 1
    # What no clip of two steps trains, and what an adapter does not touch, comes back bit for bit.
    assert torch.equal(after["text_embedding.weight"][:rows], before["text_embedding.weight"][:rows])
    for name, tensor in before.items():
        if name.startswith(("conditioning_encoder", "emo", "gpt.ln_f", "final_norm", "perceiver")):
            assert torch.equal(after[name], tensor), name
    assert not torch.equal(after["gpt.h.0.attn.c_attn.weight"], before["gpt.h.0.attn.c_attn.weight"])
    assert merged.manifest.config["position_rule"] == "upstream"
    assert merged.manifest.lineage == base.manifest.lineage
    assert {LICENCE, MASKGCT, W2V_BERT} <= set(merged.manifest.licences)
    spoken = sound.read(world / "hello.wav")
    assert spoken.sample_rate == 22_050
    assert spoken.samples.any()
