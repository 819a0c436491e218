"""The consuming half: from the log to endpoints, dead letters, replays, exports and reports."""
