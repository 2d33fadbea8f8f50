"""Twin of ``config/stages.py``."""

import pytest
from pydantic import ValidationError

from amhctl.config.load import load_run_config
from amhctl.config.schema import TrainingConfig
from amhctl.config.stages import TrainingStage, find_stage_faults


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ([("a", 5), ("a", 0)], "two stages have the name a"),
        ([("a", 5), ("b", 5), ("c", 0)], "stage b ends at step 5"),
        ([("a", 0), ("b", 0)], "stage a ends at step 0"),
        ([("a", 5), ("b", 20)], "stage b is the last"),
        ([("a", 20), ("b", 0)], "stage b would begin after step 20"),
    ],
)
def test_stages_that_cannot_follow_one_another_are_told(stages: list[tuple[str, int]], words: str) -> None:
    config = [TrainingStage(name=name, until=until) for name, until in stages]
    assert len(find_stage_faults(config, 20)) == 1
    assert words in find_stage_faults(config, 20)[0]
    with pytest.raises(ValidationError, match=words):
        TrainingConfig(steps=20, stages=tuple(config))


def test_three_stages_are_read_from_one_setting() -> None:
    stages = (
        '[{name="base", until=4}, {name="apart", until=6, speaker_adversary=0.5}, {name="fine", freeze=["emotion"]}]'
    )
    sets = ("training.steps=7", f"training.stages={stages}")
    config = load_run_config(preset="tiny", project=None, sets=sets, environment={}).config.training
    assert [stage.name for stage in config.stages] == ["base", "apart", "fine"]
    assert config.stages[2].freeze == ("emotion",)
    assert config.has_speaker_adversary
    assert not TrainingConfig().has_speaker_adversary
