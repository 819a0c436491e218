"""The settings of the page, from those of the worker and from the machine."""

from socket import gethostname

from consumer.worker.page.document import PageSettings, SourceAddress
from runtime.config import Settings
from runtime.config.addresses import Address, is_any
from runtime.config.source_settings import SourceSettings
from runtime.http.client import VERSION


def page_settings(settings: Settings, *, processes: int = 1) -> PageSettings:
    """Of this machine."""
    intake, host = settings.intake, gethostname()
    address = Address(host, intake.listen.port) if is_any(intake.listen.host) else intake.listen
    url = f"{'https' if intake.tls else 'http'}://{address}{intake.path}"
    return PageSettings(
        release=VERSION,
        host=host,
        topic=settings.topics.events,
        intake=url,
        asks_authorization=bool(intake.authorization),
        processes=processes,
        sources=tuple(SourceAddress(one.name, one.format, _address(url, one)) for one in intake.sources),
    )


def _address(intake: str, source: SourceSettings) -> str:
    return f"{intake}/{source.name}{'?token=...' if source.token else ''}"
