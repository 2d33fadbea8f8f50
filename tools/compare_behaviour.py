"""Whether two states of this repository do the same: every command's JSON, every file it writes, every option.

    git worktree add ../before main
    python tools/compare_behaviour.py ../before .

Both states live through the same life of two voices on synthetic recordings, by the same commands, in a folder of the
same name: data, vocabularies, code stores, trainings, checkpoints, speech, evaluation. The first state lives it twice:
what differs there, such as times and dates, is not compared. Pages for a browser are not compared either. Exit code 1
where anything else differs.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PAGES = frozenset({".html", ".svg", ".png"})
_OPTIONS = Path("tests/architecture/options.txt")
_ANSWERS = "answers.jsonl"
_LIVED_AT = Path(tempfile.gettempdir()) / "amhctl-behaviour"
"""The same folder for all, since answers name paths."""
_TEXTS = (
    "ሰላም ለዓለም ይሁን።",
    "ቡና ጠጣ።",
    "አዲስ አበባ ትልቅ ከተማ ናት።",
    "ውሃ ፈሰሰ።",
    "ልጁ ሮጠ።",
    "ዛሬ ሰኞ ነው።",
    "እንጀራ በላሁ።",
    "ትምህርት ቤት ሄደች።",
    "መጽሐፍ አነበበ።",
    "ክረምት መጣ።",
    "ወንድሜ ደወለ።",
    "በ3ኛው ቀን 5% ጨመረ።",
)
_TINY_FLOW = (
    "model.text_dim=16",
    "model.text_layers=1",
    "model.prosody_layers=1",
    "model.model_dim=20",
    "model.layers=2",
    "model.condition_dim=16",
    "training.steps=6",
    "training.valid_every=3",
    "training.batch_frames=900",
)


def commands() -> Iterator[tuple[str, ...]]:
    """Yield the commands of a life, each with ``--json`` to be added; some are refused, which is an answer too."""
    yield ("init", "project")
    yield ("data", "import", "jsonl", "raw.jsonl", "-o", "data")
    yield ("data", "import", "kaldi", "nowhere", "-o", "x")
    yield ("data", "check", "data/manifest.jsonl", "--report", "check.html")
    yield ("data", "check", "data/manifest.jsonl", "--fix", "-o", "fixed")
    yield ("data", "split", "data/manifest.jsonl", "-o", "split.jsonl", "--valid", "0.2", "--test", "0.2")
    yield ("data", "pairs", "split.jsonl", "-o", "pairs.jsonl")
    for form in ("jsonl", "ljspeech", "lhotse"):
        yield ("data", "export", "split.jsonl", form, "-o", f"handed-{form}")
    yield ("text", "normalize", "በ2017 ዓ.ም 5% ጨመረ", "--trace")
    yield ("text", "phones", "ሰላም ዓለም")
    yield ("text", "split", "ሰላም። ዓለም።")
    yield ("text", "explain", "በ3ኛው ቀን", "--voice", "m01")
    yield ("vocab", "train", "split.jsonl", "-o", "phones.model", "--units", "phones")
    yield ("vocab", "check", "phones.model", "split.jsonl", "--report", "vocabulary.html")
    yield ("vocab", "train", "split.jsonl", "-o", "fidel.model", "--units", "fidel", "--size", "420")
    yield ("vocab", "extend", "fidel.model", "more.txt", "-o", "more.model", "--size", "430")
    yield ("codec", "train", "split.jsonl", "-o", "codec", "--preset", "tiny", "--name", "toy")
    yield ("codec", "list")
    yield ("codec", "show", "codec/codec")
    yield ("codec", "show", "mel16k")
    extract = ("codes", "extract", "split.jsonl")
    yield (*extract, "--codec", "codec/codec", "-o", "store", "--level", "-20")
    yield (*extract, "--codec", "codec/codec", "-o", "store", "--level", "-20")
    yield (*extract, "--codec", "mel16k", "-o", "acoustic", "--acoustics", "--workers", "2")
    yield ("codes", "check", "store", "--codec", "codec/codec", "--report", "codes.html")
    yield ("codes", "verify", "store")
    yield ("codes", "merge", "store", "-o", "merged")
    yield ("codes", "align", "store", "--vocab", "phones.model")
    yield ("codes", "align", "acoustic", "--vocab", "phones.model")
    parts = (
        "--preset",
        "tiny",
        "--data",
        "store",
        "--vocab",
        "phones.model",
        "--codec",
        "codec/codec",
        "--device",
        "cpu",
    )
    yield ("train", *parts, "-o", "run")
    yield ("train", *parts, "-o", "run")
    adapter = ("training.steps=2", "training.adapter.method=lora", "training.adapter.keep=adapter")
    yield ("train", *parts, "--base", "run/best", "-o", "tuned", *_sets(adapter))
    flow = ("--preset", "flow-cpu", "--data", "acoustic", "--vocab", "phones.model", "--device", "cpu")
    yield ("train", *flow, "-o", "flow", *_sets(_TINY_FLOW))
    yield ("ckpt", "show", "run/best")
    yield ("ckpt", "validate", "run/best", "--vocab", "phones.model")
    yield ("ckpt", "validate", "flow/best")
    yield ("ckpt", "diff", "run/best", "flow/best")
    yield ("ckpt", "export", "run/best", "-o", "handed-on")
    yield ("ckpt", "export", "flow/best", "-o", "graphs", "--format", "onnx")
    yield ("ckpt", "average", "flow/best", "flow/best", "-o", "mean")
    yield ("ckpt", "merge", "tuned/best", "--base", "run/best", "-o", "whole")
    yield ("ckpt", "prune", "run", "--keep", "1")
    yield ("ckpt", "card", "run/best", "-o", "CARD.md")
    yield ("ckpt", "sign", "handed-on")
    yield ("vocab", "extend", "phones.model", "split.jsonl", "-o", "grown.model", "--size", "60")
    yield ("vocab", "grow", "grown.model", "--base-checkpoint", "run/best", "-o", "grown")
    yield ("voices", "list")
    yield ("voices", "show", "m01")
    yield ("speak", "ሰላም ዓለም፤ በ3ኛው ቀን መጣ።", "-o", "hello.wav")
    yield (
        "speak",
        "ሰላም ዓለም",
        "-o",
        "other.ogg",
        "--speaker",
        "alffa-11",
        "--speed",
        "1.2",
        "--pitch",
        "2",
        "--seed",
        "7",
    )
    yield ("speak", "ሰላም", "-o", "hello.wav")
    yield ("speak", "ሰላም", "-o", "coded.wav", "--voice", "run/best", "--codec", "codec/codec", "--device", "cpu")
    yield ("eval", "m01", "--set", "split.jsonl", "--limit", "2", "--report", "eval.html")
    yield ("config", "show", "--preset", "a100")


def _sets(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for value in values for word in ("--set", value))


def live() -> None:
    """Run the commands in this folder, by the amhctl that can be imported, and write their answers."""
    from amhctl.cli.main import main as amhctl  # noqa: PLC0415 - only the state under test has it

    with Path(_ANSWERS).open("w", encoding="utf-8") as answers:
        for words in commands():
            sys.stderr.write(" ".join(words) + "\n")
            answer: dict[str, object] = {"command": " ".join(words), "exit": 0}
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                try:
                    amhctl([*words, "--json"])
                except SystemExit as end:
                    answer["exit"] = end.code
            answer["answer"] = printed.getvalue()
            answers.write(json.dumps(answer, ensure_ascii=False) + "\n")


def record(checkout: Path, kept: Path) -> None:
    """Let a checkout live in the common folder, and keep what it wrote, without the checkout's own path."""
    shutil.rmtree(_LIVED_AT, ignore_errors=True)
    (_LIVED_AT / "wav").mkdir(parents=True)
    _write_recordings(_LIVED_AT)
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).resolve()), "--live"]
    subprocess.run(command, cwd=_LIVED_AT, env=environment, check=True)
    answers = _LIVED_AT / _ANSWERS
    answers.write_text(answers.read_text(encoding="utf-8").replace(str(checkout), "CHECKOUT"), encoding="utf-8")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.move(_LIVED_AT, kept)


