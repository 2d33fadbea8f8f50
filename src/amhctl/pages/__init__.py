"""Pages for a browser: what each shows, and its template. Measures nothing and decides nothing."""
