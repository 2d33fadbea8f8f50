"""The typed documents that describe a run. Knows no tensors and no files but TOML."""
