"""Addresses of outputs: directories, buckets with prefixes, and what is refused without showing a secret."""

from pathlib import Path

import pytest

from consumer.analytics.objects.address import AddressError, StorageAddress, read_address


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("events", Path("events")),
        ("2026:11", Path("2026:11")),
        ("./s3:/lake", Path("s3:/lake")),
        ("/srv/events", Path("/srv/events")),
        ("file:///srv/my%20events", Path("/srv/my events")),
        ("s3://lake", StorageAddress("s3", "lake")),
        ("s3://lake/", StorageAddress("s3", "lake")),
        ("gs://lake/a/b/", StorageAddress("gs", "lake", "a/b")),
        ("az://container/events", StorageAddress("az", "container", "events")),
    ],
)
def test_what_an_address_means(text: str, meant: object) -> None:
    """A text without a scheme is a directory, and so is a file URL; slashes at the end mean nothing."""
    assert meant == read_address(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("s3://", "names no bucket: write s3://BUCKET/PREFIX"),
        ("az:///events", "names no container"),
        ("s3://lake:9000/x", "names no bucket"),
        ("ftp://host/x", "neither a directory nor the address of a bucket: write a directory, file:///DIRECTORY"),
        ("file://host/x", "neither a directory nor the address of a bucket"),
        ("s3://[x/p", r"'s3://\[x/p' is neither"),
        ("gs://b]/x", "is neither"),
        ("file://[x", "is neither"),
        ("s3://a\u2100b/x", "is neither"),
        ("s3:/lake", "'s3:/lake' lacks the slashes of s3://; if it is a directory, write ./s3:/lake"),
        ("S3:lake", "lacks the slashes of s3://"),
        ("file:/srv/events", "lacks the slashes of file://"),
        ("s3://lake/a//b", "has an empty part"),
        ("s3://lake/../b", "has an empty part"),
    ],
)
def test_what_is_no_address(text: str, why: str) -> None:
    """It says what is wrong and what is allowed."""
    with pytest.raises(AddressError, match=why):
        read_address(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("s3://key:hunter2@lake/x", "set them in the environment"),
        ("s3:/key:hunter2@lake/x", "set them in the environment"),
        ("az://c/x?sig=hunter2", "set them in the environment"),
        ("s3://lake/x#hunter2", "set them in the environment"),
        ("gs://key:hunter2/x", "names no bucket"),
    ],
)
def test_secrets_are_not_repeated(text: str, why: str) -> None:
    """What may be a secret is refused without being shown."""
    with pytest.raises(AddressError, match=why) as refused:
        read_address(text)
    assert "hunter2" not in str(refused.value)


def test_an_address_is_written_as_it_was_read() -> None:
    """Without a slash at the end."""
    assert ["s3://lake", "gs://lake/a/b"] == [str(read_address(text)) for text in ("s3://lake/", "gs://lake/a/b")]
