"""URLs of an event's content."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer import ReferenceFormatError, RegistryURLBuilder, RootURLError

D = "sha256:" + "0a" * 32


def asgi(path: str = "/v2/", *, root_path: str = "", scheme: str = "http", **headers: str) -> dict[str, Any]:
    """An ASGI scope; `x_forwarded_host=` is the header X-Forwarded-Host."""
    named = {"host": "registry.local:5000", **headers}
    fields = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in named.items() if value]
    return {
        "type": "http",
        "method": "GET",
        "scheme": scheme,
        "path": path,
        "root_path": root_path,
        "headers": fields,
        "client": ("192.0.2.7", 4711),
        "server": ("10.0.0.5", 8080),
    }


def blob_url_for(scope: dict[str, Any]) -> str:
    """The URL that an event caused by this request carries."""
    return RegistryURLBuilder.from_request(scope).blob_url("a/b", D)


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ("http://test.example.com/", "http://test.example.com/v2/"),
        ("http://test.example.com", "http://test.example.com/v2/"),
        ("https://h:5000/prefix/", "https://h:5000/prefix/v2/"),
        ("https://h/pre/fix", "https://h/pre/fix/v2/"),
        ("http://[::1]:5000", "http://[::1]:5000/v2/"),
    ],
)
def test_urls_stand_under_the_root(root: str, expected: str) -> None:
    """A path prefix is kept, with or without its last slash (the registry drops one without)."""
    urls = RegistryURLBuilder(root)
    assert f"{expected}test/repo/manifests/{D}" == urls.manifest_url("test/repo", D)
    assert f"{expected}test/repo/blobs/{D}" == urls.blob_url("test/repo", D)


def test_relative_urls_are_paths_from_the_api_on() -> None:
    """As with the registry's `relativeurls`: no host and no prefix."""
    assert f"/v2/a/manifests/{D}" == RegistryURLBuilder("https://h/prefix/", relative=True).manifest_url("a", D)
    relative = RegistryURLBuilder.from_request(asgi("/prefix/v2/"), relative=True)
    assert f"/v2/a/blobs/{D}" == relative.blob_url("a", D)


@pytest.mark.parametrize(
    "root",
    [
        "",
        "/prefix/",
        "registry.example.com",
        "ftp://h/",
        "http://",
        "http:///v2/",
        "http://h:port/",
        "http://h:70000/",
        "http://[::1/",
        "http://h /",
        "http://h/a b/",
        "http://user:secret@h/",
        "http://h/?token=secret",
        "http://h/#secret",
        "http://h/\n",
    ],
)
def test_a_root_that_is_no_address_is_refused(root: str) -> None:
    """The error says what is allowed and shows nothing of the root, which may hold a password."""
    with pytest.raises(RootURLError, match=r"^root: ") as caught:
        RegistryURLBuilder(root)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "http://registry.local:5000"),
        ({"x_forwarded_proto": "https"}, "https://registry.local:5000"),
        ({"x_forwarded_proto": "HTTPS, http"}, "https://registry.local:5000"),
        ({"x_forwarded_host": "first.example.com, proxy1"}, "http://first.example.com"),
        (
            {"x_forwarded_host": "first.example.com:8443", "x_forwarded_proto": "https"},
            "https://first.example.com:8443",
        ),
        ({"forwarded": "proto=https;host=fwd.example.com, proto=http;host=proxy"}, "https://fwd.example.com"),
        ({"forwarded": 'host="[2001:db8::1]:5000"'}, "http://[2001:db8::1]:5000"),
        ({"forwarded": "for=1.2.3.4", "x_forwarded_host": "x.example.com"}, "http://registry.local:5000"),
        ({"forwarded": "broken;;", "x_forwarded_proto": "https"}, "http://registry.local:5000"),
        ({"x_forwarded_port": "8443"}, "http://registry.local:5000"),
        ({"x_forwarded_proto": "javascript"}, "http://registry.local:5000"),
        ({"x_forwarded_host": 'evil.com/x?"<script>'}, "http://registry.local:5000"),
        ({"x_forwarded_host": "user:pw@evil.com"}, "http://registry.local:5000"),
        ({"x_forwarded_host": "h:99999"}, "http://registry.local:5000"),
        ({"host": ""}, "http://10.0.0.5:8080"),
        ({"host": "bad host"}, "http://10.0.0.5:8080"),
    ],
)
def test_the_origin_is_what_the_client_asked(headers: dict[str, str], expected: str) -> None:
    """Forwarded decides if there, else X-Forwarded-*, else the connection; what is no host or scheme is passed over."""
    assert f"{expected}/v2/a/b/blobs/{D}" == blob_url_for(asgi(**headers))


def test_a_tls_connection_gives_https() -> None:
    """The scheme is the connection's where no proxy says another."""
    assert f"https://registry.local:5000/v2/a/b/blobs/{D}" == blob_url_for(asgi(scheme="https"))


@pytest.mark.parametrize(
    ("path", "root_path", "prefix"),
    [
        ("/v2/", "", ""),
        ("/v2/a/blobs/x", "", ""),
        ("/v2", "", ""),
        ("/registry/v2/a/manifests/x", "", "/registry"),
        ("/registry/v2/a/manifests/x", "/registry", "/registry"),
        ("/v2/a/manifests/x", "/registry", "/registry"),
        ("/a b/ü/v2/x", "", "/a%20b/%C3%BC"),
        ("/v2/x/v2/y", "", ""),
    ],
)
def test_the_prefix_before_the_api_is_kept(path: str, root_path: str, prefix: str) -> None:
    """A mounted registry's URLs lead back to it, whether or not the server's path holds the root path."""
    assert f"http://registry.local:5000{prefix}/v2/a/b/blobs/{D}" == blob_url_for(asgi(path, root_path=root_path))


def test_a_wsgi_environ_gives_the_same() -> None:
    """The rules do not depend on the server's interface."""
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "/registry",
        "PATH_INFO": "/v2/a/b/tags/list",
        "HTTP_HOST": "h:5000",
        "HTTP_X_FORWARDED_PROTO": "https",
        "wsgi.url_scheme": "http",
    }
    assert f"https://h:5000/registry/v2/a/b/blobs/{D}" == blob_url_for(environ)


def test_without_any_host_the_url_is_still_one() -> None:
    """A request by an old client over a Unix socket names no host at all."""
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/v2/", "headers": [], "server": None}
    assert f"http://localhost/v2/a/b/blobs/{D}" == blob_url_for(scope)


@pytest.mark.parametrize(("repository", "digest"), [("A", D), ("a", "latest"), ("a", ""), ("../a", D)])
def test_only_valid_names_and_digests_become_urls(repository: str, digest: str) -> None:
    """A URL is never by tag, and never leads elsewhere."""
    urls = RegistryURLBuilder("http://h/")
    for build in (urls.manifest_url, urls.blob_url):
        with pytest.raises(ReferenceFormatError):
            build(repository, digest)


HEADERS = st.text(st.characters(max_codepoint=255), max_size=20)


@given(HEADERS, HEADERS, HEADERS, HEADERS, st.text(max_size=20))
def test_no_request_makes_it_fail(forwarded: str, proto: str, host: str, http_host: str, path: str) -> None:
    """Whatever a client or proxy sends, there is an absolute URL."""
    scope = asgi("/" + path, forwarded=forwarded, x_forwarded_proto=proto, x_forwarded_host=host, host=http_host)
    url = blob_url_for(scope)
    assert url.startswith(("http://", "https://"))
    assert url.endswith(f"/v2/a/b/blobs/{D}")
    assert url.isascii()
