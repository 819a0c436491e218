"""What the page says of its worker follows from the configuration and the machine."""

from pathlib import Path
from socket import gethostname

from consumer.worker.page.document import SourceAddress
from consumer.worker.page.settings import page_settings
from runtime.config import Address, Secret, Settings
from runtime.config.listener_tls import ListenerTLS
from runtime.config.settings import IntakeSettings, KafkaSettings
from runtime.config.source_settings import SourceSettings


def url_of(**intake: object) -> str:
    """The address of this intake, as the page names it."""
    kafka = KafkaSettings(bootstrap_servers="x")
    return page_settings(Settings(kafka=kafka, intake=IntakeSettings(**intake))).intake  # type: ignore[arg-type]


def test_where_a_registry_sends_its_events() -> None:
    """To the intake's address; one that listens on all is named by the machine, and one with TLS is asked by it."""
    assert "http://127.0.0.1:5050/events" == url_of()
    assert f"http://{gethostname()}:80/in" == url_of(listen=Address("0.0.0.0", 80), path="/in")
    tls = ListenerTLS(cert=Path("cert"), key=Path("key"))
    assert "https://10.0.0.1:443/events" == url_of(listen=Address("10.0.0.1", 443), tls=tls)


def test_whether_a_registry_has_to_say_who_it_is() -> None:
    """It does if the intake asks."""
    asks = IntakeSettings(authorization=(Secret("Bearer x"),))
    made = page_settings(Settings(kafka=KafkaSettings(bootstrap_servers="x"), intake=asks), processes=3)
    assert (True, 3, gethostname()) == (made.asks_authorization, made.processes, made.host)
    assert "Bearer" not in repr(made)


def test_where_sources_send_their_events() -> None:
    """Each to a path of its own; one that shows a token has its place in the address, and not the token."""
    sources = (
        SourceSettings(name="eu", format="harbor", registry="eu"),
        SourceSettings(name="hub", format="docker-hub", registry="hub", token=(Secret("s3cret"),)),
    )
    made = page_settings(Settings(kafka=KafkaSettings(bootstrap_servers="x"), intake=IntakeSettings(sources=sources)))
    assert made.sources == (
        SourceAddress("eu", "harbor", "http://127.0.0.1:5050/events/eu"),
        SourceAddress("hub", "docker-hub", "http://127.0.0.1:5050/events/hub?token=..."),
    )
