"""Formats the log directory of a broker, by Kafka's own tool once, and by a copy of what it made ever after.

The tool takes a second of processor time for two small files. They depend on the release, the features and the settings
that have nothing to do with the broker's place; only the ids in `meta.properties` are each directory's own (KIP-631,
KIP-858).
"""

import base64
import hashlib
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from broker.errors import LocalKafkaError

HOME: Final = Path(__file__).parent.parent / ".local" / "formatted"
META: Final = "meta.properties"
_PLACED: Final = {"node.id", "log.dirs", "listeners", "advertised.listeners", "controller.quorum.voters"}
"""Settings of the broker's place, its ports and its folder, which the content of the directory does not depend on."""


@dataclass(frozen=True, slots=True)
class Format:
    """What a log directory is formatted for.

    Args:
        java: the beginning of the command, with the class path.
        settings: all settings of the broker.
        file: where they are written down.
        features: level of each feature that is not to have the tool's default.
        home: where copies are kept.
    """

    java: Sequence[str]
    settings: Mapping[str, str]
    file: Path
    features: Mapping[str, int]
    home: Path = HOME

    def make(self, cluster_id: str) -> None:
        """Format the directory that the settings name.

        Raises:
            LocalKafkaError: the tool refuses, which a wrong setting makes it do.
        """
        data, kept = Path(self.settings["log.dirs"]), self._kept()
        if not kept.exists():
            self._format(cluster_id)
            _keep(data, kept)
            return
        shutil.copytree(kept, data, dirs_exist_ok=True)
        own = {"node.id": self.settings["node.id"], "cluster.id": cluster_id, "directory.id": fresh_id()}
        meta = data / META
        lines = [line.partition("=") for line in meta.read_text().splitlines()]
        meta.write_text("".join(f"{name}{equals}{own.get(name, value)}\n" for name, equals, value in lines))

    def _kept(self) -> Path:
        settings = sorted((name, value) for name, value in self.settings.items() if name not in _PLACED)
        asked = repr((list(self.java), settings, sorted(self.features.items())))
        return self.home / hashlib.sha256(asked.encode()).hexdigest()[:16]

    def _format(self, cluster_id: str) -> None:
        # Spelled as one argument: an id may begin with a dash.
        arguments = ["format", f"--cluster-id={cluster_id}", "--config", str(self.file)]
        levels = [f"--feature={name}={level}" for name, level in self.features.items()]
        command = [*self.java, "kafka.tools.StorageTool", *arguments, *levels]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            output = (done.stdout + done.stderr).strip().splitlines() or ["it said nothing"]
            why = next((line for line in output if "Exception" in line), output[0])
            raise LocalKafkaError(f"Kafka cannot format {self.settings['log.dirs']}: {why}")


def fresh_id() -> str:
    """An id that no other cluster or directory has, as Kafka spells it."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def _keep(data: Path, kept: Path) -> None:
    """Put a copy into its place as a whole, unless another process was quicker."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        copy = shutil.copytree(data, Path(folder, kept.name))
        try:
            copy.rename(kept)
        except OSError:
            if not kept.exists():
                raise
