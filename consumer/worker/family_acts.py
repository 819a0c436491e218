"""Acts on the endpoints of all processes of a worker: each of them is asked, one after the other.

The first keeps a pause in Kafka, the others find it there and follow at once; each has a breaker of its own to probe.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from consumer.worker.act_routes import ActRequest
from runtime.errors import BridgeError
from runtime.http.local_exchange import LIMIT_S, local_post
from runtime.processes.keeper import Keeper

_OK: Final = 200
_TEST_LIMIT_S: Final = 3600.0
"""For an exchange with an endpoint, which has the endpoint's own timeout."""


class FamilyActs:
    """Acts in all processes."""

    def __init__(self, keepers: Sequence[Keeper]) -> None:
        self._keepers: Final = keepers

    async def act(self, asked: ActRequest) -> tuple[int, Mapping[str, Any]]:
        """See `ActsOnEndpoints`; a process that does not do it is named in `failed`."""
        done: list[Mapping[str, Any]] = []
        failed: dict[str, str] = {}
        statuses: set[int] = set()
        for keeper in self._keepers:
            status, answer = await self._one(keeper, asked)
            if status == _OK and asked.act == "test":  # one request is enough
                return status, answer
            if status == _OK:
                done.append(answer)
            else:
                failed[f"process {keeper.slot.number}"] = str(answer.get("error"))
                statuses.add(status)
        if not done and len(set(failed.values())) == 1 == len(statuses):  # all say the same: nobody has the endpoint
            return statuses.pop(), {"error": next(iter(failed.values()))}
        if not done:
            return 503, {"error": "; ".join(f"{name}: {error}" for name, error in failed.items())}
        return _OK, {**merged(done), "failed": failed}

    async def _one(self, keeper: Keeper, asked: ActRequest) -> tuple[int, Mapping[str, Any]]:
        if keeper.trouble:
            return 503, {"error": keeper.trouble}
        try:
            limit_s = _TEST_LIMIT_S if asked.act == "test" else LIMIT_S
            body = json.dumps({"reason": asked.reason}).encode()
            answer = await local_post(keeper.slot.pages, asked.path, body, limit_s=limit_s)
        except BridgeError as error:
            return 503, {"error": str(error)}
        return answer.status, json.loads(answer.body)


def merged(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One answer out of those of the processes: what is true of one of them, and what is in flight in all."""
    found: dict[str, Any] = dict(answers[0])
    for answer in answers[1:]:
        for name, value in answer.items():
            if isinstance(value, list):
                found[name] = [*found.get(name, []), *value]
            elif isinstance(value, bool):
                found[name] = found.get(name, False) or value
            elif isinstance(value, int):
                found[name] = found.get(name, 0) + value
    return found
