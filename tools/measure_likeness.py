"""Measure how alike a voice sounds to clips that it imitates: ``python tools/measure_likeness.py VOICE MANIFEST``.

Of each speaker of the manifest whom the voice does not have by name (``--known``: of those whom it has), some clips are
imitated, one sentence each, and compared by Resemblyzer's cosine with clips of that speaker that were not imitated, and
with those of the others. All recordings of speakers that the voice was trained on are known to it, by whatever name.

    itself    speech to the clip that it imitates
    spoken    speech to the speaker's other clips
    natural   the imitated clip to the speaker's other clips: the most there is
    share     spoken over natural
    wrong     speech to the clips of the other speakers
    told      share of the sentences that are nearer to their own speaker's clips than to any other speaker's
    own       speech to what the voice says as itself: near 1, a reference changes nothing
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AmhctlError
from amhctl.corpus.records import Record, read_audio, read_records
from amhctl.encoders.speaker import SpeakerEncoder
from amhctl.evaluation.similarity import mean_similarity, similarity
from amhctl.inference.assemble import load_speech_encoder, load_voice
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.options import SpeakOptions

TEXT = "ዛሬ ጠዋት ወደ ገበያ ሄጄ ቡናና ዳቦ ገዛሁ፣ ከዚያም ወደ ቤቴ ተመለስኩ።"
Embedding = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Imitation:
    """One clip that was imitated: embeddings of the clip and of what was spoken after it."""

    speaker: str
    clip: Embedding
    spoken: Embedding


@dataclass(frozen=True, slots=True)
class Likeness:
    """Mean similarities, see the head of this file."""

    itself: float
    spoken: float
    natural: float
    share: float
    wrong: float
    told: float
    own: float


def compare(imitations: Sequence[Imitation], others: dict[str, list[Embedding]], own: Embedding) -> Likeness:
    """Return how alike imitations are to their speakers' other clips, and to those of other speakers.

    Parameters
    ----------
    imitations : Sequence[Imitation]
        At least one.
    others : dict[str, list[Embedding]]
        By speaker, the clips that were not imitated; two speakers or more.
    own : Embedding
        What the voice says as itself.
    """
    rows, told = [], []
    for one in imitations:
        near = {speaker: mean_similarity(one.spoken, clips) for speaker, clips in others.items()}
        wrong = [value for speaker, value in near.items() if speaker != one.speaker]
        rows.append(
            (
                similarity(one.spoken, one.clip),
                near[one.speaker],
                mean_similarity(one.clip, others[one.speaker]),
                float(np.mean(wrong)),
                similarity(one.spoken, own),
            )
        )
        told.append(near[one.speaker] > max(wrong))
    itself, spoken, natural, mean_wrong, to_own = (float(value) for value in np.mean(rows, axis=0))
    return Likeness(itself, spoken, natural, spoken / natural, mean_wrong, float(np.mean(told)), to_own)


def choose(records: Sequence[Record], names: Sequence[str], *, known: bool, clips: int) -> dict[str, list[Record]]:
    """Return by speaker the records to imitate and then as many or more to compare with, evenly drawn.

    Speakers with fewer than twice as many clips are left out.

    Parameters
    ----------
    records : Sequence[Record]
        Of the manifest.
    names : Sequence[str]
        Speakers that the voice has.
    known : bool
        Whether to take those, instead of all others.
    clips : int
        How many clips of each are imitated.
    """
    speakers: dict[str, list[Record]] = {}
    for record in records:
        if (record.speaker in names) == known:
            speakers.setdefault(record.speaker, []).append(record)
    chosen = {}
    for speaker, held in sorted(speakers.items()):
        if len(held) >= 2 * clips:
            places = np.linspace(0, len(held) - 1, min(len(held), 4 * clips)).round().astype(int)
            spread = [held[place] for place in places]
            # Every other first, so that those imitated and those compared with come from the whole of the recordings.
            chosen[speaker] = [*spread[::2][:clips], *spread[1::2], *spread[::2][clips:]]
    return chosen


def measure(
    chosen: dict[str, list[Record]],
    read: Callable[[Record], Waveform],
    embed: Callable[[Waveform], Embedding],
    imitate: Callable[[Waveform | None], Waveform],
    clips: int,
) -> dict[str, Likeness]:
    """Imitate clips of each speaker and return the likeness of each, and of all together under ``all``."""
    heard = {speaker: [read(record) for record in records] for speaker, records in chosen.items()}
    embedded = {speaker: [embed(waveform) for waveform in waveforms] for speaker, waveforms in heard.items()}
    others = {speaker: embeddings[clips:] for speaker, embeddings in embedded.items()}
    own = embed(imitate(None))
    done: list[Imitation] = []
    for speaker, waveforms in heard.items():
        for waveform, embedding in zip(waveforms[:clips], embedded[speaker], strict=False):
            done.append(Imitation(speaker, embedding, embed(imitate(waveform))))
    results = {speaker: compare([one for one in done if one.speaker == speaker], others, own) for speaker in chosen}
    return results | {"all": compare(done, others, own)}


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("voice")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--split", help="only clips of this split")
    parser.add_argument("--known", action="store_true", help="speakers whom the voice has, instead of the others")
    parser.add_argument("--clips", type=int, default=2, help="clips of each speaker that are imitated")
    parser.add_argument("--text", default=TEXT)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    voice = load_voice(arguments.voice)
    if isinstance(voice, CodeVoice):
        sys.exit(f"{arguments.voice}: this voice writes codes; likeness is measured of voices that draw spectrograms")
    records = [one for one in read_records(arguments.manifest) if arguments.split in (None, one.split)]
    chosen = choose(records, voice.manifest.speakers or (), known=arguments.known, clips=arguments.clips)
    if len(chosen) < 2:
        sys.exit(f"{arguments.manifest}: fewer than two speakers with {2 * arguments.clips} clips or more; try --known")

    encode_speech = load_speech_encoder(voice.manifest)

    def imitate(clip: Waveform | None) -> Waveform:
        embedding = None if clip is None else voice.imitate(clip, encode_speech)
        return voice.speak(arguments.text, SpeakOptions(seed=arguments.seed), speaker=embedding).waveform

    results = measure(
        chosen,
        lambda record: read_audio(record, arguments.manifest.parent),
        SpeakerEncoder().embed,
        imitate,
        arguments.clips,
    )
    if arguments.json:
        sys.stdout.write(json.dumps({name: asdict(one) for name, one in results.items()}, ensure_ascii=False) + "\n")
        return
    keys = list(asdict(results["all"]))
    sys.stdout.write(f"{'speaker':<16}" + "".join(f"{key:>9}" for key in keys) + "\n")
    for name, one in results.items():
        sys.stdout.write(f"{name:<16}" + "".join(f"{value:>9.3f}" for value in asdict(one).values()) + "\n")


if __name__ == "__main__":
    try:
        main()
    except AmhctlError as error:
        sys.exit(f"error: {error}")
