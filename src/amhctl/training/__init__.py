"""Loops that change weights."""
