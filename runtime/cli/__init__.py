"""Command lines from their arguments to their exit status: options, signals, streams, and text for a terminal.

Arguments come in; a command runs, its errors become lines, and a signal ends it in order. It knows neither half, and no
command.
"""
