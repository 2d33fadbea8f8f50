"""How well phones are right: error rates, and pairs of words that differ in one contrast."""
