"""Versions of the kinds of voices, as manifests name them."""

UNIFIED_VOICE = "unified-voice-1"
FLOW_VOICE = "flow-voice-1"
