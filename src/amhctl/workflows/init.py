"""``init``: a project folder with ``amhctl.toml`` and a README of the next steps."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.config.load import load_run_config
from amhctl.config.sources import PROJECT_FILE
from amhctl.core.files import write_text_atomically
from amhctl.core.outputs import FileKind, require_output_file
from amhctl.core.progress import Progress
from amhctl.core.report import PlainReport

_PROJECT = """\
# An amhctl project. `amhctl config show` lists every setting, its value and where the value comes from.
# Relative paths are relative to this file.

seed = 0

[paths]
data = "codes"                    # made by `amhctl codes extract`
vocabulary = "phones.model"       # made by `amhctl vocab train`
codec = "mel16k"                  # a bundled codec, a codec folder, or a DAC weights file
run = "runs/first"                # what `amhctl train` writes

[text]
units = "phones"                  # or "fidel"
"""

_README = """\
# An Amharic voice

What to do, in this order. Every command has `--help`; every command takes `--json`.

    amhctl data import jsonl recordings/manifest.jsonl -o data    # or ljspeech, piper, kaldi, sidecars
    amhctl data split data/manifest.jsonl
    amhctl data check data/manifest.jsonl --report check.html
    amhctl vocab train data/manifest.jsonl -o phones.model --units phones
    amhctl codes extract data/manifest.jsonl --codec mel16k -o codes
    amhctl codes check codes
    amhctl codes align codes --vocab phones.model
    amhctl train --preset cpu --dry-run
    amhctl train --preset cpu
    amhctl ckpt validate runs/first/best
    amhctl speak "ሰላም ዓለም" --voice runs/first/best -o hello.wav
    amhctl eval runs/first/best --set data/manifest.jsonl --report eval.html

Several cards: `accelerate launch -m amhctl train --preset flow-gpu`.
"""

# A project file is known by its name, whatever its owner has made of it; a README is everybody's.
_KINDS = {
    PROJECT_FILE: FileKind("a project file", re.compile(rb"")),
    "README.md": FileKind("a README of `amhctl init`", re.compile(re.escape(_README.partition("\n")[0].encode()))),
}


@dataclass(frozen=True, slots=True)
class InitProjectRequest:
    """Where to make a project."""

    folder: Path
    force: bool = False


@dataclass(frozen=True, slots=True)
class InitProjectReport(PlainReport):
    """What was made."""

    path: Path

    def payload(self) -> dict[str, object]:
        """Return the folder."""
        return {"path": str(self.path)}

    def lines(self) -> Iterable[str]:
        """Return what to read next."""
        yield f"made {self.path / PROJECT_FILE}"
        yield f"next: read {self.path / 'README.md'}"


def run(request: InitProjectRequest, progress: Progress) -> InitProjectReport:
    """Make the folder.

    Raises
    ------
    FileExistsRefused
        If it holds one of the files already.
    """
    files = {PROJECT_FILE: _PROJECT, "README.md": _README}
    for name in files:
        require_output_file(request.folder / name, _KINDS[name], force=request.force)
    request.folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_text_atomically(request.folder / name, content)
    load_run_config(preset=None, project=request.folder, environment={})
    progress.say("checking the project file")
    return InitProjectReport(request.folder)
