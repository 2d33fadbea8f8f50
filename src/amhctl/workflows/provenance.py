"""Where recordings come from and what was done to them, as records and the checkpoint that training starts from say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amhctl.checkpoint.manifest import Licence, Manifest
from amhctl.codec.indextts2.files import CODE_LICENCES
from amhctl.codec.semantic import ARCHITECTURE as SEMANTIC
from amhctl.config.codec_spec import CodecSpec
from amhctl.corpus.records import Record


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a checkpoint says of the recordings that went into its weights.

    Attributes
    ----------
    licences : tuple[Licence, ...]
        Works and their licences. Recordings of no named source are a work named like their speaker.
    processing : tuple[str, ...]
        What was done to recordings before they were learnt from, as records tell it, such as the enhancer that cleaned
        them; not every recording need have been treated so.
    """

    licences: tuple[Licence, ...]
    processing: tuple[str, ...]


def gather_provenance(records: Sequence[Record], base: Manifest | None, codec: CodecSpec | None = None) -> Provenance:
    """Return what records say, behind what the base says of the recordings that it was made from.

    Parameters
    ----------
    records : Sequence[Record]
        What is learnt from.
    base : Manifest | None
        What training starts from.
    codec : CodecSpec | None
        What made the codes that are learnt; published weights under a licence are a work that went in.
    """
    works = {(record.source or record.speaker, record.licence) for record in records if record.licence}
    licences = [Licence(work=work, licence=licence) for work, licence in sorted(works)]
    licences += () if codec is None or codec.architecture != SEMANTIC else CODE_LICENCES
    done = sorted({record.processing for record in records if record.processing})
    return merge_provenance(
        [] if base is None else [base], Provenance(licences=tuple(licences), processing=tuple(done))
    )


def merge_provenance(manifests: Iterable[Manifest], added: Provenance | None = None) -> Provenance:
    """Return what several checkpoints say, each thing once, in the order in which it is first said."""
    said = [Provenance(one.licences, one.processing or ()) for one in manifests]
    said += [] if added is None else [added]
    return Provenance(
        licences=tuple(dict.fromkeys(licence for one in said for licence in one.licences)),
        processing=tuple(dict.fromkeys(done for one in said for done in one.processing)),
    )
