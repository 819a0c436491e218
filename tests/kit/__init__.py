"""What the tests are made of: a webhook endpoint, a container registry with its client, our commands as processes."""

from tests.kit.eventually import eventually
from tests.kit.exchange import Answer, Captured
from tests.kit.images import Layout
from tests.kit.process import Process
from tests.kit.receiver import Receiver
from tests.kit.registry import DockerRegistry, NotificationEndpoint
from tests.kit.registry_client import RegistryClient, Reply

__all__ = [
    "Answer",
    "Captured",
    "DockerRegistry",
    "Layout",
    "NotificationEndpoint",
    "Process",
    "Receiver",
    "RegistryClient",
    "Reply",
    "eventually",
]
