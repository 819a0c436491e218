"""What a registry holds in its own memory while nobody takes its events: `python -m benchmarks.registry_memory`.

The real docker-registry, an address that nobody listens on as its endpoint, and pulls of one small manifest. Its list
of events has no bound and is in memory alone, so what is printed here is lost when the registry stops.
"""

import http.client
import json
import tempfile
from pathlib import Path

from benchmarks.harness import report, resident_mib
from broker.ports import LOOPBACK, free_port
from tests.kit import DockerRegistry, NotificationEndpoint
from tests.kit.manifests import OCI_MANIFEST, descriptor

REPOSITORY = "team/app"
WARM_UP = 2_000
EVENTS = 20_000


def main() -> None:
    """Print what an event costs the registry that cannot send it, beside one that has no endpoint."""
    report("no endpoint", resident_mib_more=_growth_mib([]))
    away = NotificationEndpoint(name="away", url=f"http://{LOOPBACK}:{free_port()}/events")
    grown = _growth_mib([away])
    report("endpoint away", events=EVENTS, resident_mib_more=grown, bytes_an_event=grown * 2**20 / EVENTS)


def _growth_mib(endpoints: list[NotificationEndpoint]) -> float:
    with tempfile.TemporaryDirectory() as folder, DockerRegistry(Path(folder), endpoints, log_level="error") as up:
        client = up.client()
        config = descriptor("0", digest=client.push_blob(REPOSITORY, b"{}"), size=2)
        manifest = json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []})
        client.push_manifest(REPOSITORY, "latest", manifest.encode(), OCI_MANIFEST)
        _pull(up.address, WARM_UP)
        before = resident_mib(up.pid)
        _pull(up.address, EVENTS)
        return resident_mib(up.pid) - before


def _pull(address: str, times: int) -> None:
    """Get the manifest over one connection: one event each."""
    connection = http.client.HTTPConnection(address)
    for _ in range(times):
        connection.request("GET", f"/v2/{REPOSITORY}/manifests/latest", headers={"Accept": OCI_MANIFEST})
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise AssertionError(f"the registry answered {answer.status}")
    connection.close()


if __name__ == "__main__":
    main()
