"""Reports of ``eval --json``, with their pages' clips."""

import json
from pathlib import Path
from typing import Any

from support.speechlike import vowel_train

from amhctl.audio import files


def metric(value: float, *, spread: float = 0.1, better: str = "higher", n: int = 10) -> dict[str, object]:
    return {"value": value, "ci95": [value - spread, value + spread], "n": n, "better": better, "note": ""}


def write_evaluation(folder: Path, name: str, *, clips: int = 0, **changes: Any) -> Path:
    """Write a report ``NAME.json``, and the clips of its page beside it."""
    folder.mkdir(exist_ok=True)
    for number in range(clips):
        for place, label in enumerate(("synthesised", "natural")):
            clip = vowel_train(seconds=0.2, seed=number, pitch=100.0 + 10 * place + 5 * len(name))
            (folder / f"{name}-clips").mkdir(exist_ok=True)
            files.write(folder / f"{name}-clips" / f"{number:03d}-{label}.flac", clip)
    document = {
        "command": "eval",
        "version": "0.1.0",
        "voice": name,
        "weights": name * 4,
        "test_set": "test.jsonl",
        "machine": "2 cores",
        "report": f"{name}.html" if clips else None,
        "metrics": {"text_match": metric(0.9), "mcd": metric(6.0, better="lower")},
        "utterances": [{"id": f"s{number}", "seconds": 1.0} for number in range(clips)],
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document | changes), encoding="utf-8")
    return path
