"""Layers. Sees numbers only: no configuration, no letters."""
