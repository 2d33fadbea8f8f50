"""One file per verb: build the pieces, call them in order, return a report. Never prints."""
