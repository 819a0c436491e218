"""How long an honest client waits beside a hostile one: `python -m benchmarks.attacks`.

Two intakes on one Kafka; one is attacked. All the time both are sent a small envelope and asked for `/livez`. The
baseline is the slowest answer of the one that nobody attacks, in the same seconds.
"""

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.harness import Bench, bench, report
from tests.kit.attacks import HEADS, LARGEST, TOO_LARGE, ask_and_not_read, crowd, many_files, post, run, sent
from tests.kit.beside import Beside
from tests.kit.bridge import Installation
from tests.kit.process import Process

CONNECTIONS = 4
UNREAD = 20


def main() -> None:
    """Print the slowest answers beside each attack, and the most memory of the attacked process."""
    with bench() as made, _intake(made, "attacked") as attacked, _intake(made, "control") as control, many_files():
        for intake in (attacked, control):
            intake.wait_ready()
        for name, attack in ATTACKS.items():
            with Beside(attacked, control) as beside:
                attack(attacked)
            slowest, control_slowest = max(beside.seconds), max(beside.control_seconds)
            report(
                name,
                slowest_s=slowest,
                not_attacked_s=control_slowest,
                ratio=slowest / control_slowest,
                peak_mib=beside.peak_mib,
                refused_or_cut=len(beside.faults),
            )


def _intake(made: Bench, name: str) -> Process:
    folder = made.folder / name
    folder.mkdir()
    return Installation(made.kafka.bootstrap, f"{made.topic}-{name}", folder).bridge()


def _endless(name: str) -> Callable[[Process], Any]:
    return lambda intake: run(*(sent(intake, *HEADS[name]) for _ in range(CONNECTIONS)))


def _posted(body: bytes, times: int) -> Callable[[Process], Any]:
    return lambda intake: run(*(post(intake, body) for _ in range(times)))


ATTACKS: Mapping[str, Callable[[Process], Any]] = {
    **{name: _endless(name) for name in HEADS},
    "500 drips, 16 stalls, 2,000 silent": crowd,
    **{f"too large: {name}": _posted(body, 2) for name, (body, _) in TOO_LARGE.items()},
    **{f"largest: {name}": _posted(body, 3 if name == "wide characters" else 1) for name, body in LARGEST.items()},
    "200,000 answers unread": lambda intake: run(*(ask_and_not_read(intake) for _ in range(UNREAD))),
}


if __name__ == "__main__":
    main()
