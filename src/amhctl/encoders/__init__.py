"""Networks that hear whose voice a clip has and what is said in it, with weights from elsewhere."""
