"""Tiny recognisers: the architecture of the bundled one at a width that takes no time; and probabilities by plan."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from support.manifests import SENTENCES

from amhctl import __version__
from amhctl.checkpoint.manifest import Licence, Manifest
from amhctl.checkpoint.store import write_checkpoint
from amhctl.config.recogniser import RecogniserConfig
from amhctl.config.text import TextConfig
from amhctl.nn.onnx_graph import locate_weights
from amhctl.recogniser.catalog import MODEL_VERSION
from amhctl.recogniser.features import SAMPLE_RATE
from amhctl.recogniser.graph import GRAPH_FILE, write_graph
from amhctl.recogniser.labels import BLANK, LABELS
from amhctl.recogniser.language import learn_language, spoken_words
from amhctl.recogniser.network import RecogniserNetwork
from amhctl.recogniser.quantised import quantise
from amhctl.text.frontend import Frontend

_PRETRAINED = Path(__file__).resolve().parents[3] / "shared" / "data" / "pretrained"
TINY_RECOGNISER = RecogniserConfig(width=16, heads=2, blocks=1)


@lru_cache(maxsize=1)
def phone_frontend() -> Frontend:
    """Return the frontend that a recogniser reads texts with."""
    return Frontend(TextConfig(units="phones"))


@lru_cache(maxsize=1)
def tiny_language() -> Mapping[str, bytes]:
    """Return the files of the models of language, learnt from the sentences of the small manifests."""
    frontend = phone_frontend()
    return learn_language([spoken_words(frontend, sentence) for sentence in SENTENCES], frontend)


def tiny_network(*, seed: int = 0, config: RecogniserConfig = TINY_RECOGNISER) -> RecogniserNetwork:
    """Return a network every parameter of which is random, in evaluation mode."""
    torch.manual_seed(seed)
    network = RecogniserNetwork(config).eval()
    for parameter in network.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return network


def tiny_recogniser_folder(
    folder: Path, *, seed: int = 0, name: str = "tiny-recogniser", metrics: Mapping[str, float] | None = None
) -> Path:
    """Write a recogniser's checkpoint with random weights; return its folder."""
    path = folder / name
    write_checkpoint(
        path,
        manifest=Manifest(
            kind="recogniser",
            name=name,
            model_version=MODEL_VERSION,
            package_version=__version__,
            sample_rate=SAMPLE_RATE,
            config=TINY_RECOGNISER.model_dump(mode="json"),
            metrics=dict(metrics or {}),
            licences=(Licence(work="noise", licence="CC0-1.0"),),
            files={},
        ),
        tensors=quantise(tiny_network(seed=seed).state_dict()),
        derived=lambda weights: {
            GRAPH_FILE: write_graph(TINY_RECOGNISER, locate_weights(weights), weights.name),
            **tiny_language(),
        },
    )
    return path


def random_log_probabilities(
    frames: int, labels: Sequence[int] = tuple(range(len(LABELS))), *, seed: int = 0
) -> NDArray[np.float32]:
    """Return log-probabilities of labels in each frame, shape (frames, V); those of other labels are negligible."""
    values = np.random.default_rng(seed).normal(0.0, 1.0, (frames, len(labels)))
    values -= np.log(np.exp(values).sum(axis=1, keepdims=True))
    found = np.full((frames, len(LABELS)), -80.0, dtype=np.float32)
    found[:, list(labels)] = values
    return found


def planted_log_probabilities(labels: Sequence[int]) -> NDArray[np.float32]:
    """Return log-probabilities that leave no doubt: two frames of each label and one of blank, shape (3 L, V)."""
    path = [each for label in labels for each in (label, label, BLANK)] or [BLANK]
    found = np.full((len(path), len(LABELS)), np.log(1e-3 / (len(LABELS) - 1)), dtype=np.float32)
    found[np.arange(len(path)), path] = np.log(1.0 - 1e-3)
    return found


def pretrained_file(name: str) -> Path:
    """Return a file of published weights; the test is skipped where there is none."""
    path = _PRETRAINED / name
    if not path.is_file():
        pytest.skip(f"the published weights {name} are not beside this checkout")
    return path
