"""The Dockerfile's lists of packages, as the shell of its build names them."""

import re
import subprocess

from tests.kit.paths import ROOT


def test_each_list_that_the_image_can_be_built_from_is_there() -> None:
    """Without a build argument the image gets the locked packages; with EXTRAS=analytics those of the extra too."""
    (of,) = re.findall(r"-r (requirements\$\{EXTRAS.*)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    for extras, expected in (
        ("", "requirements.txt"),
        ("analytics", "requirements-analytics.txt"),
        ("otel", "requirements-otel.txt"),
    ):
        assert f"{expected}\n" == subprocess.check_output(["sh", "-c", f"echo {of}"], env={"EXTRAS": extras}, text=True)
        assert (ROOT / expected).is_file()
