"""Names of images."""

import pytest

from producer.sources.image_names import Reference, host_of, manifest_url, reference_of


def test_only_a_digest_has_a_colon() -> None:
    """So one text can be either."""
    assert reference_of("v3") == Reference(tag="v3")
    assert reference_of("sha256:0a") == Reference(digest="sha256:0a")
    assert reference_of("") == Reference()


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("ghcr.io/acme/web:v3", "ghcr.io"),
        ("https://quay.io/acme/web", "quay.io"),
        ("localhost/web", "localhost"),
        ("127.0.0.1:5000/web", "127.0.0.1:5000"),
        ("acme/web", ""),
        ("web:v3", ""),
        ("ghcr.io", ""),
        ("", ""),
    ],
)
def test_the_host_of_a_name(name: str, host: str) -> None:
    """What is before the first slash, if it looks like one."""
    assert host_of(name) == host


def test_a_manifest_has_a_url_if_all_of_it_is_known() -> None:
    """Host, repository and digest."""
    assert manifest_url("r.example", "shop/web", "sha256:0a") == "https://r.example/v2/shop/web/manifests/sha256:0a"
    assert [manifest_url("", "a", "b"), manifest_url("a", "", "b"), manifest_url("a", "b", "")] == ["", "", ""]


def test_a_manifest_has_no_url_that_nobody_could_ask_for() -> None:
    """A name as long as a body would be in each of its events once more."""
    assert manifest_url("r.example", "r" * 2**20, "sha256:0a") == ""
