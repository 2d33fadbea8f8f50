"""``amhctl codec``: codecs and vocoders."""
