"""What other registries send: the body of a POST in, the events in it out. Pure.

A source is one sender of POSTs, with its format by the configuration. What comes in is the body as it came, or less
what the configuration drops of it; what goes out are events of the registry's model. It knows nothing of HTTP, of Kafka
or of who may send.

    post         what a reader gets
    reading      what a reader gives, and how it says that a body is not of its format
    formats      the readers, and what else there is to know of a format
    json_body    a body as JSON, of which members are taken that fit their type
    image_names  a host, a tag or a digest in the name of an image, and the URL of a manifest
    times        a time as senders write it, as text
    cloud_event  CloudEvents in the modes of the HTTP binding, of which several formats are

Each format has a module of its name, with a function `read(post)`. It is total: whatever JSON comes, it gives a
`PostReading` or raises `NotThisFormatError`; a member of another type is as if absent.
"""
