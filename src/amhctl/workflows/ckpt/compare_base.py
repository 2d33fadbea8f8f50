"""What a fine-tuned checkpoint changed of its base, tensor by tensor and, of the text tables, row by row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from amhctl.checkpoint.folder import WEIGHTS_FILE
from amhctl.checkpoint.keymap import read_foreign
from amhctl.checkpoint.manifest import VocabularyGrowth
from amhctl.checkpoint.rules import RULES
from amhctl.core.findings import Finding
from amhctl.model.official import TEXT_TABLES
from amhctl.model.soundness import read_voice
from amhctl.tokenizer.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """A base to compare with.

    Attributes
    ----------
    path : Path
        Its folder or file.
    tensors : Mapping[str, Tensor]
        Its weights.
    vocabulary : Vocabulary | None
        Its vocabulary; a file of weights has none.
    sha256 : str
        Digest of the weights of a folder, else empty.
    growth : VocabularyGrowth | None
        How its own vocabulary grew.
    """

    path: Path
    tensors: Mapping[str, Tensor]
    vocabulary: Vocabulary | None
    sha256: str
    growth: VocabularyGrowth | None = None

    def growth_to(self, vocabulary: Vocabulary) -> VocabularyGrowth | None:
        """Return how the vocabulary of this base, or of the one that it grew from itself, became a longer one.

        None where it did not: its pieces are not the first ones of the other, or nothing was appended.
        """
        if self.vocabulary is None:
            return None
        pieces, size = self.vocabulary.pieces, self.vocabulary.size
        if vocabulary.pieces[:size] != pieces or (vocabulary.size == size and self.growth is None):
            return None
        return self.growth or VocabularyGrowth(base_size=size, base_fingerprint=self.vocabulary.fingerprint)


def read_base(path: Path) -> Base:
    """Read a voice folder, or a ``.pth`` file of weights.

    Raises
    ------
    CheckpointError
        If it is neither, or broken.
    """
    if path.is_file():
        return Base(path, read_foreign(path).tensors, None, "")
    voice = read_voice(path)
    identity = voice.manifest.vocabulary
    vocabulary = None
    if identity is not None:
        vocabulary = Vocabulary.from_bytes(voice.read_bytes(identity.file), subject=str(path))
    return Base(path, voice.tensors, vocabulary, voice.manifest.files[WEIGHTS_FILE], voice.manifest.growth)


def find_changes(tensors: Mapping[str, Tensor], vocabulary: Vocabulary, base: Base) -> Iterator[Finding]:
    """Yield a finding of each kind of change: other ids, rows that moved, other tensors.

    Parameters
    ----------
    tensors : Mapping[str, Tensor]
        Of the fine-tuned checkpoint.
    vocabulary : Vocabulary
        Of the fine-tuned checkpoint.
    base : Base
        What it was trained from.
    """
    subject = str(base.path)
    if base.vocabulary is not None:
        kept = base.vocabulary.size
        moved = sum(one != other for one, other in zip(base.vocabulary.pieces, vocabulary.pieces, strict=False))
        if moved or vocabulary.size < kept:
            lost = max(0, kept - vocabulary.size)
            message = (
                f"{moved + lost:,} of the base's {kept:,} pieces have other ids or none: "
                "embeddings now belong to other pieces"
            )
            yield RULES.finding("C034", subject, message, "the text tables were copied by position")
    for name in TEXT_TABLES:
        if name in tensors and name in base.tensors and tensors[name].shape[1:] == base.tensors[name].shape[1:]:
            yield from _find_moved_rows(name, tensors[name], base.tensors[name], subject)
    yield from _find_other_tensors(tensors, base, subject)


def _find_moved_rows(name: str, ours: Tensor, theirs: Tensor, subject: str) -> Iterator[Finding]:
    # The last row belongs to no piece.
    rows = min(len(ours), len(theirs)) - 1
    apart = (ours[:rows].float() - theirs[:rows].float()).abs().reshape(rows, -1).amax(dim=1)
    if moved := int((apart > 0).sum()):
        message = f"{moved:,} of the base's {rows:,} rows of {name} changed, by up to {float(apart.max()):.3g}"
        yield RULES.finding("C034", subject, message)


def _find_other_tensors(tensors: Mapping[str, Tensor], base: Base, subject: str) -> Iterator[Finding]:
    common = [name for name in sorted({*tensors} & {*base.tensors}) if name not in TEXT_TABLES]
    others = [name for name in common if tensors[name].shape != base.tensors[name].shape]
    same = [name for name in common if name not in others]
    distances = {name: _distance(tensors[name], base.tensors[name]) for name in same}
    changed = [name for name, distance in distances.items() if distance > 0]
    if changed:
        furthest = max(changed, key=lambda name: distances[name])
        message = (
            f"{len(changed)} of {len(common)} other tensors changed, by up to {distances[furthest]:.3g} ({furthest})"
        )
        yield RULES.finding("C034", subject, message)
    if missing := sorted({*tensors} ^ {*base.tensors}) + others:
        message = f"{len(missing)} tensors are in only one of the two or have different shapes, such as {missing[0]}"
        yield RULES.finding("C034", subject, message, "the base has another architecture")


def _distance(one: Tensor, other: Tensor) -> float:
    # Most are the same, which costs no copy to see.
    return 0.0 if one.equal(other) else float((one.float() - other.float()).abs().max())
