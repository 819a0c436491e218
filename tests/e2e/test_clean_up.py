"""A real docker-registry is cleaned up by the loop that docs/tags.md shows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from broker import LocalKafka
from tests.kit import DockerRegistry, Layout, NotificationEndpoint, eventually
from tests.kit.bridge import Installation
from tests.kit.images import MANIFEST
from tests.kit.kept_tags import caught_up
from tests.kit.programs import need
from tests.kit.registry import skopeo_copy
from tests.kit.snippets import snippets

pytestmark = [pytest.mark.kafka, pytest.mark.registry]

HOST = "registry.example.com"
UNUSED = "--unused 90d"


Unused = dict[tuple[str, str], int]
"""Pulls by repository and tag."""


def unused(setup: Installation) -> Unused:
    """What `tags` lists now as unused, of all repositories."""
    caught_up(setup)
    shown = setup.run_worker("tags", "--unused", "1ms", "--json")
    assert shown.code == 0, shown.stderr
    return {(tag["repository"], tag["tag"]): tag["pulls"] for tag in map(json.loads, shown.stdout.splitlines())}


def clean_up(setup: Installation, registry: DockerRegistry) -> None:
    """What the page shows, with this registry's address and whatever was not used just now."""
    [loop] = snippets("tags.md", "Cleaning up", "sh")
    assert HOST in loop
    assert UNUSED in loop
    config = setup.folder / "clean-up.yaml"
    config.write_text(yaml.safe_dump(setup.config()))
    here = loop.replace(UNUSED, "--unused 1ms").replace(HOST, registry.address)
    here = here.replace("skopeo delete", "skopeo delete --tls-verify=false")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", here],
        env=os.environ | {"REGISTRY_BRIDGE_CONFIG": str(config), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_the_loop_deletes_is_gone(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """An image with two tags and an index, from the registry and from the list; what is not asked for stays in both."""
    need("jq")
    setup = Installation(kafka.bootstrap, topic, tmp_path, partitions=2, sections={"topics": {"tags": f"{topic}.tags"}})
    layout = Layout(tmp_path / "layout")
    layout.image("one")
    layout.index("many")
    team = dict.fromkeys([("team/app", "v1"), ("team/app", "v1.0"), ("team/multi", "latest")], 0)
    base, last = {("library/base", "v1"): 1}, {("library/last", "v1"): 1}
    with setup.bridge() as bridge:
        told = NotificationEndpoint(name="bridge", url=f"{bridge.wait_ready()}/events")
        with DockerRegistry(tmp_path / "registry", [told]) as registry:
            for repository, tag, source in (
                *(("team/app", tag, "one") for tag in ("v1", "v1.0")),
                ("team/multi", "latest", "many"),
                *((repository, "v1", "one") for repository in ("library/base", "library/last")),
            ):
                all_platforms = source == "many"
                skopeo_copy(layout.source(source), registry.reference(repository, tag), all_platforms=all_platforms)
            for repository in ("library/base", "library/last"):
                registry.client().pull_manifest(repository, "v1", MANIFEST)
            # What is known of uses ends with the last pull.
            eventually(lambda: unused(setup) == {**team, **base})
            clean_up(setup, registry)
            # Whoever deletes looks first, which is a pull.
            eventually(lambda: unused(setup) == {**base, **last})
            assert tags_in(registry, "library/base") == ["v1"]
            assert not tags_in(registry, "team/app")
            assert not tags_in(registry, "team/multi")


def tags_in(registry: DockerRegistry, repository: str) -> list[str] | None:
    """The tags that the registry has."""
    answer = json.loads(registry.client().request("GET", f"/v2/{repository}/tags/list").body)
    tags: list[str] | None = answer["tags"]
    return tags
