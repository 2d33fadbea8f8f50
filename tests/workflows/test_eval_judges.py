"""Twin of ``workflows/eval_judges.py``: which recogniser counts what."""

from pathlib import Path

import pytest

from amhctl.core.errors import CheckpointError, OptionError
from amhctl.recogniser.catalog import DEFAULT_RECOGNISER
from amhctl.recogniser.scoring import SpeechScorer
from amhctl.workflows.eval_judges import load_judges


def test_the_bundled_recogniser_counts_phones_and_words() -> None:
    judges = load_judges(DEFAULT_RECOGNISER, needs_phones=True)
    assert isinstance(judges.scorer, SpeechScorer)
    assert judges.recogniser is not None
    assert judges.scorer.identity.name == DEFAULT_RECOGNISER == judges.recogniser.name


def test_no_recogniser_counts_nothing_and_tells_no_pairs_apart() -> None:
    judges = load_judges(None, needs_phones=False)
    assert (judges.scorer, judges.recogniser) == (None, None)
    with pytest.raises(OptionError, match="minimal pairs need a recogniser"):
        load_judges(None, needs_phones=True)


def test_what_is_no_recogniser_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="recogniser not found"):
        load_judges(str(tmp_path), needs_phones=False)
