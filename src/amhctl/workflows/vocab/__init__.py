"""``amhctl vocab``: vocabularies, and checkpoints that grow with them."""
