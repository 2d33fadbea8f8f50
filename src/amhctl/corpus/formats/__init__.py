"""How other tools write a speech data set: one file a format, its reader beside its writer. Knows no manifest."""
