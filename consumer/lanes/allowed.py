"""Of which lanes batches may start: what a gate says to the lanes. Pure."""

from enum import Enum


class Allowed(Enum):
    """Of which lanes batches may start now."""

    ALL = "all"
    FRESH = "fresh"
    """Of those that were not refused."""
    PROBES = "probes"
    """One batch at a time, as a probe."""
