"""Reading Kafka: the thread of a group's member, ranges read from outside any group, and records decoded.

Messages of the client come in; `Record`s go out, in log order. Alone in this half it imports Kafka's client. It knows
nothing of lanes, endpoints or HTTP: whom it reads for is a `LogListener`.
"""
