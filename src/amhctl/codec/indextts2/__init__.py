"""The acoustic half of IndexTTS-2: what its semantic codes are, and how they become speech in a cloned voice."""
