"""Random histories of a sink whose writes take any time and cannot be broken off, in virtual time."""

import asyncio
import contextlib
from collections import defaultdict
from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from consumer.delivery.policy.outcome import NoAnswer
from consumer.delivery.sink.results import WRITTEN
from consumer.delivery.sink.running_writes import RunningWrites
from consumer.delivery.sink.sink_sender import SinkSender
from consumer.delivery.webhook.large_events import LargeEvents
from consumer.lanes.delivery import Delivery, Lane
from runtime.config import EndpointSettings
from schemas.event import Event, Target
from tests.kit.examples import examples
from tests.kit.sendables import sendable
from tests.kit.virtual_time import VirtualLoop

TIMEOUT_S = 1.0
MOST_TRIES = 50
MAYBE_SLOW = st.sampled_from([0.0, 0.3, 1.0, 1.5, 4.0])
BROKEN_OFF_AFTER = st.none() | st.sampled_from([0.0, 0.2, 0.7])


@dataclass(frozen=True)
class Plan:
    """What happens to the events of one repository."""

    seconds: list[float]
    """Of the write of each event."""
    broken_off: list[float | None]
    """After which the tries are broken off, one after another, as when a partition goes to another worker and back."""


PLANS = st.lists(
    st.builds(Plan, st.lists(MAYBE_SLOW, min_size=1, max_size=4), st.lists(BROKEN_OFF_AFTER, max_size=6)),
    min_size=1,
    max_size=3,
)


@dataclass
class StubbornSink:
    """Its writes take their time, whoever cancels them, as those on a thread do."""

    plans: list[Plan]
    under_way: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    most: int = 0
    """Writes of one repository at once."""
    written: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    async def write(self, event: Event) -> None:
        """Take as long as planned."""
        repository = event.target.repository
        self.under_way[repository] += 1
        self.most = max(self.most, self.under_way[repository])
        ends = asyncio.get_running_loop().time() + self.plans[int(repository)].seconds[int(event.id)]
        while (left := ends - asyncio.get_running_loop().time()) > 0:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(left)
        self.under_way[repository] -= 1
        self.written[repository].append(int(event.id))

    async def close(self) -> None:
        """Nothing is open."""
        assert not any(self.under_way.values())


def delivery(repository: int, number: int) -> Delivery:
    """One event of a repository."""
    event = Event(id=str(number), action="push", target=Target(repository=str(repository)))
    record = replace(sendable(event, offset=100 * repository + number)[0], key=str(repository).encode())
    return Delivery(record, event, Lane((0, record.key or b"")), 0.0, None)


async def deliver(sender: SinkSender, repository: int, plan: Plan) -> None:
    """As lanes do: one after another, each until it is written."""
    broken_off = iter(plan.broken_off)
    for number in range(len(plan.seconds)):
        for left in reversed(range(MOST_TRIES)):
            if await tried(sender, delivery(repository, number), next(broken_off, None)) is WRITTEN:
                break
            assert left, "it is tried for ever"


async def tried(sender: SinkSender, one: Delivery, broken_off_s: float | None) -> object:
    """One try, which may be broken off."""
    sending = asyncio.create_task(sender.send([one]))
    await asyncio.wait((sending,), timeout=broken_off_s)
    if not sending.done():
        sending.cancel()
        await asyncio.wait((sending,))
        return None
    found = sending.result()
    assert found is WRITTEN or isinstance(found, NoAnswer)
    return found


@settings(max_examples=examples(2000, suite=200))
@given(PLANS)
@example([Plan([1.5, 0.0], [])])
@example([Plan([4.0, 0.0], [0.2])])
def test_no_write_overtakes_another(plans: list[Plan]) -> None:
    """One at a time for each repository, in order, however long writes take and whatever is broken off.

    Each is written once as long as its worker lives: the result of a write that was given up is kept for the next try.
    """
    sink = StubbornSink(plans)

    async def history() -> None:
        audit = EndpointSettings(name="audit", sink="a:b", timeout_s=TIMEOUT_S, concurrency=8)
        sender = SinkSender(audit, Plain(sink), RunningWrites(), LargeEvents())
        await asyncio.gather(*(deliver(sender, number, plan) for number, plan in enumerate(plans)))
        await sender.close()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(history())
    assert sink.most == 1
    assert [sink.written[str(number)] for number in range(len(plans))] == [
        list(range(len(plan.seconds))) for plan in plans
    ]


class Plain:
    """A factory on the loop: virtual time has no threads."""

    def __init__(self, sink: StubbornSink) -> None:
        self._sink = sink

    async def __call__(self) -> StubbornSink:
        """The sink."""
        return self._sink
