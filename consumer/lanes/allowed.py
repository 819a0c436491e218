"""Lanes whose batches may start now, as the gate of an endpoint decides. Pure."""

from enum import Enum


class Allowed(Enum):
    """Lanes whose batches may start now."""

    ALL = "all"
    FRESH = "fresh"
    """Those that were not refused."""
    PROBES = "probes"
    """One batch at a time, as a probe."""
