"""What can go wrong with the local Kafka, as one error that the command line prints as it is."""


class LocalKafkaError(Exception):
    """The local Kafka cannot be fetched or started; the text is one line that says why and, if known, what to do."""
