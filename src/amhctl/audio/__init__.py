"""Files become waveforms and waveforms become features. Knows no text."""
