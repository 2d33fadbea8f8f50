"""Spoken Amharic becomes phones: rules, epitran, transphone, and the gated chain of them."""
