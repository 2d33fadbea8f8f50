"""How well the recogniser tells speech that says its text from speech that does not.

A voice says sentences, or reads them back from a folder of an earlier run; each clip is judged as it is, and spoilt in
seven ways: pieces of 60 ms in another order, the last quarter cut off, a word said twice, a word left out, another
sentence's text, noise of the same level, silence. Words are cut where the recogniser itself finds them.

    python tools/measure_self_check.py m01 TEXTS.txt --clips 500 --keep FOLDER

prints, for each way, the share that is refused, and what it would be for other limits.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.files import read, write
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AmhctlError
from amhctl.inference.assemble import load_voice
from amhctl.inference.judge import JudgeLimits, judge
from amhctl.inference.options import SpeakOptions
from amhctl.inference.self_check import DEFAULT_LIMITS, CheckLimits, judge_fit
from amhctl.recogniser.alignment import align_labels
from amhctl.recogniser.labels import BORDER, join_words
from amhctl.recogniser.language import read_words
from amhctl.recogniser.recognition import FRAME_SECONDS, Recogniser, load_recogniser
from amhctl.recogniser.verification import TextFit, verify
from amhctl.text.frontend import Frontend

Samples = NDArray[np.float32]
Spans = list[tuple[int, int]]
WAYS = ("good", "shuffled", "cut", "repeated", "skipped", "swapped", "noise", "silence")
_PIECE_SECONDS = 0.06


def speak_all(voice_name: str, texts: list[str], count: int, folder: Path) -> list[tuple[str, Waveform]]:
    """Return texts with their speech, from the folder where it has them."""
    folder.mkdir(parents=True, exist_ok=True)
    clips: list[tuple[str, Waveform]] = []
    voice = None
    for number, text in enumerate(texts):
        if len(clips) == count:
            break
        path = folder / f"{number:05}.flac"
        if not path.exists():
            voice = voice or load_voice(voice_name)
            try:
                write(path, voice.speak(text, SpeakOptions(seed=number)).waveform)
            except AmhctlError as fault:
                print(f"not spoken: {fault.message}: {text[:40]}")  # noqa: T201
                continue
        clips.append((text, read(path)))
    return clips


def word_spans(recogniser: Recogniser, waveform: Waveform, words: tuple[tuple[int, ...], ...]) -> Spans:
    """Return the first sample of each word and the one after its last."""
    values = recogniser.log_probabilities(waveform)
    aligned = align_labels(values, join_words(words))
    spans: Spans = []
    first: int | None = None
    last = 0
    for each in aligned:
        if each.label == BORDER:
            if first is not None:
                spans.append((first, last))
            first = None
            continue
        first = each.first if first is None else first
        last = each.last
    if first is not None:
        spans.append((first, last))
    scale = FRAME_SECONDS * waveform.sample_rate
    return [(round(start * scale), round(end * scale)) for start, end in spans]


def spoil(way: str, samples: Samples, rate: int, spans: Spans, random: np.random.Generator) -> Samples:
    """Return a clip, spoilt in a way."""
    if way == "shuffled":
        size = round(_PIECE_SECONDS * rate)
        pieces = [samples[start : start + size] for start in range(0, samples.size, size)]
        return np.concatenate([pieces[place] for place in random.permutation(len(pieces))])
    if way == "cut":
        return samples[: round(0.75 * samples.size)]
    if way in ("repeated", "skipped"):
        start, end = spans[int(random.integers(len(spans)))]
        begin, rest = (end, start) if way == "repeated" else (start, end)
        return np.concatenate([samples[:begin], samples[rest:]])
    if way == "noise":
        level = float(np.sqrt(np.mean(np.square(samples))))
        return (level * random.standard_normal(samples.size)).astype(np.float32)
    return np.zeros_like(samples) if way == "silence" else samples


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("voice")
    parser.add_argument("texts", type=Path, help="one sentence a line")
    parser.add_argument("--clips", type=int, default=500)
    parser.add_argument("--keep", type=Path, required=True, help="folder for the speech")
    parser.add_argument("--recogniser", default="am-phones")
    parser.add_argument("--json", type=Path, help="file for every clip's evidence")
    arguments = parser.parse_args()
    frontend, recogniser = Frontend(), load_recogniser(arguments.recogniser)
    texts = [line.strip() for line in arguments.texts.read_text(encoding="utf-8").splitlines() if line.strip()]
    clips = speak_all(arguments.voice, texts, arguments.clips, arguments.keep)
    found: dict[str, list[tuple[TextFit | None, bool]]] = {way: [] for way in WAYS}
    for number, (text, waveform) in enumerate(clips):
        words = read_words(frontend, text)
        other = read_words(frontend, clips[(number + 1) % len(clips)][0])
        random = np.random.default_rng(number)
        spans = word_spans(recogniser, waveform, words)
        for way in WAYS:
            samples = spoil(way, waveform.samples, waveform.sample_rate, spans, random)
            said = Waveform(np.ascontiguousarray(samples, dtype=np.float32), waveform.sample_rate)
            found[way].append(evidence(recogniser, said, other if way == "swapped" else words))
        if number % 50 == 49:
            print(f"{number + 1} clips", flush=True)  # noqa: T201
    if arguments.json:
        rows = {
            way: [[None if fit is None else vars_of(fit), heard] for fit, heard in each] for way, each in found.items()
        }
        arguments.json.write_text(json.dumps(rows))
    report(found)


def vars_of(fit: TextFit) -> dict[str, float]:
    """Return the numbers of a fit."""
    return {name: getattr(fit, name) for name in ("fit", "missing", "repeated", "cut", "added")}


def evidence(
    recogniser: Recogniser, waveform: Waveform, words: tuple[tuple[int, ...], ...]
) -> tuple[TextFit | None, bool]:
    """Return the fit of a clip, and whether the checks without a recogniser refuse it; no fit where it has no frame."""
    syllables = sum(len(word) for word in words) // 2
    basic = judge(waveform, stopped=True, syllables=syllables, speed=1.0, limits=JudgeLimits(), subject="")
    try:
        return verify(recogniser.log_probabilities(waveform), words), bool(basic)
    except AmhctlError:
        return None, True


def report(found: dict[str, list[tuple[TextFit | None, bool]]]) -> None:
    """Print the share that is refused in each way, by default limits and by others."""
    choices: dict[str, Callable[[CheckLimits], CheckLimits]] = {
        "default": lambda limits: limits,
        "stricter": lambda limits: replace(
            limits, lowest_fit=limits.lowest_fit + 0.5, missing=limits.missing - 1, repeated=limits.repeated - 2
        ),
        "looser": lambda limits: replace(
            limits, lowest_fit=limits.lowest_fit - 0.5, missing=limits.missing + 1, repeated=limits.repeated + 2
        ),
    }
    for name, change in choices.items():
        limits = change(DEFAULT_LIMITS)
        print(f"\n{name}: {limits}")  # noqa: T201
        for way, each in found.items():
            refused = [
                basic or fit is None or bool(judge_fit(fit, limits, [""] * 999, subject="")) for fit, basic in each
            ]
            alone = [fit is None or bool(judge_fit(fit, limits, [""] * 999, subject="")) for fit, _ in each]
            print(  # noqa: T201
                f"  {way:<10} refused {np.mean(refused):.3f}, by the recogniser {np.mean(alone):.3f}, of {len(each)}"
            )


if __name__ == "__main__":
    main()
