"""What a running worker refuses of new settings because of what it keeps."""

from typing import Any

import pytest

from consumer.worker.reload_plan import taken_of
from runtime.config import ConfigurationError, Settings
from runtime.config.load import settings_from


def settings(endpoint: dict[str, Any], **sections: Any) -> Settings:
    """A file with one endpoint."""
    kafka = {"bootstrap.servers": "127.0.0.1:9092", **sections.pop("kafka", {})}
    one = {"name": "ci", "url": "http://ci.example.com/", **endpoint}
    return settings_from({"kafka": kafka, "endpoints": [one], **sections})


@pytest.mark.parametrize(
    ("endpoint", "sections", "fault"),
    [
        ({"timeout": "400s"}, {"kafka": {"max.poll.interval.ms": 600_000}}, "its drain"),
        ({"delay": "50m"}, {"topics": {"retention": "1h"}}, "its delay"),
        ({"url": "http://127.0.0.1:5050/events"}, {"intake": {"listen": "127.0.0.1:5051"}}, "its url"),
    ],
)
def test_an_endpoint_that_needs_another_key_waits_for_a_restart(
    endpoint: dict[str, Any], sections: dict[str, Any], fault: str
) -> None:
    """The new file changes both, and a reload takes the endpoint alone: so it is refused."""
    before = settings({}, kafka={"max.poll.interval.ms": 300_000}, topics={"retention": "30m"})
    with pytest.raises(ConfigurationError, match=f"endpoint ci: {fault}"):
        taken_of(before, settings(endpoint, **sections))
