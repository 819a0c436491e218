"""Faults of a store that last, and others."""

import pytest

from consumer.analytics.files import OutputError
from consumer.analytics.objects.bucket import StorageError
from consumer.analytics.objects.refusals import refusals_told


def test_only_lasting_faults_are_refusals() -> None:
    """They end the command as bad input does; a fault of the moment ends it as a failure."""
    with pytest.raises(OutputError, match=r"^access is denied$"), refusals_told():
        raise StorageError("access is denied", is_lasting=True)
    with pytest.raises(StorageError, match=r"^it answers 500$"), refusals_told():
        raise StorageError("it answers 500")
