"""Without the extra `analytics`: the commands that need it say so in one line, at once, and how to install it here."""

import shlex
import tomllib
from pathlib import Path

import pytest

from consumer.analytics.extra import ANALYTICS, FAST, ICEBERG
from runtime.extras import advice
from tests.kit.bridge import WORKER, Installation
from tests.kit.missing import without
from tests.kit.paths import ROOT
from tests.kit.process import Process

NOWHERE = "127.0.0.1:9"
TABLE = ("export", "--format", "iceberg", "--catalog", "local=sqlite:////nowhere/catalog.db")
PARQUET = ("export", "--output", "{}", "--format", "parquet")


@pytest.mark.parametrize(
    ("arguments", "missing", "said"),
    [
        (PARQUET, "pyarrow", "Parquet needs pyarrow, which is not installed"),
        (("report", "--input", "{}"), "duckdb", "report needs duckdb, which is not installed"),
        (("report",), "duckdb", "report needs duckdb, which is not installed"),
        (
            ("report", "--sql", "--engine", "spark"),
            "sqlglot",
            "report --sql --engine spark needs sqlglot, which is not installed",
        ),
        (("report",), "pyarrow", "Parquet needs pyarrow, which is not installed"),
        (
            ("export", "--output", "s3://lake/registry", "--format", "ndjson"),
            "obstore",
            "s3:// needs obstore, which is not installed",
        ),
        (("report", "--input", "az://lake/registry"), "obstore", "az:// needs obstore, which is not installed"),
        (TABLE, "pyiceberg", "--format iceberg needs pyiceberg, which is not installed"),
    ],
)
def test_what_is_missing_is_named(arguments: tuple[str, ...], missing: str, said: str, tmp_path: Path) -> None:
    """Exit 2 and one line, without asking Kafka or touching the directory."""
    output = tmp_path / "out"
    output.mkdir()
    command = Process(
        WORKER,
        *(argument.format(output) for argument in arguments),
        folder=tmp_path / "process",
        config=Installation(NOWHERE, "registry.events", tmp_path).config(),
        environment=without(tmp_path / "stubs", missing),
    )
    with command:
        assert 2 == command.wait()
    (line,) = command.stderr.splitlines()
    assert said in line
    assert "python -m pip install " in line
    wanted = (*ANALYTICS, *ICEBERG) if "iceberg" in arguments else ANALYTICS
    assert line.endswith(" ".join(map(shlex.quote, wanted)))
    assert ("", []) == (command.stdout, list(output.iterdir()))


@pytest.mark.parametrize(
    ("has_pip", "has_uv", "said"),
    [
        (True, False, "{python} -m pip install {wanted}"),
        (False, True, "uv pip install --python {python} {wanted}"),
        (
            False,
            False,
            "build the container image with --target analytics, or install {wanted} for {python}",
        ),
    ],
    ids=["pip", "uv", "image"],
)
def test_advice_fits_the_environment(said: str, *, has_pip: bool, has_uv: bool) -> None:
    """It names the environment's own Python, relative where that is shorter, and what it has to install with."""
    shown = {Path("/opt/bridge/bin/python"): "/opt/bridge/bin/python", Path.cwd() / "a b/python": "'a b/python'"}
    wanted = "'pyarrow>=20' 'duckdb>=1.4' 'obstore>=0.9' 'sqlglot>=28'"
    for python, text in shown.items():
        assert said.format(python=text, wanted=wanted) == advice(
            "analytics", ANALYTICS, python=python, has_pip=has_pip, has_uv=has_uv
        )


def test_packages_are_the_extras() -> None:
    """What the advice names is what pyproject.toml has under the extras."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert list(ANALYTICS) == extras["analytics"]
    assert ["registry-event-bridge[analytics]", *FAST] == extras["analytics-fast"]
