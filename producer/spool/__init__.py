"""The spool: where the intake keeps events on its own disk while Kafka cannot take them.

Records come in from the intake, and are answered when they are on disk; they go out to the events topic, in order, when
Kafka is back. It knows nothing of HTTP, of envelopes or of endpoints.

    course           which way a record goes now: straight to Kafka, through the spool, or back to its sender (pure)
    spooled_record   a record as a row: its content, its checksum, and the record that Kafka gets (pure)
    write_ahead_log  what SQLite's log holds, and what of it cannot be read (pure)
    amount           how much it holds (pure)
    room             what its events and its files may take on disk (pure)
    directory, lock  the folder, its file system, and the one process that has it
    file_place       whether the open files are still where they were
    database_file    what the database file says by itself, before SQLite may write to it
    database         the rows on disk, for one thread
    store            that thread: groups of appends under one fsync, and the way back after a fault of the disk
    forwarder        takes rows from the store to Kafka
    spooled_topic    the events topic as the intake sees it, with all of this behind it
"""
