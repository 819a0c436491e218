"""What is where now: the tags that a partition's repositories have, by a fold over its records.

Pure. Events come in, in the order of the log; rows of the topic of tags go out. It must not know Kafka, nor how rows
get to the topic and back: see `consumer/materialize/`.
"""
