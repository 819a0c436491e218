"""Tables and views of the events topic in an engine's own SQL, made from the schema. Pure.

In come the schema of events, an engine's name and where the topic is; out goes one text. What an event's members become
is said once (`columns.py`), how an engine says it in one file an engine. The room knows no Kafka, file or setting.
"""
