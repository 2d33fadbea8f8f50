"""Listening tests: what a test is, in which order each person hears it, what they answer, and what follows from it."""
