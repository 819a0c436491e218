"""Spans: what a trace shows of an event's way, if the configuration asks for it (`tracing.enabled`).

In come the steps of the two halves, as `Tracing` takes them; out go spans to whatever the OTEL_ variables name. Only
`open_telemetry.py` knows the library, which is an extra and is imported when it is asked for. Nothing here knows an
event, Kafka or HTTP. Without spans a trace goes through the log all the same (`schemas/trace_context.py`).
"""
