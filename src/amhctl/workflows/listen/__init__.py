"""The workflows of ``amhctl listen``."""
