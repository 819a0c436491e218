"""This program as it was before the newest release of the schema.

The model keeps the members that came with the release: nothing that the earlier ones carry fills them.
"""

import json
import os
import shutil
from pathlib import Path

from tests.kit.paths import ROOT

PACKAGES = ("schemas", "runtime", "producer", "consumer")


def make_previous_version(folder: Path) -> dict[str, str]:
    """Our packages without the newest release in this folder; the environment in which they are found first."""
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    package = folder / "schemas"
    index = json.loads((package / "index.json").read_text())
    newest = index["releases"].pop()
    (package / newest["file"]).unlink()
    (package / "index.json").write_text(json.dumps(index))
    path = [str(folder), os.environ.get("PYTHONPATH", "")]
    return {"PYTHONPATH": os.pathsep.join(filter(None, path)), "PYTHONSAFEPATH": "1"}
