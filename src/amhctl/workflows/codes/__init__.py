"""``amhctl codes``: code stores."""
