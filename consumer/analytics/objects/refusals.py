"""What a store refuses whoever asks again: an error of the configuration, and not of the moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from consumer.analytics.files import OutputError
from consumer.analytics.objects.bucket import StorageError


@contextmanager
def refusals_told() -> Iterator[None]:
    """Within, a fault that only another configuration helps is an OutputError."""
    try:
        yield
    except StorageError as error:
        if error.is_lasting:
            raise OutputError(str(error)) from error
        raise
