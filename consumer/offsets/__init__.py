"""Which offsets are finished, and so what may be committed: the ledger of a partition, and a group seen from outside.

Finished offsets come in; commits and their metadata go out. Pure: knows no Kafka client, no lanes and no delivery.
"""
