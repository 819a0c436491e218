"""The settings of the page, from those of the worker and from the machine."""

from socket import gethostname

from consumer.worker.page.document import PageSettings
from runtime.config import Settings
from runtime.config.addresses import Address, is_any
from runtime.http.client import VERSION


def page_settings(settings: Settings, *, processes: int = 1) -> PageSettings:
    """Of this machine."""
    listen = settings.intake.listen
    host = gethostname()
    return PageSettings(
        release=VERSION,
        host=host,
        topic=settings.topics.events,
        intake=f"{Address(host, listen.port) if is_any(listen.host) else listen}{settings.intake.path}",
        asks_authorization=bool(settings.intake.authorization),
        processes=processes,
    )
