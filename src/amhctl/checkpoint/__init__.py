"""A checkpoint folder: safetensors and a manifest, checked on every load."""
