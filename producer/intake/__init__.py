"""`registry-bridge serve`: the HTTP front that takes a registry's envelopes.

POSTs come in; records go to the events topic, and a 200 goes out once Kafka has them all. It knows nothing of the
Listener, of files or of endpoints.
"""
