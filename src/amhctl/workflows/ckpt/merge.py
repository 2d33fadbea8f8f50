"""``ckpt merge``: one voice of an adapter and the base that it was trained beside."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from amhctl import __version__
from amhctl.checkpoint.folder import CHECKPOINT, WEIGHTS_FILE
from amhctl.checkpoint.manifest import AdapterIdentity
from amhctl.checkpoint.parts import read_part
from amhctl.checkpoint.store import LoadedCheckpoint, write_checkpoint
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.voice import read_voice_config
from amhctl.core.errors import CheckpointError
from amhctl.core.findings import Finding
from amhctl.core.outputs import require_output_folder
from amhctl.core.progress import Progress
from amhctl.inference.catalog import bundled_voices, voice_path
from amhctl.model.soundness import find_faults, read_voice
from amhctl.training.adapters import AdapterTraining, inject
from amhctl.training.fitting import build_model
from amhctl.training.flow_fitting import build_flow
from amhctl.training.network_tensors import merged_weights, read_network, write_network
from amhctl.workflows.ckpt.written import WrittenCheckpoint


@dataclass(frozen=True, slots=True)
class MergeCheckpointRequest:
    """Which adapter, and the voice it goes with.

    Attributes
    ----------
    adapter : Path
        Folder of an adapter, such as a run's best.
    base : Path
        Folder of its base, or the name of a bundled voice.
    output : Path
        Folder to write.
    name : str | None
        Name of the voice; the adapter's by default.
    force : bool
        Whether an existing output may be replaced.
    """

    adapter: Path
    base: Path
    output: Path
    name: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class MergeCheckpointReport(WrittenCheckpoint):
    """What was written."""

    layers: int
    tensors: int
    findings: tuple[Finding, ...] = ()

    def figures(self) -> dict[str, object]:
        """Return how many ``layers`` and ``tensors`` the adapter changed."""
        return {
            "layers": self.layers,
            "tensors": self.tensors,
        }

    def lines(self) -> Iterable[str]:
        """Return what was written."""
        yield (
            f"{self.output}: {self.manifest.name}, a complete voice; low-rank terms added to {self.layers} layers, "
            f"{self.tensors} tensors replaced"
        )


def run(request: MergeCheckpointRequest, progress: Progress) -> MergeCheckpointReport:
    """Merge an adapter into its base and write the voice, in single precision.

    Raises
    ------
    CheckpointError
        If one is broken or of another kind, or the adapter was trained beside other weights.
    MissingExtra
        If ``peft`` is not installed.
    FileExistsRefused
        If the output exists and was not to be overwritten, or is one of the two.
    """
    bundled = str(request.base) in bundled_voices() and not request.base.exists()
    place = voice_path(str(request.base)) if bundled else request.base
    require_output_folder(request.output, CHECKPOINT, force=request.force, sources=(request.adapter, place))
    progress.say("verifying")
    adapter = read_voice(request.adapter, kind="adapter")
    base = read_voice(place)
    identity = _require_base(adapter, base)
    progress.say("merging")
    tensors = _merge(adapter, base, identity)
    trained = adapter.manifest
    manifest = write_checkpoint(
        request.output,
        manifest=trained.model_copy(
            update={
                "kind": "voice",
                "name": request.name or trained.name,
                "package_version": __version__,
                "adapter": None,
                "training": trained.training | {"merged": trained.files[WEIGHTS_FILE]},
            }
        ),
        tensors=tensors,
        extra_files=adapter.read_others(),
        beside=base.beside | adapter.beside,
        check=find_faults,
        force=request.force,
    )
    return MergeCheckpointReport(request.output, manifest, len(identity.ranks), len(identity.whole))


def _require_base(adapter: LoadedCheckpoint, base: LoadedCheckpoint) -> AdapterIdentity:
    """Return what the adapter is; refuse a base with other weights than it was trained beside."""
    identity, found = adapter.manifest.adapter, base.manifest.files[WEIGHTS_FILE]
    if identity is None:
        raise CheckpointError("the adapter does not name its base", subject=str(adapter.folder))
    if found != adapter.manifest.parent:
        raise CheckpointError(
            f"the adapter was trained for other weights: those of {identity.base}, sha256 "
            f"{adapter.manifest.parent[:16]}…, and {base.manifest.name} has sha256 {found[:16]}…",
            subject=f"{adapter.folder}, {base.folder}",
            hint="give the exact base of its run with --base",
        )
    return identity


def _merge(adapter: LoadedCheckpoint, base: LoadedCheckpoint, identity: AdapterIdentity) -> dict[str, Tensor]:
    config = read_part(read_voice_config, adapter.manifest.config, place="config", subject=str(adapter.folder))
    network: nn.Module = (
        build_flow(config, 0, base) if isinstance(config, FlowVoiceConfig) else build_model(config, 0, base)
    )
    inject(network, identity, AdapterTraining(target_rank=1))
    whole = set(identity.whole)
    given = {name: tensor for name, tensor in adapter.tensors.items() if name in whole}
    terms = {name: tensor for name, tensor in adapter.tensors.items() if name not in whole}
    write_network(network, {**read_network(network).weights, **given}, terms, subject=str(adapter.folder))
    return merged_weights(network)
