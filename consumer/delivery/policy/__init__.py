"""The decisions of delivery: outcome, attempts, breaker, limits, Retry-After, and the gate that joins them.

Results and times come in; decisions go out. Pure: knows no lanes at work, no HTTP client and no task.
"""
