"""Utterances of a code store as a voice is trained on them: items, batches, their order."""
