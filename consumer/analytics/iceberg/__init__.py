"""An Iceberg table as the output of an export: data files, and in the same snapshot the offsets that they cover.

Batches of records come in, snapshots go out. Each commit is conditional on the snapshot that was read, so that of two
exports at once one goes on and the other stops. Needs the extra `iceberg`; knows nothing of Kafka.
"""
