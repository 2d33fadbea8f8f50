"""How the beam search of a recogniser should weigh its models of language: error rates for several weights.

    python tools/tune_recogniser.py am-phones VALID.jsonl --weights 0.3,0.5,0.7 --bonuses 0.5,1,1.5 --beams 12

Choose on validation clips, and measure on others: `amhctl recogniser score`.
"""

import argparse
from pathlib import Path

from amhctl.core.errors import AmhctlError
from amhctl.corpus.records import read_audio, read_records
from amhctl.recogniser.decoding import BeamSearch, Search, best_path
from amhctl.recogniser.error_rate import Errors, count_errors
from amhctl.recogniser.labels import join_words, without_borders
from amhctl.recogniser.language import read_words, spoken_words
from amhctl.recogniser.recognition import load_recogniser
from amhctl.recogniser.scoring import fold
from amhctl.text.frontend import Frontend


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]


def main() -> None:
    """Print a line for each choice of weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recogniser")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--weights", type=_numbers, default=[0.3, 0.5, 0.7])
    parser.add_argument("--bonuses", type=_numbers, default=[0.5, 1.0, 1.5])
    parser.add_argument("--beams", type=_numbers, default=[12.0])
    parser.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    recogniser, frontend = load_recogniser(arguments.recogniser), Frontend()
    clips = []
    path_errors = Errors()
    for record in list(read_records(arguments.manifest))[: arguments.limit]:
        try:
            values = recogniser.log_probabilities(read_audio(record, arguments.manifest.parent))
        except AmhctlError as fault:
            print(f"{record.id}: {fault.message}")  # noqa: T201
            continue
        wanted = without_borders(join_words(read_words(frontend, record.text)))
        clips.append((values, wanted, fold(spoken_words(frontend, record.text))))
        path_errors += count_errors(wanted, without_borders(best_path(values)))
    print(f"best path: phones {path_errors.rate:.3f}")  # noqa: T201
    for beam in arguments.beams:
        for weight in arguments.weights:
            for bonus in arguments.bonuses:
                search = BeamSearch(
                    recogniser.phone_model, recogniser.words, Search(beam=int(beam), weight=weight, bonus=bonus)
                )
                phones, letters, words = Errors(), Errors(), Errors()
                for values, wanted, text in clips:
                    labels = search.run(values)
                    found = fold(recogniser.write(labels))
                    phones += count_errors(wanted, without_borders(labels))
                    letters += count_errors(text, found)
                    words += count_errors(text.split(), found.split())
                print(  # noqa: T201
                    f"beam {beam:g} weight {weight:g} bonus {bonus:g}: phones {phones.rate:.3f} "
                    f"(missing {phones.deletions}, added {phones.insertions}) letters {letters.rate:.3f} "
                    f"words {words.rate:.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
