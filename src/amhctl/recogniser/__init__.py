"""Recognising Amharic speech: phones by CTC, written words by a beam search. What judges a voice."""
