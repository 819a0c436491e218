"""Facts of workers for pages: endpoints in every state, as a worker would tell of them; made up, the same each time."""

import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from msgspec.structs import replace

from consumer.attempts.event_attempt import EventAttempt
from consumer.endpoint.latency import DELIVERY_SECONDS
from consumer.worker.page.facts import (
    BreakerFacts,
    EndpointCard,
    GroupFacts,
    MemberFacts,
    WorkerFacts,
)
from consumer.worker.page.history import Rates
from consumer.worker.page.states import EndpointState

HOSTILE = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>'
"""A text that must stay one, wherever it comes from."""
LONG = "webhook-relay-with-a-rather-long-name.production.eu-central-1"
_ALL = tuple(range(12))
_BUCKETS = len(DELIVERY_SECONDS) + 1
_NOTHING = ((0,) * _BUCKETS,) * 2


def some_facts(**others: Any) -> WorkerFacts:
    """A worker on a bad day: every state once."""
    made = Facts(Random(3), round(time.time() * 1000))
    return replace(made.worker(made.every_state()), **others)


def calm_facts() -> WorkerFacts:
    """A worker whose endpoints have all that there is."""
    made = Facts(Random(5), round(time.time() * 1000))
    names = ("ci", "scanner", "audit-log", "mirror.eu-west", "chat-ops", "search-index")
    cards = [
        made.card(name, EndpointState.DELIVERING if at % 2 else EndpointState.CAUGHT_UP)
        for at, name in enumerate(names)
    ]
    return made.worker(cards)


def many_facts(count: int) -> WorkerFacts:
    """So many endpoints, most of which have what they want."""
    made = Facts(Random(7), round(time.time() * 1000))
    kinds = made.every_state()
    cards = [
        kinds[at % len(kinds)] if at % 20 < 2 else made.card("ci", EndpointState.DELIVERING) for at in range(count)
    ]
    return made.worker([replace(card, endpoint=f"{card.endpoint[:20]}-{at:03}") for at, card in enumerate(cards)])


def first_facts() -> WorkerFacts:
    """A worker before the first event."""
    made = Facts(Random(1), round(time.time() * 1000))
    quiet: Rates = [None] * 58 + [0.0, 0.0]
    card = made.card("ci", EndpointState.CAUGHT_UP, rates=quiet, rate=0.0, in_flight=0, answers=_NOTHING)
    return replace(made.worker([card]), accepted=quiet, accepted_now=0.0, log_end=0)


def made_attempts(count: int) -> Sequence[EventAttempt]:
    """The last attempts of an endpoint, of which the last few failed; one answered with what must stay a text."""
    made = Facts(Random(9), round(time.time() * 1000))
    answers = (HOSTILE, "upstream connect error or disconnect", "")
    return [made.attempt(at, status=503, answer=answers[at]) if at < 3 else made.attempt(at) for at in range(count)]


