"""``data pairs``: for each utterance another one of its speaker to prompt it with.

JSON Lines: ``target`` and ``prompt`` are ids, ``speaker`` and ``split`` are theirs. Both are in the same split, so that
what is held out never prompts what is trained on.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.core.files import atomic_path
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.outputs import JSON, require_output_file
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.corpus.pairs import choose_pairs
from amhctl.corpus.records import iter_records

RULES = Rules(
    Rule(
        "D080",
        Severity.WARNING,
        "no second utterance",
        "The split has no other utterance of the speaker that could be the prompt; the utterance is in no pair.",
    ),
)


@dataclass(frozen=True, slots=True)
class PairDataRequest:
    """What to pair, for which epoch, and where the pairs go."""

    manifest: Path
    output: Path
    epoch: int = 0
    seed: int = 0
    force: bool = False


@dataclass(frozen=True, slots=True)
class PairDataReport(Report):
    """How many pairs there are, and what has no partner."""

    output: Path
    pairs: int
    speakers: int
    epoch: int
    findings: tuple[Finding, ...]

    def payload(self) -> dict[str, object]:
        """Return the counts."""
        return {"output": str(self.output), "pairs": self.pairs, "speakers": self.speakers, "epoch": self.epoch}

    def lines(self) -> Iterable[str]:
        """Return the counts for people."""
        yield str(self.output)
        yield f"{self.pairs} pairs of {self.speakers} speakers for epoch {self.epoch}"


def run(request: PairDataRequest, progress: Progress) -> PairDataReport:
    """Pair the utterances of a manifest.

    Raises
    ------
    DatasetError
        If the manifest cannot be read.
    FileExistsRefused
        If the output exists and is not to be replaced.
    """
    require_output_file(request.output, JSON, force=request.force, sources=(request.manifest,))
    progress.say(f"pairing the utterances of {request.manifest}")
    known = [(record.id, record.speaker, record.split) for record in iter_records(request.manifest)]
    # A speaker in two splits is two: json keeps apart what joining the names would not.
    circles = [json.dumps([speaker, split]) for _, speaker, split in known]
    paired: set[int] = set()
    with atomic_path(request.output) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        for target, prompt in choose_pairs(circles, seed=request.seed, epoch=request.epoch):
            name, speaker, split = known[target]
            pair = {"target": name, "prompt": known[prompt][0], "speaker": speaker}
            stream.write(json.dumps(pair | ({"split": split} if split else {}), ensure_ascii=False) + "\n")
            paired.add(target)
    message = "the speaker has no other utterance in this split"
    hint = "record more of this speaker, or remove the utterance"
    lonely = tuple(
        RULES.finding("D080", name, message, hint) for index, (name, _, _) in enumerate(known) if index not in paired
    )
    speakers = len({known[index][1] for index in paired})
    return PairDataReport(request.output, len(paired), speakers, request.epoch, lonely)
