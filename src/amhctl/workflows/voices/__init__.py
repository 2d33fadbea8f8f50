"""``amhctl voices``: the voices at hand."""
