"""Replay: a range of the log delivered again, beside live delivery.

A plan comes in; deliveries and a report go out. It uses the live engine under a group of its own, and never touches
the group of an endpoint.
"""
