"""What both processes are made of: configuration, HTTP, Kafka, logs and command lines.

    config/     one YAML file to typed settings, or every fault in it
    http/       a bare ASGI application and its server, the probes, clients for our own questions
    kafka/      the acknowledged writer, topics, groups and their offsets, whether Kafka answers
    cli/        options, signals, streams, exit statuses
    processes/  several processes that do one work, and their parent
    reloading/  another configuration for a process that runs
    tracing/    spans, if the configuration asks for them

Beside them stand small things that have no room of their own: clock, units, counts, times, waits between tries, logs,
metrics, errors, and the client of a schema registry. Nothing here knows either half.
"""
