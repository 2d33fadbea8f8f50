"""The voice model: network, layout, sampling, resizing. Never sees a letter or a file."""
