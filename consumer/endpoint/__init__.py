"""One endpoint, alive: its log, its assignment, its lanes and dispatcher, and what it says of itself.

What the log reads comes in; commits, requests and dead letters go out through collaborators. It knows nothing of other
endpoints, of commands, or of how a process is put together.
"""
