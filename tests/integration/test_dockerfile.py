"""The image without an engine: its install steps in an empty folder, and what the Dockerfile says of the rest."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from broker.ports import free_port
from tests.kit import Receiver
from tests.kit.asgi_server import ASGIServer
from tests.kit.authority import authority
from tests.kit.dockerfile import Build, stages
from tests.kit.eventually import LIMIT_S
from tests.kit.paths import ROOT

pytestmark = pytest.mark.timeout(1800)  # the install steps are slow on a busy machine

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LARGEST = 90 * 2**20
"""Bytes that the image has beside its base, before they are compiled."""
HEALTHCHECK = ROOT / "deploy" / "image" / "healthcheck.py"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """What the stage `build` leaves."""
    build = Build(tmp_path_factory.mktemp("image"))
    build.run(stages()["build"])
    return build


def test_the_install_steps_make_an_environment_that_runs_both_commands(built: Build) -> None:
    """With the locked packages alone, and without pip, which nobody needs in the image."""
    home = built.root / "opt" / "bridge"
    for program in ("registry-bridge", "registry-worker"):
        said = subprocess.check_output([home / "bin" / program, "--version"], text=True, cwd="/")
        assert f"{program}, version {PROJECT['version']}\n" == said
    schema = subprocess.check_output([home / "bin" / "registry-bridge", "example", "--schema"], text=True, cwd="/")
    assert (ROOT / "docs" / "bridge.schema.json").read_text("utf-8") == schema
    packages = {one.name for one in next((home / "lib").iterdir()).joinpath("site-packages").iterdir()}
    assert not {"pip", "pyarrow", "duckdb", "hatchling"} & packages
    size = sum(file.stat().st_size for file in home.rglob("*") if file.is_file() and not file.is_symlink())
    assert size < LARGEST
    assert (home / "lib").stat().st_mode & 0o222 & ~0o200 == 0, "only its owner, root, may write there"


def test_the_packages_are_compiled() -> None:
    """As pip does unless it is told otherwise; in the image nothing can be written, so each start would do it."""
    build = stages()["build"]
    assert not any("no-compile" in one.text for one in build.all("RUN"))
    assert {"PIP_NO_CACHE_DIR", "PIP_DISABLE_PIP_VERSION_CHECK"} == build.pairs("ENV").keys()


def test_the_default_target_is_the_plain_image() -> None:
    """The last stage: what the stage `build` has installed."""
    name, stage = list(stages().items())[-1]
    assert ("bridge", "runtime") == (name, stage.base)
    assert ["--from=build /opt/bridge /opt/bridge"] == [one.text for one in stage.instructions]


@pytest.mark.parametrize("extra", ["analytics", "iceberg", "otel"])
def test_an_extra_is_a_target(extra: str) -> None:
    """The default image, and the locked packages of the extra."""
    found = stages()
    assert ("runtime", "build") == (found[extra].base, found[f"build-{extra}"].base)
    assert [f"--from=build-{extra} /opt/bridge /opt/bridge"] == [one.text for one in found[extra].instructions]
    copied, installed = found[f"build-{extra}"].instructions
    assert [f"requirements-{extra}.txt", "./"] == copied.words
    assert ["--require-hashes", "--only-binary", ":all:", "-r", copied.words[0]] == installed.words[-5:]
    assert (ROOT / copied.words[0]).is_file()


def test_the_image_is_labelled() -> None:
    """By the annotations of the Open Container Initiative, as the project is described."""
    runtime = stages()["runtime"]
    prefix = "org.opencontainers.image."
    labels = {name.removeprefix(prefix): value for name, value in runtime.pairs("LABEL").items()}
    assert PROJECT["name"] == labels["title"]
    assert PROJECT["description"] == labels["description"]
    assert PROJECT["version"] == labels["version"]
    assert PROJECT["license"] == labels["licenses"]
    assert f"docker.io/library/{runtime.base}" == labels["base.name"]
    assert ("${REVISION}", {"REVISION": ""}) == (labels["revision"], runtime.pairs("ARG"))


def test_the_image_runs_as_a_user_of_its_own_who_can_write_one_folder() -> None:
    """Not as root; what the build has installed belongs to root."""
    runtime = stages()["runtime"]
    (user,) = runtime.all("USER")
    assert "10001:10001" == user.text
    (prepared,) = runtime.all("RUN")
    assert "useradd --system --uid 10001 " in prepared.text
    assert "install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/registry-bridge" in prepared.text
    assert all("--chown" not in one.text for stage in stages().values() for one in stage.all("COPY"))
    assert "1" == runtime.pairs("ENV")["PYTHONDONTWRITEBYTECODE"]


def check_health(urls: str) -> subprocess.CompletedProcess[str]:
    """What the image's health check says of these addresses."""
    command = [sys.executable, str(HEALTHCHECK)]
    return subprocess.run(
        command, env={"HEALTHCHECK_URLS": urls}, capture_output=True, text=True, check=False, timeout=LIMIT_S
    )


def test_the_image_has_the_health_check() -> None:
    """The script of this project, as the program that it names."""
    runtime = stages()["runtime"]
    (copied,) = runtime.all("COPY")
    assert ["--chmod=755", str(HEALTHCHECK.relative_to(ROOT)), "/usr/local/bin/healthcheck"] == copied.words
    (check,) = runtime.all("HEALTHCHECK")
    assert check.text.endswith('CMD ["healthcheck"]')


async def livez(scope: Any, receive: Any, send: Any) -> None:
    """Alive at /livez, and not at /stuck."""
    status = {"/livez": 200, "/stuck": 503}[scope["path"]]
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body"})


def test_a_command_is_alive_if_one_address_answers() -> None:
    """The image does not know which of the two commands it runs."""
    nobody = f"http://127.0.0.1:{free_port()}/livez"
    with ASGIServer(livez) as server:
        alive, stuck = (f"http://{server.address}/{page}" for page in ("livez", "stuck"))
        for urls in (alive, f"{nobody} {alive}", f"{stuck} {alive}"):
            done = check_health(urls)
            assert (0, "") == (done.returncode, done.stderr), urls
        done = check_health(f"{nobody} {stuck}")
        assert (1, [f"{nobody}: [Errno 111] Connection refused", f"{stuck}: 503"]) == (
            done.returncode,
            done.stderr.splitlines(),
        )


def test_a_command_with_tls_is_alive(tmp_path: Path) -> None:
    """Whatever name its certificate is for."""
    with Receiver(tls=authority(tmp_path).server("bridge.example.com")) as served:
        done = check_health(f"https://{urlsplit(served.url).netloc}/livez")
        assert (0, "") == (done.returncode, done.stderr)
