"""How `check` reaches endpoints: directly or through their proxy, without Kafka and, offline, without anybody."""

import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from broker import free_port
from producer.check.endpoints import addresses, client_settings, judged_at_the_proxy
from producer.check.findings import Finding, Severity
from runtime.config import EndpointSettings, Secret, TLSSettings
from runtime.config.networks import Networks, parse_network
from tests.kit.authority import authority, self_signed
from tests.kit.bridge import Installation, endpoint
from tests.kit.eventually import LIMIT_S


@contextmanager
def proxy(status: int, tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[str]]]:
    """An HTTP proxy that answers every request with this status; its URL, and the request lines that it got."""
    lines: list[str] = []

    class Answering(http.server.BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            lines.append(self.rfile.readline().decode().strip())
            self.wfile.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            self.close_connection = True

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", lines
        finally:
            server.shutdown()
            thread.join()


def behind(proxy: str, url: str = "http://only-via-proxy.invalid/hook", **keys: object) -> EndpointSettings:
    """An endpoint that is reached through a proxy alone."""
    # timeout_s: on a busy machine even an answer at once needs some seconds
    return EndpointSettings(name="viaproxy", url=url, proxy=Secret(proxy), timeout_s=30.0, **keys)  # type: ignore[arg-type]


def finding(settings: EndpointSettings) -> Finding:
    """What is found of its address."""
    (found,) = addresses([settings])
    return found


@pytest.mark.parametrize("status", [200, 202, 301, 401, 404, 405, 500, 501])
def test_an_endpoint_is_asked_through_its_proxy(status: int) -> None:
    """By the request that the proxy would carry; whatever the endpoint answers, it can be reached."""
    with proxy(status) as (url, lines):
        found = finding(behind(url))
    assert lines == ["HEAD http://only-via-proxy.invalid/hook HTTP/1.1"]
    where = f"only-via-proxy.invalid:80 can be reached through the proxy {url.removeprefix('http://')}"
    assert found == Finding(Severity.OK, f"endpoint viaproxy: {where}")


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (502, "the answer is 502"),
        (503, "the answer is 503"),
        (504, "the answer is 504"),
        (407, "it requires a user (407): write http://USER:PASSWORD@HOST:PORT"),
    ],
)
def test_a_proxy_that_does_not_get_through_is_a_fault(status: int, why: str) -> None:
    """The proxy says so itself."""
    with proxy(status) as (url, _):
        found = finding(behind(url))
    assert found.severity is Severity.WRONG
    assert found.text.endswith(f"cannot reach only-via-proxy.invalid:80 through the proxy {url[7:]}: {why}")


def test_a_tunnel_that_is_refused_is_a_fault() -> None:
    """Https goes through the proxy in a tunnel."""
    with proxy(403) as (url, lines):
        found = finding(behind(url, "https://only-via-proxy.invalid/hook"))
    assert lines == ["CONNECT only-via-proxy.invalid:443 HTTP/1.1"]
    assert found.severity is Severity.WRONG


def test_a_dead_proxy_is_a_fault() -> None:
    """Nothing listens there; its user and password are not shown."""
    found = finding(behind(f"http://bob:pa55word@127.0.0.1:{free_port()}"))
    assert found.severity is Severity.WRONG
    assert "Connection refused" in found.text
    assert "pa55word" not in found.text


def served(context: ssl.SSLContext, name: str, tls: TLSSettings) -> Finding:
    """What is found of an https endpoint `name` whose server shows this certificate."""
    with proxy(200, tls=context) as (url, _):
        return finding(EndpointSettings(name="ci", url=f"https://{name}:{urlsplit(url).port}/", tls=tls))


def test_a_certificate_is_verified_as_at_delivery(tmp_path: Path) -> None:
    """Trusted: of an authority, or self-signed and named; the fault says which of the four ways not to be it is."""
    other = tmp_path / "other"
    other.mkdir()
    known, unknown = authority(tmp_path), authority(other)
    cert, itself = self_signed(tmp_path)
    trusting = TLSSettings(ca=known.file)
    assert served(known.server(), "127.0.0.1", trusting).severity is Severity.OK
    assert served(itself, "localhost", TLSSettings(ca=cert)).severity is Severity.OK
    assert served(unknown.server(), "127.0.0.1", TLSSettings(verify=False)).severity is Severity.OK
    for context, name, says in (
        (known.server("other.example"), "127.0.0.1", "is not valid for the name 127.0.0.1"),
        (known.server(expired=True), "127.0.0.1", "has expired"),
        (unknown.server(), "127.0.0.1", "is signed by an unknown authority"),
        (itself, "localhost", "is self-signed and not trusted"),
    ):
        found = served(context, name, trusting)
        assert found.severity is Severity.WRONG
        assert says in found.text


