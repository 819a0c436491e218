"""Speed, measured: each file is a command that prints figures as ratios against a baseline of the same run."""