class Facts:
    """Makes them of one moment.

    Args:
        random: varies the numbers.
        now_ms: the moment, since the epoch.
    """

    def __init__(self, random: Random, now_ms: int) -> None:
        self._random = random
        self._now_ms = now_ms

    def worker(self, cards: Sequence[EndpointCard]) -> WorkerFacts:
        """A worker with these endpoints."""
        return WorkerFacts(cards=cards, accepted=self.rates(40, 0.3), accepted_now=41.2, log_end=99_999)

    def card(self, name: str, state: EndpointState, **others: Any) -> EndpointCard:
        """An endpoint that does well, but for what is said otherwise."""
        made: dict[str, Any] = {
            "url": f"https://{name}.example.com/hooks/registry",
            "lag": 0,
            "lag_here": 0,
            "rates": self.rates(12, 0.4),
            "rate": 12.4,
            "answers": (self.answers(), self.answers()),
            "in_flight": 2,
            "limit": 64,
            "breaker": BreakerFacts("closed"),
            "letters": {},
            "open_letters": {},
            "group": GroupFacts(name=f"registry-worker.{name}", here=_ALL, every=_ALL, unserved=()),
        }
        return EndpointCard(endpoint=name, state=state, **{**made, **others})

    def every_state(self) -> list[EndpointCard]:
        """Each state once, in the order of a configuration."""
        states = EndpointState
        return [
            self.card("ci", states.DELIVERING, lag=14, lag_here=14, oldest_ms=self._ago(2), in_flight=6),
            self._failing(),
            self.card("audit-log", states.CAUGHT_UP, rates=self.rates(0.4, 0.9), rate=0.4, in_flight=0),
            self._blocked(),
            self._refusing(),
            self._behind(),
            self.card(
                "billing",
                states.PAUSED,
                lag=811,
                oldest_ms=self._ago(224_640),
                rate=0.0,
                reasons=("paused by an operator",),
            ),
            self._unknown(),
            self.card("standby-eu", states.STANDBY, rates=[0.0] * 60, rate=0.0, answers=_NOTHING),
            self.card(
                "held", states.HELD, lag=90, oldest_ms=self._ago(20), reasons=("paused by Retry-After for 25 s",)
            ),
            self.card(
                "retried",
                states.RETRYING,
                lag=1,
                oldest_ms=self._ago(3),
                reasons=("1 repository waits for the next try",),
            ),
            self.card("starting", states.STARTING, lag=None, rates=[None] * 60, rate=None, answers=_NOTHING),
            self.card(
                "lost",
                states.NOT_READING,
                reasons=("Kafka does not answer its consumer",),
                lag=7,
                oldest_ms=self._ago(70),
            ),
            self.card(
                "half",
                states.UNSERVED,
                reasons=("no worker has had partition 3 for 92 s",),
                lag=4,
                oldest_ms=self._ago(92),
            ),
        ]

    def rates(self, base: float, noise: float) -> Rates:
        """An hour around a rate."""
        waves = (math.sin(minute / 7 + base) for minute in range(60))
        spread = noise / 2
        return [round(max(0.0, base * (1 + noise * wave + self._random.uniform(-spread, spread))), 2) for wave in waves]

    def answers(self, typical: float = 4.5) -> tuple[int, ...]:
        """A histogram around a bucket."""
        counts = [0] * _BUCKETS
        for _ in range(300):
            counts[min(_BUCKETS - 1, max(0, int(self._random.gauss(typical, 1.3))))] += 1
        return tuple(counts)

    def attempt(self, at: int, *, status: int | None = 200, error: str = "", answer: str = "") -> EventAttempt:
        """One that ended a while ago."""
        return EventAttempt(
            endpoint="",
            time=datetime.fromtimestamp(self._ago(1 + 7 * at) / 1000, UTC),
            event_id=f"d9c1e8f0-{at:04x}-4b1c-9a55-0a1b2c3d4e5f",
            topic="registry.events",
            partition=at % 12,
            offset=12_000 + at,
            repository=self._random.choice(["library/app", "team/web", "infra/proxy-cache"]),
            action=self._random.choice(["push", "pull"]),
            number=1 if status == 200 else 3,
            outcome="delivered" if status == 200 else "unavailable",
            status=status,
            error=error,
            seconds=self._random.uniform(0.004, 0.2),
            next_try_s=None,
            answer=answer,
        )

    def _ago(self, seconds: float) -> int:
        return self._now_ms - round(seconds * 1000)

    def _failing(self) -> EndpointCard:
        reset = "upstream connect error or disconnect/reset before headers. reset reason: connection termination"
        return self.card(
            "scanner",
            EndpointState.FAILING,
            lag=48_211,
            lag_here=48_211,
            oldest_ms=self._ago(4_512),
            rates=self.rates(9, 0.4)[:22] + [0.0] * 38,
            rate=0.0,
            in_flight=0,
            limit=1,
            breaker=BreakerFacts("open", "status 503, 10 in a row", self._now_ms + 42_000),
            failure=self.attempt(2, status=503, answer=reset),
            answers=(_NOTHING[0], self.answers(8)),
        )

    def _blocked(self) -> EndpointCard:
        schema = "record 7:88123 has the schema fingerprint 9f2c11aa00b1c3d4, which this release does not know"
        return self.card(
            "mirror.eu-west",
            EndpointState.BLOCKED,
            lag=1_204,
            oldest_ms=self._ago(920),
            reasons=(f"partition 7 needs a newer worker: {schema}",),
            open_letters={"rejected": 12, "exhausted": 3},
            failure=self.attempt(9, status=None, error="timeout: no answer within 1 s"),
        )

    def _refusing(self) -> EndpointCard:
        return self.card(
            "chat-ops",
            EndpointState.REFUSING,
            lag=31,
            oldest_ms=self._ago(310),
            breaker=BreakerFacts("refused", "status 422; only repositories that it refused wait", self._now_ms + 9_000),
            open_letters=None,
            letters={"rejected": 4},
            failure=self.attempt(4, status=422, answer=HOSTILE),
            reasons=("2 repositories wait for the next try, the first in 9 s",),
        )

    def _behind(self) -> EndpointCard:
        here, elsewhere = tuple(range(6)), tuple(range(6, 11))
        members = (
            MemberFacts("a", "10.2.0.14", here, is_here=True),
            MemberFacts("b", "10.2.0.15", elsewhere, is_here=False),
        )
        return self.card(
            "search-index",
            EndpointState.BEHIND,
            lag=120_443,
            lag_here=60_000,
            oldest_ms=self._ago(7_900),
            rates=self.rates(300, 0.1),
            rate=311.0,
            in_flight=64,
            reasons=("64 requests at once is the limit; answers take 0.2 s",),
            answers=(self.answers(8), self.answers(8)),
            group=GroupFacts(name="g", here=here, every=_ALL, members=members, unserved=(11,)),
        )

    def _unknown(self) -> EndpointCard:
        return self.card(
            LONG,
            EndpointState.UNKNOWN,
            url="https://relay.internal.example.com/" + "long-path/" * 14,
            lag=None,
            lag_here=None,
            rates=[None] * 60,
            rate=None,
            answers=_NOTHING,
            breaker=None,
            letters=None,
            open_letters=None,
            in_flight=None,
            reasons=("process 3: it does not answer within 1.5 s",),
            group=GroupFacts(name="g", here=(0, 1), obstacle="the topic's partitions are not known"),
        )
