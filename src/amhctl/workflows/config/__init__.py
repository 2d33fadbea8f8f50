"""``amhctl config``: settings."""
