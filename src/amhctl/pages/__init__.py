"""Pages for a browser, and what is drawn on them. Measures nothing and decides nothing."""
