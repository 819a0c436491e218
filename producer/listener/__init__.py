"""What a registry calls: the `Listener` protocol, and `listen`, which decorates a repository service with it.

Calls of a registry come in; the same calls go out, and their Listener hears of them. It knows nothing of events, sinks
or HTTP.
"""
