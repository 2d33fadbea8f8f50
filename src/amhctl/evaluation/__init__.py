"""Measurements of synthesised speech against natural speech."""
