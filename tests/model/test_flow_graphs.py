"""The graphs of a FlowVoice: all three, the same bytes for the same voice, every weight of the spoken path in them."""

from pathlib import Path

from support.flow_voices import CODED_FLOW, TINY_FLOW, tiny_flow
from support.graphs import WEIGHTS, save_weights

from amhctl.model.flow_files import GRAPHS
from amhctl.model.flow_graphs import write_flow_graphs


def test_the_same_voice_gives_the_same_graphs(tmp_path: Path) -> None:
    weights = save_weights(tmp_path, tiny_flow().state_dict())
    first = write_flow_graphs(TINY_FLOW, weights, WEIGHTS)
    assert tuple(first) == GRAPHS
    assert write_flow_graphs(TINY_FLOW, weights, WEIGHTS) == first


def test_every_weight_is_used_but_those_of_codes(tmp_path: Path) -> None:
    """Scales are applied outside of the graphs."""
    weights = save_weights(tmp_path, tiny_flow(CODED_FLOW).state_dict())
    content = b"".join(write_flow_graphs(CODED_FLOW, weights, WEIGHTS).values())
    unused = {name for name in weights if name.encode() + b"j" not in content and name.encode() not in content}
    assert {name.split(".")[0] for name in unused} == {
        "mel_standard",
        "prosody_standard",
        "noise_standard",
        "code_embeddings",
        "code_input",
    }
