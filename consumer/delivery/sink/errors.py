"""What a sink raises to say what is at fault: the event, or what it writes to. Pure."""


class EventRejectedError(Exception):
    """The sink will never take this event: it is tried three times at most, and is a dead letter then."""


class SinkUnavailableError(Exception):
    """The sink cannot take any event now: they wait, and none of them is a dead letter for that."""

    def __init__(self, why: str = "", *, retry_after: float | None = None) -> None:
        """Say why, for people.

        Args:
            why: stands in logs and on the status page.
            retry_after: seconds for which the sink is to be left alone, one hour at most.
        """
        super().__init__(why)
        self.retry_after = retry_after
