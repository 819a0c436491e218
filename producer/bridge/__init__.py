"""The bridge: a Listener that makes an event of each call and writes it to a sink.

Calls come in; events in the registry's shape go out. It knows no Kafka, no server and no configuration.
"""
