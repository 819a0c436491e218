"""The table of docs/guarantees.md: what all runs of a results file had in common, in Markdown. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from tests.chaos.oracle.repeats import CAUSES
from tests.chaos.results import HARNESS, HELD, Result


def table(results: Sequence[Result]) -> str:
    """Two tables: all runs by setup, and how often each kind of fault was carried out."""
    judged = [result for result in results if result.verdict != HARNESS]
    setups = {
        "one broker": [one for one in judged if one.brokers == 1],
        "three brokers": [one for one in judged if one.brokers > 1],
        "all": judged,
    }
    rows = [["", *setups], ["---", *("---:" for _ in setups)]]
    rows += [[name, *(value(runs) for runs in setups.values())] for name, value in _FIGURES.items()]
    rows += [[f"repeats, {cause} (bound)", *(_repeats(runs, cause) for runs in setups.values())] for cause in CAUSES]
    faults = sum((Counter(result.faults) for result in judged), Counter[str]())
    kinds = [["fault", "times"], ["---", "---:"], *([name, _figure(n)] for name, n in sorted(faults.items()))]
    return f"{_markdown(rows)}\n\n{_markdown(kinds)}\n"


def _sum(values: Iterable[int]) -> str:
    return _figure(sum(values))


def _figure(number: int) -> str:
    return f"{number:,}"


_FIGURES: Mapping[str, Callable[[Sequence[Result]], str]] = {
    "runs": lambda runs: _figure(len(runs)),
    "runs in which every promise was held": lambda runs: _sum(one.verdict == HELD for one in runs),
    "faults": lambda runs: _sum(sum(one.faults.values()) for one in runs),
    "events answered 200": lambda runs: _sum(one.events for one in runs),
    "POSTs to intakes": lambda runs: _sum(one.posts for one in runs),
    "POSTs to endpoints": lambda runs: _sum(one.deliveries for one in runs),
    "dead letters": lambda runs: _sum(one.letters for one in runs),
    "events lost": lambda runs: _sum(one.lost for one in runs),
    "events out of order": lambda runs: _sum(one.out_of_order for one in runs),
    "largest share of a bound": lambda runs: f"{max((one.worst for one in runs), default=0.0):.0%}",
    "slowest recovery": lambda runs: f"{max((one.recovery_s or 0.0 for one in runs), default=0.0):.0f} s",
}


def _repeats(runs: Sequence[Result], cause: str) -> str:
    count, bound = (sum(which(one).get(cause, 0) for one in runs) for which in (_counts, _bounds))
    return f"{_figure(count)} ({_figure(bound)})"


def _counts(result: Result) -> Mapping[str, int]:
    return result.repeats


def _bounds(result: Result) -> Mapping[str, int]:
    return result.bounds


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
