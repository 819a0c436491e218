"""Maven repositories, through jgo: what a coordinate needs, and a file of it. No Java and no Maven is asked for.

Behind a mirror: the URL that jgo's own configuration names `central` is asked instead (`~/.config/jgo.conf`, section
`repositories`). A proxy or a certificate authority is taken from the environment, as by pip.
"""

import logging
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

from jgo import parse
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import POM, Dependency, MavenContext

from broker.errors import LocalKafkaError
from broker.lock import Coordinate

TRIES = 3
TIMEOUT_SECONDS = 30
ADVICE = "a mirror is named in ~/.config/jgo.conf, section [repositories], as central = URL"

# It warns of a checksum that differs and keeps the file all the same; ours, which is held against the lock, refuses it.
logging.getLogger("jgo").setLevel(logging.CRITICAL)


def resolve(wanted: Iterable[Coordinate], folder: Path) -> list[Coordinate]:
    """What is wanted and all that it needs when it runs, in order. What is no jar needs nothing.

    Args:
        wanted: each in the version that is to be taken.
        folder: gets the project descriptions (POMs) that are read on the way.

    Raises:
        LocalKafkaError: a description cannot be had.
    """
    wanted = list(wanted)
    context = _context(folder)
    # Raw: otherwise each one would impose the versions that its own parent manages on what all the others need.
    asked = [_dependency(context, one, raw=True) for one in wanted if one.packaging == "jar"]
    try:
        found = [*asked, *context.resolver.resolve(asked)[1]] if asked else []
        for one in found:
            _read_description(context, one)
    except (OSError, RuntimeError, ParseError) as error:
        raise LocalKafkaError(f"cannot resolve {', '.join(map(str, wanted))}: {_why(error, context)}") from error
    needed = {Coordinate(one.groupId, one.artifactId, one.version, one.type, one.classifier) for one in found}
    return sorted(needed | set(wanted))


def download(coordinate: Coordinate, folder: Path) -> Path:
    """Brings a file into `folder`, which must not hold it yet, and returns its path.

    Raises:
        LocalKafkaError: it cannot be had; the folder may then hold a part of it.
    """
    context = _context(folder)
    artifact = _dependency(context, coordinate).artifact
    for left in reversed(range(TRIES)):
        try:
            return Path(artifact.resolve())
        except (OSError, RuntimeError) as error:
            if not left or isinstance(error, RuntimeError):
                raise LocalKafkaError(f"cannot bring {coordinate}: {_why(error, context)}") from error
            (folder / coordinate.path).unlink(missing_ok=True)  # a part of it would be taken for the whole
    raise AssertionError("the last try returns or raises")


def _context(folder: Path) -> MavenContext:
    repositories = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    return MavenContext(repo_cache=folder, remote_repos=repositories, timeout=TIMEOUT_SECONDS)


def _dependency(context: MavenContext, coordinate: Coordinate, *, raw: bool = False) -> Dependency:
    """Made of its parts, for in a text jgo guesses which part is which."""
    parts = parse.Coordinate(
        groupId=coordinate.group,
        artifactId=coordinate.artifact,
        version=coordinate.version,
        classifier=coordinate.classifier or None,
        packaging=coordinate.packaging,
        raw=raw,
    )
    return context.create_dependency(parts)


def _read_description(context: MavenContext, dependency: Dependency) -> None:
    """Reads a description and its parents. The resolver takes one that cannot be had for one that needs nothing."""
    description: POM | None = dependency.artifact.component.pom()
    while description is not None:
        description = context.pom_parent(description)


def _why(error: Exception, context: MavenContext) -> str:
    """The innermost reason in one line, with where it was asked for."""
    hosts = ", ".join(urlsplit(url).netloc.rpartition("@")[2] for url in context.remote_repos.values())
    if isinstance(error, RuntimeError):  # jgo's only one: no repository answered 200
        return f"{hosts} does not give it ({ADVICE})"
    root: BaseException = error
    while (inner := root.__cause__ or root.__context__) is not None:
        root = inner
    return f"{' '.join(str(root).split()) or type(root).__name__}, from {hosts} ({ADVICE})"
