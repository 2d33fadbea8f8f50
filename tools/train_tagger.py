"""Train the gemination tagger anew and write its table: ``python tools/train_tagger.py LIST CORPUS``.

LIST is ``gemination.tsv`` of geezorg/data (CC BY-SA 4.0), CORPUS is news text, plain or packed (.xz); the package holds
neither. Words of the pronunciation test are not learned from. The same files give the same bytes.
"""

import lzma
import re
import sys
from collections import Counter
from pathlib import Path

from gemination.corpus_evidence import count_folded
from gemination.training import is_held_out, list_own_examples, read_examples, score, train

from amhctl.core.files import write_text_atomically
from amhctl.text.g2p.gemination import UNMARKED, Gemination, read_words

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "src" / "amhctl" / "text" / "g2p" / "tables" / "gemination.tsv"
HELD_OUT = ROOT / "tests" / "text" / "g2p" / "heldout.tsv"


def count_words(corpus: Path) -> dict[str, int]:
    """Count the words of a corpus; a word that stands there once may be a slip of the pen."""
    counts: Counter[str] = Counter()
    opened = lzma.open if corpus.suffix == ".xz" else open
    with opened(corpus, "rt", encoding="utf-8") as lines:
        for line in lines:
            counts.update(re.findall("[ሀ-ፗ]+", line))
    return {word: count for word, count in count_folded(counts).items() if count > 1}


def main(path: Path, corpus: Path) -> None:
    """Learn the weights, write them, and say how well they find geminates of stems that were kept out."""
    examples = read_examples(path.read_text(encoding="utf-8").splitlines())
    rows = HELD_OUT.read_text(encoding="utf-8").splitlines()
    counts = count_words(corpus)
    weights = train(examples, counts, [row.partition("\t")[0] for row in rows if not row.startswith("#")])
    write_text_atomically(TABLE, "".join(f"{name}\t{weight}\n" for name, weight in sorted(weights.items())))
    sys.stdout.write(f"{len(weights)} weights\n")
    nothing, suffixes = UNMARKED, Gemination({}, {"": "0"})
    tagger, everything = Gemination({}, weights), Gemination(read_words(), weights)
    for source, words in (("list", examples), ("own words", list_own_examples())):
        kept = [one for one in words if is_held_out(one.word)]
        sys.stdout.write(f"{source}: {len(kept)} of {len(words)} words kept out\n")
        for name, gemination in (("none", nothing), ("suffixes", suffixes), ("tagger", tagger), ("all", everything)):
            found = score(gemination, kept)
            sys.stdout.write(
                f"  {name:9} letters: F1 {found.f1:.3f} (precision {found.precision:.3f}, recall {found.recall:.3f})"
                f"  whole words {found.words:.3f}\n"
            )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
