"""Train the gemination tagger anew and write its table: ``python tools/train_tagger.py LIST``.

LIST is ``gemination.tsv`` of geezorg/data (CC BY-SA 4.0), which the package does not hold. Words of the pronunciation
test are not learned from. The same list gives the same bytes.
"""

import sys
from pathlib import Path

from amhctl.core.files import write_text_atomically
from amhctl.text.g2p.gemination import UNMARKED, Gemination, read_words
from amhctl.text.g2p.tagger_training import is_held_out, read_examples, score, train

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "src" / "amhctl" / "text" / "g2p" / "tables" / "gemination.tsv"
HELD_OUT = ROOT / "tests" / "text" / "g2p" / "heldout.tsv"


def main(path: Path) -> None:
    """Learn the weights, write them, and say how well they find geminates of stems that were kept out."""
    examples = read_examples(path.read_text(encoding="utf-8").splitlines())
    rows = HELD_OUT.read_text(encoding="utf-8").splitlines()
    weights = train(examples, [row.partition("\t")[0] for row in rows if not row.startswith("#")])
    write_text_atomically(TABLE, "".join(f"{name}\t{weight}\n" for name, weight in sorted(weights.items())))
    kept = [one for one in examples if is_held_out(one.word)]
    sys.stdout.write(f"{len(kept)} of {len(examples)} words kept out, {len(weights)} weights\n")
    nothing, suffixes = UNMARKED, Gemination({}, {"": "0"})
    tagger, everything = Gemination({}, weights), Gemination(read_words(), weights)
    for name, gemination in (("none", nothing), ("suffixes", suffixes), ("tagger", tagger), ("all", everything)):
        found = score(gemination, kept)
        sys.stdout.write(
            f"{name:9} letters: F1 {found.f1:.3f} (precision {found.precision:.3f}, recall {found.recall:.3f})"
            f"  whole words {found.words:.3f}\n"
        )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
