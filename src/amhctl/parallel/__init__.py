"""Work in several processes, here or on a cluster. Knows nothing of the work."""
