"""Kafka on the producing and administrating side: the only place outside `consumer/log.py` that imports its client."""
