"""``recogniser list`` and ``recogniser show``: the recognisers available, and what one is."""

from collections.abc import Iterable
from dataclasses import dataclass

from amhctl.checkpoint.manifest import Manifest
from amhctl.core.progress import Progress
from amhctl.core.report import PlainReport
from amhctl.recogniser.catalog import bundled_recognisers, open_recogniser, read_recogniser_manifest


@dataclass(frozen=True, slots=True)
class ListRecognisersRequest:
    """Which recogniser to show; all bundled ones if none is named."""

    recogniser: str | None = None


@dataclass(frozen=True, slots=True)
class ListRecognisersReport(PlainReport):
    """What the recognisers are."""

    recognisers: tuple[Manifest, ...]
    is_full: bool = False

    def payload(self) -> dict[str, object]:
        """Return the recognisers as objects."""
        return {
            "recognisers": [
                {
                    "name": each.name,
                    "model_version": each.model_version,
                    "config": each.config,
                    "metrics": each.metrics,
                    "training": each.training,
                    "licences": [licence.model_dump(mode="json") for licence in each.licences],
                    "processing": list(each.processing or ()),
                    "fingerprint": each.files["model.safetensors"],
                }
                for each in self.recognisers
            ]
        }

    def lines(self) -> Iterable[str]:
        """Return a line for each, and all that is known of one."""
        for each in self.recognisers:
            rate = each.metrics.get("phone_error_rate")
            shown = f"{rate:.3f}" if isinstance(rate, float) else "unknown"
            yield f"{each.name}  {each.language}  phone error rate on validation clips {shown}"
            if self.is_full:
                for name, value in {**each.config, **each.metrics}.items():
                    yield f"  {name}: {value}"
                for licence in each.licences:
                    yield f"  {licence.work}: {licence.licence}"
                for done in each.processing or ():
                    yield f"  recordings: {done}"


def run(request: ListRecognisersRequest, progress: Progress) -> ListRecognisersReport:
    """Describe one recogniser in full, after verifying its files, or every bundled one in a line.

    Raises
    ------
    CheckpointError
        If the named one does not exist or is damaged.
    """
    if request.recogniser is None:
        return ListRecognisersReport(tuple(read_recogniser_manifest(name) for name in bundled_recognisers()))
    verified = open_recogniser(request.recogniser)
    progress.say(f"verified {verified.folder}")
    return ListRecognisersReport((verified.manifest,), is_full=True)
