"""``amhctl data``: manifests."""
