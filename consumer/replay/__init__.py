"""Replay: a range of the log delivered again, beside live delivery."""
