"""What is wrong with a manifest's texts and recordings, and what can be repaired. Knows no codes."""
