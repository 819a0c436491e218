"""The webhook: deliveries rendered in the endpoint's format, signed, and POSTed once.

Deliveries come in; an answer, or why there was none, goes out. It knows nothing of retries, breakers or ledgers.
"""
