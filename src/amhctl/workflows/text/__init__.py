"""``amhctl text``: how written text is read."""
