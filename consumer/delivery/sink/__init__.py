"""The sink: an object in Python that is called with each event, in place of a POST.

Deliveries come in; what came of a call goes out. It knows nothing of HTTP, retries, breakers or ledgers.
"""
