"""Attempts: what every endpoint was sent and what it answered, event by event, for whoever asks afterwards.

In come the attempts of delivery. Out go answers to questions about the last of them. It knows nothing of Kafka's
groups, of HTTP, and of when something is sent.
"""
