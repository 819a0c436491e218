"""The releases of Apache Kafka that can be started here."""

from pathlib import Path

from broker.program import Program

NEWEST = Program("Kafka", Path(__file__).with_name("kafka-4.lock.toml"))
# The last line whose brokers, as they come, serve consumer groups of the classic protocol alone.
KAFKA_3_9 = Program("Kafka", Path(__file__).with_name("kafka-3.9.lock.toml"))
