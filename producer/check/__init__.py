"""`registry-bridge check`: the configuration held against the cluster, the endpoints and the registry's own behaviour.

Settings come in; findings go out. It changes nothing, sends no event, and knows nothing of how events are taken.
"""
