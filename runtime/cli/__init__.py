"""Command lines from their arguments to their exit status: options, signals, streams, and text for a terminal.

It knows neither half, and no command.
"""
