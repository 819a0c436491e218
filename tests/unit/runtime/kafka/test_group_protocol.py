"""Which protocol is chosen for what a cluster answers, and when it is asked."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.group_protocol import AUTO, GroupProtocols, ProtocolMissingError, ProtocolSupport, choose
from runtime.kafka.settings import ClientSettings, GroupProtocol, consumer_settings
from tests.kit.still_clock import StillClock


class Cluster:
    """Answers as it is told to, and counts."""

    def __init__(self, *answers: ProtocolSupport | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, settings: ClientSettings, *, client_id: str, group: str, topic: str) -> ProtocolSupport:
        """The next answer; the last one again and again."""
        self.asked.append(group)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def protocols(cluster: Cluster, clock: StillClock | None = None, **settings: str) -> GroupProtocols:
    """Of a process."""
    given = {name.replace("_", "."): value for name, value in settings.items()}
    return GroupProtocols(given, client_id="test", topic="t", ask=cluster, clock=clock or StillClock())


@contextmanager
def told(lines: list[dict[str, object]]) -> Iterator[None]:
    """Collects the log lines."""
    with capture_logs() as found:
        yield
    lines += [dict(line) for line in found]


@pytest.mark.parametrize("answer", list(ProtocolSupport))
def test_auto_takes_what_the_cluster_takes_part_in(answer: ProtocolSupport) -> None:
    """Only who takes part gets `consumer`; every cluster has `classic`."""
    choice = choose(AUTO, answer)
    assert ("consumer" if answer is ProtocolSupport.TAKES_PART else "classic") == choice.protocol
    assert answer.value == choice.reason


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (ProtocolSupport.SWITCHED_OFF, "upgrade --feature group.version=1"),
        (ProtocolSupport.ABSENT, "Kafka 4.0 or newer"),
    ],
)
def test_a_protocol_that_the_cluster_lacks_is_refused_with_both_remedies(answer: ProtocolSupport, remedy: str) -> None:
    """Change the configuration, or the cluster."""
    with pytest.raises(ProtocolMissingError, match="set it to auto or classic, or ") as caught:
        choose("consumer", answer)
    assert 2 == caught.value.exit_code
    assert remedy in str(caught.value)


@pytest.mark.parametrize("answer", [ProtocolSupport.TAKES_PART, ProtocolSupport.REFUSED])
def test_an_explicit_protocol_is_taken_unless_it_is_known_to_be_missing(answer: ProtocolSupport) -> None:
    """Who may not ask is believed."""
    assert "consumer" == choose("consumer", answer).protocol


def test_classic_needs_no_question() -> None:
    """It is there whatever the cluster is."""
    cluster = Cluster(KafkaUnavailableError("away"))
    assert "classic" == protocols(cluster, group_protocol="classic").choose("g")
    assert [] == cluster.asked


def test_endpoints_that_start_together_ask_once_and_a_later_one_asks_again() -> None:
    """A cluster may have been upgraded meanwhile: the change is one line."""
    cluster, clock = (
        Cluster(ProtocolSupport.SWITCHED_OFF, ProtocolSupport.SWITCHED_OFF, ProtocolSupport.TAKES_PART),
        StillClock(),
    )
    lines: list[dict[str, object]] = []
    chosen = protocols(cluster, clock)
    with told(lines):
        assert ["classic"] * 3 == [chosen.choose(group) for group in "abc"]
        clock.sleep(30.0)
        assert "classic" == chosen.choose("b")
        clock.sleep(30.0)
        assert "consumer" == chosen.choose("c")
    assert ["a", "b", "c"] == cluster.asked
    assert ["classic", "consumer"] == [line["protocol"] for line in lines]


def test_no_answer_is_no_choice() -> None:
    """Whoever falls back then would never come back."""
    chosen = protocols(Cluster(KafkaUnavailableError("away"), ProtocolSupport.TAKES_PART))
    with pytest.raises(KafkaUnavailableError):
        chosen.choose("g")
    assert chosen.chosen is None
    assert "consumer" == chosen.choose("g")


def test_settings_of_classic_alone_are_not_passed_on_and_said() -> None:
    """The client would refuse to start with them."""
    given = {"session.timeout.ms": "6000", "heartbeat.interval.ms": "300", "fetch.min.bytes": "1"}
    lines: list[dict[str, object]] = []
    with told(lines):
        protocols(Cluster(ProtocolSupport.TAKES_PART), session_timeout_ms="6000").choose("g")
    assert [["kafka.session.timeout.ms"]] == [line["without_effect"] for line in lines]

    def made(protocol: GroupProtocol) -> set[str]:
        return set(consumer_settings(given, client_id="c", group="g", max_record_bytes=1, protocol=protocol))

    assert set(given) <= made("classic")
    assert {"fetch.min.bytes"} == set(given) & made("consumer")
    assert "partition.assignment.strategy" in made("classic") - made("consumer")
