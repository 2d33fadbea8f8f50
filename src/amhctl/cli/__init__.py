"""The terminal: options in, reports out. The only room that prints."""
