"""Spoken text becomes ids of an immutable vocabulary. Loads no torch."""
