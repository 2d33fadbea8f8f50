"""Written Amharic becomes spoken Amharic, and spoken Amharic becomes phones. Knows no audio and no ids."""
