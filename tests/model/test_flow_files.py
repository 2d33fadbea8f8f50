"""Names of the files of a FlowVoice: each another one, and what they are by their ends."""

from amhctl.model.flow_files import GRAPHS, MEL_GRAPH, PROSODY_GRAPH, SPEAKERS_FILE, TEXT_GRAPH


def test_names_are_plain_and_differ() -> None:
    assert GRAPHS == (TEXT_GRAPH, PROSODY_GRAPH, MEL_GRAPH)
    assert len({*GRAPHS, SPEAKERS_FILE}) == 4
    assert all(name.endswith(".onnx") for name in GRAPHS)
    assert SPEAKERS_FILE.endswith(".safetensors")
