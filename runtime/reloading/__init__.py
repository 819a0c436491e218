"""The reload of a configuration in a running process: who asks for it, who loads, and what is told of it.

A request comes in (SIGHUP, or a file that has changed); whoever does the process's work gets the new settings. It knows
neither half: a half says what it can take while it runs, by its `Reloadable`.
"""