def _write_recordings(folder: Path) -> None:
    """Write clips of vowels, as different from one another as their numbers, and what the first command reads."""
    import numpy as np  # noqa: PLC0415 - the comparison alone needs none
    import soundfile  # noqa: PLC0415

    rate, lines = 16_000, []
    for index, text in enumerate(_TEXTS):
        random = np.random.default_rng(index)
        seconds = np.arange(int(rate * random.uniform(1.6, 2.4))) / rate
        pitch = random.uniform(90, 180) * (1.0 + 0.1 * np.sin(2 * np.pi * random.uniform(0.5, 2) * seconds))
        phase = 2 * np.pi * np.cumsum(pitch) / rate
        voiced = sum(np.sin(k * phase) / k for k in range(1, 20)) * (np.sin(2 * np.pi * 3 * seconds) > -0.3)
        samples = 0.1 * voiced + random.normal(scale=1e-3, size=seconds.size)
        soundfile.write(folder / "wav" / f"{index}.wav", samples, rate, subtype="PCM_16")
        lines.append(
            json.dumps({"id": f"u{index}", "audio": f"wav/{index}.wav", "text": text, "speaker": f"s{index % 2}"})
        )
    (folder / "raw.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "more.txt").write_text("ኧረ ጵጵስና ዟ\n", encoding="utf-8")


def facts(folder: Path) -> dict[str, object]:
    """Return everything comparable that a life left: values of JSON one by one, digests of all else, by place."""
    found: dict[str, object] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in _PAGES):
        name = path.relative_to(folder).as_posix()
        if "tensorboard" in name:
            continue
        documents = _documents(path)
        if documents is None:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        for place, document in enumerate(documents or ()):
            if name == _ANSWERS:
                document["answer"] = _parsed(document["answer"])
            found.update(_leaves(document, f"{name}[{place}]"))
    return found


