"""A checkpoint becomes a ready voice, and text becomes a waveform."""
