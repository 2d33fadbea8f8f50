"""The code store: discrete codes and features of many utterances on disk, and how they come there."""
