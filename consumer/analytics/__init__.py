"""The log for analysis: exported to files, and asked by SQL."""
