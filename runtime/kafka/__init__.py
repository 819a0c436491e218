"""Kafka on the producing and administrating side: the only place outside `consumer/log/` that imports its client."""
