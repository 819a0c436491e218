"""Options that commands of this half share: places, an endpoint by its name, which events are meant."""

import functools
from collections.abc import Callable
from typing import Any, Final

import click

from consumer.commands.matching import warn_of_hopeless
from consumer.filters.selection import Selection
from consumer.places import Place, parse_place
from runtime.cli.options import LabelType
from runtime.config import EndpointSettings, Settings

_GLOB: Final = "Only events of matching repositories; a glob as in an endpoint's `repositories`."


class PlaceType(click.ParamType[Place]):
    """A place in a topic."""

    name = "PLACE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Place:
        """Read a place.

        Raises:
            click.BadParameter: it is none.
        """
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        try:
            return parse_place(value)
        except ValueError as error:
            self.fail(f"{value!r} {error}", param, ctx)


def selecting(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--repository`, `--action` and `--registry`; the command gets `selection` made of them."""

    @functools.wraps(command)
    def with_selection(*, repository: str, action: str, registry: str, **arguments: Any) -> Any:
        warn_of_hopeless(action=action, repositories=[repository] if repository else [])
        return command(selection=Selection(repository, action, registry), **arguments)

    decorated: Callable[..., Any] = with_selection
    for decorate in (
        click.option("--registry", type=LabelType(), default="", help="Only events of the registry with this label."),
        click.option(
            "--action", default="", metavar="A", help="Only events with this action: push, pull, mount, delete."
        ),
        click.option("--repository", default="", metavar="GLOB", help=_GLOB),
    ):
        decorated = decorate(decorated)
    return decorated


def endpoint_named(settings: Settings, name: str) -> EndpointSettings:
    """The endpoint of that name.

    Raises:
        click.UsageError: there is none.
    """
    for endpoint in settings.endpoints:
        if endpoint.name == name:
            return endpoint
    known = ", ".join(endpoint.name for endpoint in settings.endpoints)
    raise click.UsageError(f"no endpoint is named {name}; endpoints: {known or 'none'}")