def test_https_to_a_port_that_speaks_http() -> None:
    """The fault is in the URL, and says so."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as plain:

        def answer() -> None:
            for _ in ("whether it listens", "the handshake"):
                with listening.accept()[0] as connection:
                    if connection.recv(65536):
                        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        answered = plain.submit(answer)
        found = finding(EndpointSettings(name="ci", url=f"https://127.0.0.1:{listening.getsockname()[1]}/"))
        answered.result()
    assert found.severity is Severity.WRONG
    assert found.text.endswith("it does not speak TLS there: write http://, or another port")


def test_a_disabled_endpoint_out_of_reach_is_a_warning() -> None:
    """It is not delivered to; one without an address is not mentioned."""
    settings = EndpointSettings(name="off", url=f"http://127.0.0.1:{free_port()}/", disabled=True)
    assert finding(settings).severity is Severity.WARNING
    assert list(addresses([EndpointSettings(name="off", url="", disabled=True)])) == []


def test_many_unreachable_endpoints_are_waited_for_together() -> None:
    """Each takes its time; the answers come in the file's order."""
    waiting = threading.Barrier(8, timeout=LIMIT_S)

    def reach(_host: str, port: int, _networks: Networks) -> str:
        waiting.wait()
        raise OSError(f"nobody at {port}")

    ends = [EndpointSettings(name=f"e{port}", url=f"http://x:{port}/") for port in range(1, 9)]
    assert [found.text.split()[-1] for found in addresses(ends, reach)] == [str(port) for port in range(1, 9)]


def test_an_address_that_networks_refuse_is_a_fault() -> None:
    """It is not connected to, by whatever notation or name it is written; of a proxy it is the proxy's address."""
    networks = Networks(deny=(parse_network("127.0.0.0/8"), parse_network("::1/128")))
    for host in ("127.0.0.1", "0x7f.1", "localhost"):
        found = finding(EndpointSettings(name="ci", url=f"http://{host}:{free_port()}/", networks=networks))
        assert found.severity is Severity.WRONG
        assert found.text.endswith("which worker.deny_networks refuses")
    with proxy(200) as (url, lines):
        found = finding(behind(url, networks=networks))
    assert found.text.endswith("127.0.0.1 is in 127.0.0.0/8, which worker.deny_networks refuses")
    assert lines == []
    (note,) = judged_at_the_proxy([behind(url, networks=networks), behind(url), EndpointSettings(name="x", url="")])
    assert note.severity is Severity.NOTE
    assert note.text.startswith("endpoint viaproxy: worker.allow_networks and worker.deny_networks judge the address")


def test_settings_of_which_no_client_can_be_made(tmp_path: Path) -> None:
    """A PEM file that holds something else is the configuration's fault."""
    key = tmp_path / "key.pem"
    key.write_text("-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n")
    (found,) = client_settings([EndpointSettings(name="ci", url="https://x/", tls=TLSSettings(ca=key))])
    assert (found.severity, found.exit_code) == (Severity.WRONG, 2)
    assert found.text.startswith("endpoint ci: tls.ca cannot be used")


def test_offline_asks_nobody(tmp_path: Path) -> None:
    """Neither Kafka nor an endpoint nor its proxy hears of it; notes, warnings and the result are there."""
    with socket.create_server(("127.0.0.1", 0)) as heard:
        heard.setblocking(False)  # noqa: FBT003
        address = f"127.0.0.1:{heard.getsockname()[1]}"
        ends = [
            endpoint("ci", f"http://{address}/", tags=["a/b"]),
            endpoint("via", "http://x.invalid/", proxy=f"http://{address}"),
        ]
        done = Installation(address, "t", tmp_path, endpoints=ends).run_bridge("check", "--offline")
        with pytest.raises(BlockingIOError):
            heard.accept()
    assert done.code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith("note ") and "3xx" in line for line in lines)
    assert any(line.startswith('warning endpoints[0].tags[0]: "a/b" matches nothing') for line in lines)
    assert lines[-1] == "result  0 faults, 1 warning; Kafka and the endpoints were not asked"


def test_offline_finds_what_is_wrong_with_the_file(tmp_path: Path) -> None:
    """Exit 2: Kafka's client refuses a setting, a certificate cannot be used."""
    (tmp_path / "ca.pem").write_text("-----BEGIN NOTHING-----\n")
    tls = {"ca": str(tmp_path / "ca.pem")}
    setup = Installation("127.0.0.1:1", "t", tmp_path, endpoints=[endpoint("ci", "https://x.invalid/", tls=tls)])
    done = setup.run_bridge("check", "--offline")
    assert (done.code, done.stdout.splitlines()[-1][:17]) == (2, "result  1 fault, ")
    setup.sections = {"kafka": {"ssl.ca.location": "/nope.pem", "foo.bar": "x"}}
    done = setup.run_bridge("check", "--offline")
    assert done.code == 2
    assert "kafka.foo.bar: " in done.stderr
