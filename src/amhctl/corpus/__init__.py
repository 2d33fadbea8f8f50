"""Utterances and texts as they lie on disk: manifests, other tools' formats, splits. Knows no codes."""
