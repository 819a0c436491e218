"""Stands before the real one in the path of every program that tests start: only tools of developers bring that one.

structlog would take it for its tracebacks: no user's log looks so, and each command would start a third later.
"""

raise ImportError("rich is no dependency of ours")
