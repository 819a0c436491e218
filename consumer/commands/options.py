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
_ACTOR: Final = "Only events that matching actors caused; a glob as in an endpoint's `actors`."
_USERAGENT: Final = "Only events of matching user agents; a glob as in an endpoint's `useragents`."


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
    """`--repository`, `--action`, `--registry`, `--actor` and `--useragent`; the command gets `selection` of them."""

    @functools.wraps(command)
    def with_selection(**arguments: Any) -> Any:
        given = {name: arguments.pop(name) for name in ("repository", "action", "registry", "actor", "useragent")}
        warn_of_hopeless(action=given["action"], repositories=[given["repository"]] if given["repository"] else [])
        return command(selection=Selection(**given), **arguments)

    decorated: Callable[..., Any] = with_selection
    for decorate in (
        click.option("--useragent", default="", metavar="GLOB", help=_USERAGENT),
        click.option("--actor", default="", metavar="GLOB", help=_ACTOR),
        click.option("--registry", type=LabelType(), default="", help="Only events of the registry with this label."),
        click.option(
            "--action",
            default="",
            metavar="A",
            help="Only events with this action: push, pull, mount, delete; of some sources also scan and others.",
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
