"""``amhctl voices``: the voices available."""
