"""The commands of ``amhctl recogniser``."""
