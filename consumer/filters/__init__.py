"""Which events are meant: the rules of an endpoint, and the selection of a command line.

An event comes in; the rule against it comes out, or none. Pure: knows no log, no endpoint at work and no clock.
"""
