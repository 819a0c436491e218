"""Draws the schedule of a seed: the same seed gives the same schedule, always. Pure."""

import random
from collections.abc import Sequence
from typing import Final

from tests.chaos import plan
from tests.chaos.plan import INTAKES, SENDERS, WORKERS, EndpointPlan, Fault, Kind, LoadPlan, Schedule

PROFILES: Final = {
    "graceful": plan.GRACEFUL,
    "crashes": (*plan.CRASHES, Kind.WORKER_STOPPED, Kind.WORKER_ADDED),
    "brokers": (*plan.BROKERS, Kind.WORKER_STOPPED, Kind.WORKER_KILLED),
    "network": plan.LINKS,
    "endpoints": (*plan.ENDPOINTS, *plan.LETTERS, Kind.WORKER_STOPPED),
    "everything": (
        *plan.GRACEFUL,
        *plan.CRASHES,
        *plan.BROKERS,
        *plan.LINKS,
        *plan.LETTERS,
        *plan.ENDPOINTS,
    ),
}
"""The faults that a run of each family may have. `graceful` has none after which anything may come twice."""
WEIGHTS: Final = {"graceful": 2, "crashes": 2, "brokers": 2, "network": 2, "endpoints": 2, "everything": 4}
SPOOLED: Final = frozenset({"crashes", "brokers", "network", "everything"})
"""Half of the runs of these families have spools."""
FAULTS: Final = range(3, 8)
LAST_BEGIN_S: Final = 8.0
GAP_S: Final = 0.5
"""Between two faults of the same target."""
TRIES: Final = 20
SHORT_S: Final = (0.3, 1.5)
PAST_SESSION_S: Final = (plan.SESSION_S + 1.0, plan.SESSION_S + 3.0)
SPANS: Final = {
    Kind.WORKER_KILLED: (0.0, 3.0),
    Kind.WORKER_STOPPED: (0.0, 2.0),
    Kind.WORKER_FROZEN: SHORT_S,
    Kind.WORKER_FROZEN_LONG: PAST_SESSION_S,
    Kind.INTAKE_KILLED: (0.0, 2.0),
    Kind.INTAKE_STOPPED: (0.0, 1.0),
    Kind.INTAKE_FROZEN: (0.5, 5.0),
    Kind.DISK_FULL: (2.0, 6.0),
    Kind.BROKER_KILLED: (0.0, 3.0),
    Kind.BROKER_STOPPED: (0.0, 3.0),
    Kind.BROKER_FROZEN: SHORT_S,
    Kind.BROKER_FROZEN_LONG: PAST_SESSION_S,
    Kind.BROKERS_BELOW_MINIMUM: (3.0, 7.0),
    Kind.LINK_CUT: (0.5, 6.0),
    Kind.LINK_DELAYED: (1.0, 5.0),
    Kind.LINK_RESET: (0.5, 3.0),
    Kind.LINK_BLACK_HOLE: (0.5, 7.0),
    Kind.LETTERS_REFUSED: (2.0, 5.0),
    Kind.LETTERS_DELETED: (2.0, 5.0),
    Kind.LETTERS_BELOW_MINIMUM: (2.0, 5.0),
    Kind.ENDPOINT_FAILS: (0.5, 4.0),
    Kind.ENDPOINT_UNAVAILABLE: (0.5, 4.0),
    Kind.ENDPOINT_THROTTLES: (0.5, 3.0),
    Kind.ENDPOINT_DRIPS: (0.5, 4.0),
    Kind.ENDPOINT_HANGS: (0.5, 4.0),
    Kind.ENDPOINT_RESETS: (0.5, 4.0),
    Kind.ENDPOINT_ACTS_LATE: (0.5, 4.0),
}
"""How long each may last, in seconds; the others last no time."""
OUTAGE_S: Final = (18.0, 22.0)
"""Long enough that readiness must have noticed it."""
OUTAGE_ONE_IN: Final = 10


def draw(seed: int) -> Schedule:
    """The schedule of a seed."""
    chance = random.Random(seed)
    profile = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    brokers = chance.choice((1, 1, 3))
    workers = WORKERS[: chance.choice((2, 2, 3))]
    endpoints = _endpoints(chance)
    kinds = PROFILES[profile]
    if brokers > 1 and profile in {"brokers", "everything", "endpoints"}:
        kinds = (*kinds, *plan.OF_THREE_BROKERS)
    drawn = _Faults(chance, brokers, workers, endpoints)
    for _ in range(chance.choice(FAULTS)):
        drawn.add(chance.choice(kinds))
    if profile in {"brokers", "network", "everything"} and chance.randrange(OUTAGE_ONE_IN) == 0:
        drawn.outage()
    partitions, load = chance.choice((2, 4, 6)), _load(chance)
    spool = profile in SPOOLED and chance.random() < 0.5
    if spool:
        drawn.add(chance.choice((Kind.DISK_FULL, Kind.INTAKE_KILLED)))
    return Schedule(
        seed=seed,
        profile=profile,
        brokers=brokers,
        workers=workers,
        endpoints=endpoints,
        partitions=partitions,
        load=load,
        faults=tuple(sorted(drawn.faults, key=lambda fault: fault.at)),
        spool=spool,
    )


