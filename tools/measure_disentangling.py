"""Measure how well speakers are told by emotion vectors: ``python tools/measure_disentangling.py STORE VOICE …``.

Each voice hears the clips of a code store, and a linear probe (multinomial logistic regression, Alain and Bengio 2016,
arXiv 1610.01644) learns to tell their speakers by its emotion vectors, on every other clip of each speaker, and is
tested on the rest; then the other way round. Give the voice before its stages and the one after them, and clips that
neither was trained on (``--split valid``, or a store of other recordings of the same speakers).

    accuracy  share of the clips whose speaker the probe tells
    latents   the same by the speaker latents, from which speakers should be told
    chance    share of the speaker with most clips: what one tells who hears nothing
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from amhctl.codes.index import StoredUtterance
from amhctl.codes.store import CodeStore
from amhctl.config.conditioning import conditioning_differences, frames_of, read_conditioning
from amhctl.core.errors import AmhctlError
from amhctl.inference.assemble import load_voice
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.speaker import encode_speaker

FEWEST_CLIPS = 4
"""Of a speaker: two to learn from and two to be told by, both times."""
_PENALTY = 1e-3
_STEPS = 200


@dataclass(frozen=True, slots=True)
class Told:
    """How well speakers are told, see the head of this file."""

    voice: str
    accuracy: float
    latents: float
    chance: float
    speakers: int
    clips: int


def choose(entries: Sequence[StoredUtterance], split: str | None) -> list[StoredUtterance]:
    """Return the clips of a split, without varied copies and speakers with few of them, speaker by speaker."""
    clips: defaultdict[str, list[StoredUtterance]] = defaultdict(list)
    for entry in entries:
        if not entry.is_copy and split in (None, entry.record.split):
            clips[entry.record.speaker].append(entry)
    return [entry for speaker in sorted(clips) if len(clips[speaker]) >= FEWEST_CLIPS for entry in clips[speaker]]


def fit_probe(vectors_ND: Tensor, speakers_N: Tensor, count: int) -> Tensor:
    """Return the matrix of a linear probe, shape (D + 1, C), the last row its biases: least mean cross-entropy."""
    padded_ND = functional.pad(vectors_ND, (0, 1), value=1.0)
    weights_DC = torch.zeros(padded_ND.shape[1], count, dtype=padded_ND.dtype, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights_DC], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimizer.zero_grad()
        loss = functional.cross_entropy(padded_ND @ weights_DC, speakers_N) + _PENALTY * weights_DC[:-1].square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return weights_DC.detach()


def tell(vectors_ND: Tensor, speakers: Sequence[str]) -> float:
    """Return the share of clips whose speaker is told by a probe that has not seen them.

    Parameters
    ----------
    vectors_ND : Tensor
        A vector of each clip.
    speakers : Sequence[str]
        Its speaker; clips of one stand together.
    """
    names = sorted(set(speakers))
    speakers_N = torch.tensor([names.index(speaker) for speaker in speakers])
    seen: defaultdict[str, int] = defaultdict(int)
    fold_N = torch.zeros(len(speakers), dtype=torch.int64)
    for index, speaker in enumerate(speakers):
        fold_N[index] = seen[speaker] % 2
        seen[speaker] += 1
    right = 0
    for fold in (0, 1):
        known_N = fold_N == fold
        known_ND = vectors_ND[known_N].double()
        mean_D, deviation_D = known_ND.mean(dim=0), known_ND.std(dim=0).clamp_min(1e-9)
        weights_DC = fit_probe((known_ND - mean_D) / deviation_D, speakers_N[known_N], len(names))
        rest_ND = functional.pad((vectors_ND[~known_N].double() - mean_D) / deviation_D, (0, 1), value=1.0)
        right += int(((rest_ND @ weights_DC).argmax(dim=1) == speakers_N[~known_N]).sum())
    return right / len(speakers)


def measure(place: str, store: CodeStore, entries: Sequence[StoredUtterance], seconds: float) -> Told:
    """Return how well speakers are told by what a voice hears in clips of a store."""
    voice = load_voice(place)
    if not isinstance(voice, CodeVoice) or voice.model.config.emo_condition_module is None:
        sys.exit(f"{place}: this voice has no emotion branch")
    wanted = read_conditioning(voice.manifest.conditioning or {})
    if differing := conditioning_differences(store.conditioning_config, wanted):
        sys.exit(f"{store.path}: not the features that {place} hears: {', '.join(differing)}")
    frames = frames_of(store.conditioning_config, seconds)
    heard = [
        encode_speaker(voice.model, torch.from_numpy(store.conditioning(entry.id)[:frames]).float())
        for entry in entries
    ]
    speakers = [entry.record.speaker for entry in entries]
    return Told(
        voice=place,
        accuracy=tell(torch.cat([each.emotion_1D for each in heard]), speakers),
        latents=tell(torch.cat([each.latents_1LD.flatten(1) for each in heard]), speakers),
        chance=max(speakers.count(speaker) for speaker in set(speakers)) / len(speakers),
        speakers=len(set(speakers)),
        clips=len(speakers),
    )


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("voices", nargs="+", metavar="VOICE")
    parser.add_argument("--split", help="only clips of this split")
    parser.add_argument("--seconds", type=float, default=3.0, help="how much of each clip is heard")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    store = CodeStore.open(arguments.store)
    entries = choose(store.entries, arguments.split)
    if len({entry.record.speaker for entry in entries}) < 2:
        sys.exit(f"{arguments.store}: fewer than two speakers with {FEWEST_CLIPS} clips or more")
    results = [measure(voice, store, entries, arguments.seconds) for voice in arguments.voices]
    if arguments.json:
        sys.stdout.write(json.dumps([asdict(one) for one in results], ensure_ascii=False) + "\n")
        return
    sys.stdout.write(f"{results[0].clips} clips of {results[0].speakers} speakers, chance {results[0].chance:.3f}\n")
    for one in results:
        sys.stdout.write(f"{one.voice}: by emotion {one.accuracy:.3f}, by speaker latents {one.latents:.3f}\n")


if __name__ == "__main__":
    try:
        main()
    except AmhctlError as error:
        sys.exit(f"error: {error}")
