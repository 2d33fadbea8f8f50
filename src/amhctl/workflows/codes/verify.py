"""``codes verify``: whether every byte of a code store is the one that was written."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.codes import verify as storeverify
from amhctl.codes.verify import StoreVerification, verify_store
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress
from amhctl.core.report import Verdict

RULES = storeverify.RULES


@dataclass(frozen=True, slots=True)
class VerifyCodesRequest:
    """Which store to verify."""

    store: Path


@dataclass(frozen=True, slots=True)
class VerifyCodesReport(Verdict):
    """What a store holds, and all that is wrong with its bytes."""

    store: Path
    verification: StoreVerification

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every fault."""
        return self.verification.findings

    def payload(self) -> dict[str, object]:
        """Return what the store holds."""
        return {
            "store": str(self.store),
            "parts": list(self.verification.parts),
            "utterances": self.verification.utterances,
            "shared": self.verification.shared,
            "bytes": self.verification.bytes,
        }

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        held = self.verification
        megabytes = held.bytes / 1e6
        yield f"{self.store}: {held.utterances} utterances in {len(held.parts)} shards, {megabytes:.1f} MB"
        if held.shared:
            yield f"{held.shared} use the data of another utterance"
        yield "all digests are correct" if self.ok else "some data are damaged"


def run(request: VerifyCodesRequest, progress: Progress) -> VerifyCodesReport:
    """Verify a store.

    Raises
    ------
    DatasetError
        If there is no store, it is of another format, or its alignment cannot be read.
    """
    return VerifyCodesReport(request.store, verify_store(request.store, progress))