def _documents(path: Path) -> list[dict[str, object]] | None:
    """Return the JSON documents of a file, one or one a line; None of another file."""
    if path.suffix not in {".json", ".jsonl"}:
        return None
    text = path.read_text(encoding="utf-8")
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]


def _parsed(text: object) -> object:
    try:
        return json.loads(str(text))
    except ValueError:
        return text


def _leaves(value: object, place: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, f"{place}.{key}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _leaves(part, f"{place}[{index}]")
    else:
        yield place, value


def compare(once: dict[str, object], again: dict[str, object], after: dict[str, object]) -> list[str]:
    """Return the places that differ though both lives of the first state agree there."""
    steady = {place for place in once if place in again and once[place] == again[place]}
    moved = [place for place in steady if place not in after or after[place] != once[place]]
    known = set(once) | set(again)
    return sorted([*moved, *(place for place in after if place not in known)])


def main() -> int:
    """Record both states, and print where they differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, nargs="?")
    parser.add_argument("after", type=Path, nargs="?", default=Path())
    parser.add_argument(
        "--keep", type=Path, default=_LIVED_AT.with_name("amhctl-behaviour-kept"), help="where lives are kept"
    )
    parser.add_argument("--live", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.live:
        live()
        return 0
    if arguments.before is None:
        parser.error("name the checkout to compare with")
    lives = {"once": arguments.before, "again": arguments.before, "after": arguments.after}
    for name, checkout in lives.items():
        if name == "after" or not (arguments.keep / name).exists():
            record(checkout.resolve(), arguments.keep / name)
    once, again, after = (facts(arguments.keep / name) for name in lives)
    before, now = (
        (checkout / _OPTIONS).read_text(encoding="utf-8") for checkout in (arguments.before, arguments.after)
    )
    differing = compare(once, again, after) + ([str(_OPTIONS)] if before != now else [])
    for place in differing:
        sys.stdout.write(f"{place}: {once.get(place)!r} -> {after.get(place)!r}\n")
    sys.stdout.write(f"{len(once)} values compared, {len(differing)} differ\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
