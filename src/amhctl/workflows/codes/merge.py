"""``codes merge``: several code stores, or the parts of one, made one."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.codes.document import STORE
from amhctl.codes.merge import merge_stores
from amhctl.codes.store import CodeStore
from amhctl.core.outputs import require_output_folder
from amhctl.core.progress import Progress
from amhctl.core.report import PlainReport


@dataclass(frozen=True, slots=True)
class MergeCodesRequest:
    """Which stores to merge, and where to.

    Attributes
    ----------
    stores : tuple[Path, ...]
        At least one; a single one is copied, its parts made one and its leftovers dropped.
    output : Path
        The new store.
    force : bool
        Whether something at ``output`` may be replaced.
    """

    stores: tuple[Path, ...]
    output: Path
    force: bool = False


@dataclass(frozen=True, slots=True)
class MergeCodesReport(PlainReport):
    """What the new store holds."""

    store: Path
    sources: int
    utterances: int
    shared: int
    hours: float
    aligned: bool

    def payload(self) -> dict[str, object]:
        """Return the figures."""
        return {
            "store": str(self.store),
            "sources": self.sources,
            "utterances": self.utterances,
            "shared": self.shared,
            "hours": round(self.hours, 6),
            "aligned": self.aligned,
        }

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        yield f"{self.store}: {self.utterances} utterances, {self.hours:.3f} h, from {self.sources} stores"
        if self.shared:
            yield f"{self.shared} use the data of another utterance with the same data"
        yield "alignments were copied" if self.aligned else "no alignment was copied"


def run(request: MergeCodesRequest, progress: Progress) -> MergeCodesReport:
    """Merge stores.

    Raises
    ------
    DatasetError
        If one cannot be read, they were made otherwise, or they contradict one another.
    FileExistsRefused
        If the output exists and is not to be replaced.
    """
    require_output_folder(request.output, STORE, force=request.force, sources=request.stores)
    sources = [CodeStore.open(path) for path in request.stores]
    merge = merge_stores(sources, request.output, progress, force=request.force)
    return MergeCodesReport(
        request.output, len(sources), merge.utterances, merge.shared, merge.hours, aligned=merge.aligned
    )