def _endpoints(chance: random.Random) -> tuple[EndpointPlan, ...]:
    """Three or four, each of another kind."""
    all_kinds = (
        EndpointPlan("single", chance.choice((8, 32)), poison=chance.choice((0, 40))),
        EndpointPlan("batch", chance.choice((2, 8)), max_events=chance.choice((5, 20)), poison=chance.choice((0, 60))),
        EndpointPlan("slow", chance.choice((8, 16)), timeout=3.0, delay=chance.choice((0.01, 0.03))),
        EndpointPlan("filtered", chance.choice((4, 16)), ignores=("pull",), poison=chance.choice((0, 30))),
        EndpointPlan("unordered", chance.choice((4, 32)), ordered=False),
    )
    return tuple(chance.sample(all_kinds, chance.choice((3, 3, 4))))


def _load(chance: random.Random) -> LoadPlan:
    return LoadPlan(
        envelopes=chance.choice((40, 80, 140)),
        seconds=chance.uniform(5.0, 8.0),
        repositories=chance.choice((2, 6, 12)),
        most_events=chance.choice((1, 4, 10)),
    )


class _Faults:
    """Faults of one run, no two of which hit the same target at once."""

    def __init__(
        self, chance: random.Random, brokers: int, workers: Sequence[str], endpoints: Sequence[EndpointPlan]
    ) -> None:
        self.faults: list[Fault] = []
        self._chance = chance
        self._brokers = [f"b{number}" for number in range(1, brokers + 1)]
        self._workers = workers
        self._spare = [name for name in WORKERS if name not in workers]
        self._endpoints = [endpoint.name for endpoint in endpoints]

    def add(self, kind: Kind) -> None:
        """One more of this kind, if there is a time for it."""
        if kind is Kind.WORKER_ADDED and not self._spare:
            return
        if kind is Kind.WORKER_REMOVED and self._has(Kind.WORKER_REMOVED):
            return  # one stays at least
        if kind in {Kind.PARTITIONS_ADDED, *plan.LETTERS, Kind.LETTERS_BELOW_MINIMUM} and self._has(kind):
            return
        for _ in range(TRIES):
            fault = self._drawn(kind)
            if not any(_collide(fault, other) for other in self.faults):
                self.faults.append(fault)
                if kind is Kind.WORKER_ADDED:
                    self._spare.remove(fault.target)
                return

    def outage(self) -> None:
        """A process, or all, are without Kafka for so long that they must say so."""
        at, seconds = self._chance.uniform(1.0, 3.0), self._chance.uniform(*OUTAGE_S)
        kind = self._chance.choice((Kind.LINK_CUT, Kind.LINK_BLACK_HOLE))
        target = f"{self._chance.choice((*self._workers, *INTAKES))}>kafka"
        if len(self._brokers) == 1 and self._chance.random() < 0.5:
            kind, target = Kind.BROKER_FROZEN_LONG, "b1"
        fault = Fault(kind, round(at, 2), round(seconds, 2), target)
        self.faults = [*(other for other in self.faults if not _collide(fault, other)), fault]

    def _has(self, kind: Kind) -> bool:
        return any(fault.kind is kind for fault in self.faults)

    def _drawn(self, kind: Kind) -> Fault:
        low, high = SPANS.get(kind, (0.0, 0.0))
        at, seconds = self._chance.uniform(0.5, LAST_BEGIN_S), self._chance.uniform(low, high)
        return Fault(kind, round(at, 2), round(seconds, 2), self._target(kind))

    def _target(self, kind: Kind) -> str:
        if kind is Kind.WORKER_ADDED:
            return self._spare[0]
        for group, names in (
            ("WORKER", self._workers),
            ("INTAKE", INTAKES),
            ("DISK", INTAKES),
            ("BROKER_", self._brokers),
        ):
            if kind.name.startswith(group):
                return self._chance.choice(names)
        if kind.name.startswith("ENDPOINT"):
            return self._chance.choice(self._endpoints)
        return self._link() if kind in plan.LINKS else ""

    def _link(self) -> str:
        links = [
            *(f"{client}>kafka" for client in (*self._workers, *INTAKES) for _ in range(2)),
            *(f"{sender}>{intake}" for sender in SENDERS for intake in INTAKES),
            *(f"{worker}>{endpoint}" for worker in self._workers for endpoint in self._endpoints),
        ]
        if len(self._brokers) > 1:
            links += [f"{broker}<brokers" for broker in self._brokers for _ in range(2)]
        return self._chance.choice(links)


def _collide(one: Fault, other: Fault) -> bool:
    """Whether two faults would be at work on the same thing at the same time."""
    if not {one.target, _owner(one)} & {other.target, _owner(other)}:
        return False
    return one.at < other.end + GAP_S and other.at < one.end + GAP_S


def _owner(fault: Fault) -> str:
    """What else a fault needs for itself: those that need a number of brokers, or the dead-letter topic, are alone."""
    if fault.kind in plan.OF_THREE_BROKERS or fault.kind in plan.BROKERS:
        return "brokers"
    return "letters" if fault.kind in plan.LETTERS else fault.target
