"""What `status` says to do about an open breaker."""

import pytest

from consumer.endpoint.live_status import EndpointAnswer
from consumer.operations.next_steps import next_step
from consumer.operations.serving import Serving
from consumer.operations.status import EndpointStatus
from runtime.kafka.cluster_state import GroupMembers
from runtime.pauses import Pause


def status(name: str, breaker: str, pause: Pause | None = None) -> EndpointStatus:
    """An endpoint whose worker says this of its breaker."""
    serving = Serving(GroupMembers(), EndpointAnswer(breaker), pause=pause)
    return EndpointStatus(name, False, "g", True, {}, None, serving)  # noqa: FBT003 - neither disabled nor new


@pytest.mark.parametrize(
    ("statuses", "begins", "named"),
    [
        ([status("ci", "open"), status("audit", "closed")], "breaker open at ci: ", "resume --endpoint ci "),
        ([status("a b", "open")], "breaker open at a b: ", "resume --endpoint 'a b' "),
        ([status("ci", "open"), status("audit", "open")], "breaker open at ci, audit: ", "resume --endpoint E "),
    ],
)
def test_an_open_breaker_has_a_next_step(statuses: list[EndpointStatus], begins: str, named: str) -> None:
    """The commands are named as they are typed; of several endpoints the name is left to the reader."""
    assert next_step(statuses).startswith(begins)
    assert named in next_step(statuses)


def test_nothing_to_do_is_not_said() -> None:
    """Neither of a closed breaker nor of an endpoint that an operator holds."""
    assert next_step([status("ci", "closed"), status("held", "open", Pause(0, "repair"))]) == ""
