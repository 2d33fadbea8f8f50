"""What lies on disk as a dataset, and how it becomes a batch."""
