"""Make a checkpoint of the weights of a trial, to train on from.

    python tools/begin_from_trial.py vocoder TRIAL FOLDER
    python tools/begin_from_trial.py flow STORE VOCABULARY FOLDER [--trial TRIAL]

TRIAL is the folder of ``vocoder.safetensors`` and ``flow.safetensors``; FOLDER is written. The trial wrote its networks
before this package had them; they compute what ours do, by other names. Of the vocoder:

    i  enter      b.N.dw/n/a/b/g  blocks.N.depthwise/norm/expand/contract/scale      n  norm      h  head.project

Its head takes 2 from the logarithm of the magnitude, which the bias takes over here. Of the voice:

    e  text_embedding   tb/ta/tn  text_blocks/attention/norm    nul  withheld_text   spt  speaker_to_text
    t  time             bl/at/n   blocks/attentions/norm        i/o  input/output    s2   speaker_condition

A row of the text embedding is that of the phone, or the mean of the phones of a piece. The trial knew speakers by a
table; ``speaker`` maps the mean embeddings of the store's speakers to it, by least squares. What the trial did not
have, or has otherwise (durations, prosody, noise), begins anew.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from amhctl import __version__
from amhctl.batches.acoustic_dataset import AcousticDataset
from amhctl.checkpoint.manifest import Licence, Manifest, TextIdentity, VocabularyIdentity
from amhctl.checkpoint.store import halve, write_checkpoint
from amhctl.codec.soundness import find_faults
from amhctl.codec.vocoder import load_vocoder
from amhctl.codec.vocoder_spec import DEFAULT_VOCODER, MODEL_VERSION
from amhctl.codes.store import CodeStore
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.schema import TrainingConfig
from amhctl.config.text import TextConfig
from amhctl.config.vocoder import VocoderConfig
from amhctl.core.errors import AmhctlError, DatasetError
from amhctl.core.files import canonical_json, sha256_of_file
from amhctl.core.progress import SilentProgress
from amhctl.model.soundness import find_faults as find_voice_faults
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.alphabet import WORD_BOUNDARY
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.acoustic_material import gather_acoustics
from amhctl.training.export import VoiceIdentity
from amhctl.training.fitting import fit_level
from amhctl.training.flow_fitting import build_flow, fit_flow, fit_vocoder
from amhctl.training.flow_recipe import init_acoustic_scale

_TRIAL = Path(__file__).parents[2] / "shared" / "trial"
LICENCES = (
    Licence(work="ALFFA Amharic read speech, OpenSLR 25", licence="MIT"),
    Licence(work="IsraelAbebe/Amharic-ASR-Dataset", licence="MIT"),
)
_PLACES = {"i": "enter", "n": "norm", "h": "head.project"}
_PARTS = {"dw": "depthwise", "n": "norm", "a": "expand", "b": "contract", "g": "scale"}
_BLOCK = re.compile(r"b\.(\d+)\.(dw|n|a|b|g)(\..+)?")
_HEAD_SHIFT = 2.0
_FLOW_PLACES = {
    "tn": "text_norm",
    "spt": "speaker_to_text",
    "s2": "speaker_condition",
    "t.0": "time.expand",
    "t.2": "time.mix",
    "i": "input",
    "n": "norm",
    "o": "output",
    "ta": "text_attention",
    **{f"tb.{place}": f"text_blocks.{place}" for place in range(5)},
    **{f"bl.{place}": f"blocks.{place}" for place in range(8)},
    **{f"at.{place}": f"attentions.{place}" for place in range(4)},
}
_FLOW_PARTS = {
    "dw": "depthwise",
    "a": "expand",
    "b": "contract",
    "q": "project_in",
    "o": "project_out",
    "n": "norm",
    "c": "norm.modulate",
    "g": "scale",
}
# Durations are learnt otherwise here, and its codes, speakers and phones are tables of its own.
_NOT_OURS = ("du.", "dn.", "dl.", "c1.", "c2.", "cs.", "sp.", "e.")
# Of the squares of a fit that has more numbers than speakers.
_RIDGE = 1e-3


def map_vocoder(trial: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of the trial's vocoder by the names of ``VocoderNetwork``, in single precision."""
    mapped = {_vocoder_name(name): tensor.float() for name, tensor in trial.items()}
    bias = mapped["head.project.bias"].clone()
    bias[: bias.numel() // 2] -= _HEAD_SHIFT
    return mapped | {"head.project.bias": bias}


def _vocoder_name(name: str) -> str:
    if block := _BLOCK.fullmatch(name):
        return f"blocks.{block[1]}.{_PARTS[block[2]]}{block[3] or ''}"
    place, rest = name.split(".", 1)
    return f"{_PLACES[place]}.{rest}"


def write_vocoder(trial: Path, folder: Path, *, name: str) -> Manifest:
    """Write the trial's vocoder as a checkpoint."""
    weights = trial / "vocoder.safetensors"
    config = VocoderConfig()
    return write_checkpoint(
        folder,
        manifest=Manifest(
            kind="vocoder",
            name=name,
            model_version=MODEL_VERSION,
            package_version=__version__,
            sample_rate=config.mel.sample_rate,
            config=config.model_dump(mode="json"),
            parent=sha256_of_file(weights),
            licences=LICENCES,
            training={"tool": "tools/begin_from_trial.py", "steps": 7_500, "clips": 1_829},
            files={},
        ),
        tensors=halve(map_vocoder(load_file(weights))),
        check=find_faults,
    )


def map_flow(trial: Mapping[str, Tensor], characters: Sequence[str], pieces: Sequence[str]) -> dict[str, Tensor]:
    """Return the tensors of the trial's voice that ``FlowVoice`` has too, by its names, in single precision.

    Parameters
    ----------
    trial : Mapping[str, Tensor]
        The trial's tensors.
    characters : Sequence[str]
        What the rows of its phone table mean, the first of them row 1.
    pieces : Sequence[str]
        What the rows of the text embedding are to mean; one of no such characters gets zeros.
    """
    table, rows = trial["e.weight"].float(), {character: row for row, character in enumerate(characters, start=1)}
    embeddings = []
    for piece in pieces:
        known = [rows[character] for character in piece.replace(WORD_BOUNDARY, " ") if character in rows]
        named = known and not (piece.startswith("<") and piece.endswith(">"))
        embeddings.append(table[known].mean(dim=0) if named else torch.zeros(table.shape[1]))
    mapped = {
        "text_embedding.weight": torch.stack(embeddings),
        "withheld_text": trial["nul"].float(),
        "mel_standard.mean": trial["mel_mean"].float(),
        "mel_standard.deviation": trial["mel_std"].float(),
    }
    taken = {"nul", "mel_mean", "mel_std"}
    for name, tensor in trial.items():
        if name not in taken and not name.startswith(_NOT_OURS):
            mapped[_flow_name(name)] = tensor.float()
    return mapped


def _flow_name(name: str) -> str:
    place = max((each for each in _FLOW_PLACES if name.startswith(f"{each}.")), key=len)
    first, _, rest = name.removeprefix(f"{place}.").partition(".")
    # A layer of its own has weight and bias; a block has parts.
    part = _FLOW_PARTS.get(first, first)
    return ".".join(each for each in (_FLOW_PLACES[place], part, rest) if each)


def fit_speakers(
    means: Mapping[str, NDArray[np.float32]], table: Mapping[str, NDArray[np.float32]]
) -> tuple[Tensor, Tensor]:
    """Return weight and bias of the layer that maps mean embeddings to a table's rows, of the speakers both have.

    Raises
    ------
    DatasetError
        If they have none in common.
    """
    names = [name for name in table if name in means]
    if not names:
        hint = f"it knew {', '.join(sorted(table))}"
        raise DatasetError("the store has no speaker that the trial knew", subject=", ".join(sorted(means)), hint=hint)
    known_SX = np.stack([np.append(means[name].astype(np.float64), 1.0) for name in names])
    wanted_SD = np.stack([table[name].astype(np.float64) for name in names])
    gram_SS = known_SX @ known_SX.T + _RIDGE * np.eye(len(names))
    fitted_XD = known_SX.T @ np.linalg.solve(gram_SS, wanted_SD)
    return torch.from_numpy(fitted_XD[:-1].T.astype(np.float32)), torch.from_numpy(fitted_XD[-1].astype(np.float32))


def write_flow(
    trial: Path, store_path: Path, vocabulary_path: Path, folder: Path, *, name: str, vocoder: str = DEFAULT_VOCODER
) -> Manifest:
    """Write a voice that begins from the trial's, for the speakers, the scales and the vocabulary of a store.

    Raises
    ------
    AmhctlError
        If store, vocabulary and trial do not fit one another.
    """
    store, vocabulary = CodeStore.open(store_path), Vocabulary.read(vocabulary_path)
    acoustics, speaker = store.document.acoustics, store.document.speaker
    if acoustics is None or speaker is None:
        raise DatasetError("the store has no acoustics", subject=str(store_path), hint="codes extract --acoustics")
    frontend, sound = Frontend(TextConfig(units=vocabulary.units)), load_vocoder(vocoder).spec
    fit_vocoder(sound, acoustics)
    config = fit_flow(
        FlowVoiceConfig(),
        acoustics=acoustics,
        speaker=speaker,
        spec=store.spec,
        vocabulary=vocabulary,
        origin=None,
        explicit=lambda _: False,
    )
    dataset = gather_acoustics(
        store,
        frontend,
        Tokenizer(vocabulary),
        vocabulary_fingerprint=vocabulary.fingerprint,
        model=config,
        seed=0,
        progress=SilentProgress(),
    ).train
    weights = trial / "flow.safetensors"
    identity = VoiceIdentity(
        name=name,
        language="am",
        sample_rate=acoustics.mel.sample_rate,
        model=config,
        training=TrainingConfig(),
        seed=0,
        vocabulary=VocabularyIdentity(
            file="vocabulary.model",
            fingerprint=vocabulary.fingerprint,
            size=vocabulary.size,
            units=vocabulary.units,
        ),
        vocabulary_bytes=vocabulary.model_bytes,
        text=TextIdentity(file="text_state.json", hash=frontend.state_hash),
        text_state=canonical_json(frontend.state()).encode("utf-8"),
        codec=None,
        conditioning=None,
        level=fit_level(store.level, origin=None, store=str(store_path)),
        data_fingerprint=store.fingerprint,
        parent=sha256_of_file(weights),
        licences=LICENCES,
        vocoder=sound.identity,
        speakers={speaker: torch.from_numpy(mean_E) for speaker, mean_E in dataset.speakers().items()},
    )
    manifest = identity.manifest("voice", step=0, metrics={}, conditions=None)
    return write_checkpoint(
        folder,
        manifest=manifest.model_copy(update={"training": {"tool": "tools/begin_from_trial.py", "steps": 0}}),
        tensors=_begin_flow(weights, config, vocabulary, dataset),
        extra_files=identity.files(),
        extra_tensors=identity.voice_tensors(),
        check=find_voice_faults,
    )


def _begin_flow(
    weights: Path, config: FlowVoiceConfig, vocabulary: Vocabulary, dataset: AcousticDataset
) -> dict[str, Tensor]:
    """Return the tensors of a voice: the trial's where it has them, new ones elsewhere."""
    trial = load_file(weights)
    with safe_open(weights, "pt") as opened:
        about = opened.metadata()
    model = build_flow(config, 0, None)
    init_acoustic_scale(model, dataset)
    table = dict(zip(json.loads(about["speakers"]), trial["sp.weight"].float().numpy(), strict=True))
    weight, bias = fit_speakers(dataset.speakers(), table)
    taken = map_flow(trial, json.loads(about["characters"]), vocabulary.pieces)
    return {**model.state_dict(), **taken, "speaker.weight": weight, "speaker.bias": bias}


def main() -> None:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    vocoder = parts.add_parser("vocoder")
    vocoder.add_argument("trial", type=Path)
    vocoder.add_argument("folder", type=Path)
    vocoder.add_argument("--name", default="vocoder16k")
    flow = parts.add_parser("flow")
    flow.add_argument("store", type=Path)
    flow.add_argument("vocabulary", type=Path)
    flow.add_argument("folder", type=Path)
    flow.add_argument("--trial", type=Path, default=_TRIAL)
    flow.add_argument("--vocoder", default=DEFAULT_VOCODER)
    flow.add_argument("--name", default="begun")
    given = parser.parse_args()
    try:
        manifest = (
            write_vocoder(given.trial, given.folder, name=given.name)
            if given.part == "vocoder"
            else write_flow(
                given.trial, given.store, given.vocabulary, given.folder, name=given.name, vocoder=given.vocoder
            )
        )
    except AmhctlError as error:
        sys.exit(f"error: {error}\nhint: {error.hint}")
    sys.stdout.write(f"{given.folder}: {manifest.kind} {manifest.name}\n")


if __name__ == "__main__":
    main()
