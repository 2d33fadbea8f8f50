"""Versions of voices: those of the networks, as checkpoints that are about name them."""

from amhctl.model import flow_voice, unified_voice
from amhctl.model.versions import FLOW_VOICE, UNIFIED_VOICE


def test_versions_are_those_of_checkpoints_that_are_about() -> None:
    assert (UNIFIED_VOICE, FLOW_VOICE) == ("unified-voice-1", "flow-voice-1")
    assert unified_voice.MODEL_VERSION == UNIFIED_VOICE
    assert flow_voice.MODEL_VERSION == FLOW_VOICE
