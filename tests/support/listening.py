"""Small listening tests."""

from pathlib import Path
from typing import Any

from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.core.progress import SilentProgress
from amhctl.evaluation.listening.design import ListeningTest, read_test
from amhctl.workflows.listen import new as create

SYSTEMS = ("natural", "one", "two")


def sound_folders(
    folder: Path, *, sentences: int = 5, seconds: float = 0.4, systems: tuple[str, ...] = SYSTEMS
) -> None:
    """Write the sounds of systems, each in its folder."""
    for number, name in enumerate(systems):
        (folder / name).mkdir(parents=True)
        for sentence in range(sentences):
            clip = vowel_train(seconds=seconds, seed=10 * sentence + number, pitch=110.0 + 25 * number)
            files.write(folder / name / f"s{sentence}.wav", clip)


def make_test(folder: Path, kind: str = "mos", **changes: Any) -> ListeningTest:
    """Make a test of three systems in ``folder/test``."""
    sound_folders(folder)
    request = create.NewListeningRequest(
        output=folder / "test",
        kind=kind,  # type: ignore[arg-type]
        systems=tuple(f"{name}={folder / name}" for name in SYSTEMS[1:]),
        reference=f"natural={folder / 'natural'}",
        **({"training": 1} | changes),
    )
    create.run(request, SilentProgress())
    return read_test(folder / "test")
