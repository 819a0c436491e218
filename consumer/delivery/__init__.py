"""From a batch that may be sent to a request, its outcome, and what follows from it.

Batches come in from the lanes; settled deliveries and causes for dead letters go out. It knows nothing of Kafka: who
holds the partitions is asked through `Claims`, who sends and buries is a `Carrier`.
"""
