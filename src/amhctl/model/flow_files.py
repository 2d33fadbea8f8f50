"""Names of the files of a FlowVoice beside its weights."""

SPEAKERS_FILE = "speakers.safetensors"
"""The speaker embedding of each speaker, by name, shape (speaker_dim,)."""
TEXT_GRAPH, PROSODY_GRAPH, MEL_GRAPH = GRAPHS = ("text.onnx", "prosody.onnx", "mel.onnx")
"""The network as ONNX graphs: reading text, drawing prosody, drawing the spectrogram."""
