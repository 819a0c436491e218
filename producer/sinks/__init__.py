"""Where a bridge writes: the `Sink` protocol, and the sink that is a Kafka topic.

Events come in; a call returns once they are kept, and raises otherwise. It knows no Listener and no server.
"""
