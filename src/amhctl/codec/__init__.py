"""Waveforms become discrete codes and back. Never sees a letter."""
