"""Errors, findings, reports, units, files and progress: the standard library only."""
