"""How the table of geminates is learnt: what the tagger is trained on, and its training."""
