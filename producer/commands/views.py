"""`registry-bridge views`: tables and views of the events in an engine's SQL, for this configuration."""

from typing import Final

import click

from producer.views.place import EventsPlace
from producer.views.views import ENGINES, views_for
from runtime.cli.options import common_options
from runtime.config import Address, Settings
from runtime.config.addresses import is_any
from runtime.config.secrets import Secret
from schemas.catalog import CATALOG

_FILES: Final = "events/*/*.parquet"
_LOOPBACK: Final = "127.0.0.1"
_PROTOCOL: Final = "security.protocol"
_PLAIN: Final = "plaintext"


@click.command("views", epilog="Example: registry-bridge views --engine spark > views.sql")
@common_options
@click.option("--engine", type=click.Choice(ENGINES), required=True, help="Whose SQL to print.")
@click.option("--files", metavar="PATTERN", default=_FILES, show_default=True, help="For duckdb: an export in Parquet.")
@click.option(
    "--schema-url", metavar="URL", help="Where the engine finds schemas.  [schema_registry.url, else the intake]"
)
def views_command(settings: Settings, engine: str, files: str, schema_url: str | None) -> int:
    """Print tables and views of the events in the SQL of an engine.

    The view has a column for each member of the newest schema, under the names that an export to Parquet has; a new
    release makes new views. Topic and brokers come from the configuration. Nothing is asked or changed.
    """
    place = EventsPlace(
        topic=settings.topics.events,
        brokers=settings.kafka.bootstrap_servers,
        schema_url=schema_url or _schema_url(settings),
        files=files,
        releases=CATALOG.releases,
    )
    click.echo(views_for(engine, place), nl=False)
    if _is_secured(settings):
        click.echo(
            f"kafka.{_PROTOCOL} is set, but the statements have no settings for TLS and users: add the engine's own",
            err=True,
        )
    return 0


def _schema_url(settings: Settings) -> str:
    """Of the schema registry, without its user; else of the intake, as this machine reaches it."""
    if settings.schema_registry is not None:
        return settings.schema_registry.safe_url
    listen = settings.intake.listen
    host = _LOOPBACK if is_any(listen.host) else listen.host
    return f"http{'s' if settings.intake.tls else ''}://{Address(host, listen.port)}"


def _is_secured(settings: Settings) -> bool:
    protocol = settings.kafka.properties.get(_PROTOCOL, _PLAIN)
    return isinstance(protocol, Secret) or protocol.lower() != _PLAIN
