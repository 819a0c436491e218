"""Kafka on the producing and administrating side: writing, topics, groups, and whether the cluster answers.

Settings and records come in; what Kafka has acknowledged, or what the cluster says of itself, goes out, and errors
name their cause once. With `consumer/log/` alone it imports Kafka's client; it knows no event and no command.
"""
