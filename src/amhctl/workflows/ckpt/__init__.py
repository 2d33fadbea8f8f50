"""``amhctl ckpt``: checkpoints."""
