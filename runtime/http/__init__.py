"""HTTP of both processes: a bare ASGI application and its server, the probes, and small clients for our own questions.

Requests come in and answers go out, or the other way round, within limits of time and size. It knows neither half. The
webhook client of the endpoints is not here: it is the consumer's.
"""
