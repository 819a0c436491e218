"""A local Apache Kafka for `make run`, the tests and the benchmarks: brokers on the loopback, data in one folder.

Not for production, not part of the wheel, and knows nothing of the bridge's topics or configuration.
"""

from broker.errors import LocalKafkaError
from broker.local_cluster import LocalCluster
from broker.local_kafka import LocalKafka
from broker.node import Door
from broker.ports import free_port
from broker.program import Program
from broker.releases import KAFKA_3_9, NEWEST

__all__ = ["KAFKA_3_9", "NEWEST", "Door", "LocalCluster", "LocalKafka", "LocalKafkaError", "Program", "free_port"]
