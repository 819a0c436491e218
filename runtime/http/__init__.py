"""HTTP of both processes: a bare ASGI application and its server, the probes, and small clients for our own questions.

It knows neither half. The webhook client of the endpoints is not here: it is the consumer's.
"""
