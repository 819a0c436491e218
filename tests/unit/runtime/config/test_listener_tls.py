"""Files of a listener's TLS: each fault is a line that names its key, at the start and in `check --offline`."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from runtime.config.listener_tls import ListenerTLS, server_context
from tests.kit.authority import authority
from tests.kit.config_faults import KAFKA, faults, loaded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A certificate with its key, once more encrypted, the key of another, and an authority."""
    known = authority(tmp_path)
    for name in ("mine", "other"):
        issued = known.ca.issue_cert("127.0.0.1")
        (tmp_path / f"{name}.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(tmp_path / f"{name}.key")
    key = load_pem_private_key((tmp_path / "mine.key").read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"only-for-tests"))
    (tmp_path / "locked.key").write_bytes(locked)
    return tmp_path


def section(of: str = "intake", **keys: str) -> str:
    """A configuration with the section."""
    written = {"cert": "mine.pem", "key": "mine.key", **keys}
    return f"{KAFKA}{of}: {{tls: {{{', '.join(f'{key}: {file}' for key, file in written.items() if file)}}}}}\n"


@pytest.mark.parametrize("of", ["intake", "worker"])
def test_good_files(folder: Path, of: str) -> None:
    """They are found beside the configuration, and make a server's side of a connection."""
    tls = getattr(loaded(folder, section(of, client_ca="ca.pem", ca="ca.pem")), of).tls
    assert isinstance(tls, ListenerTLS)
    assert (folder / "mine.pem", folder / "mine.key", folder / "ca.pem") == tls.files
    server_context(tls)


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"key": "other.key"}, "intake.tls.key: is not the private key of the certificate in cert"),
        ({"key": "mine.pem"}, "intake.tls.key: holds no private key that can be read (PEM)"),
        ({"cert": "mine.key"}, "intake.tls.cert: holds no certificate that can be read (PEM)"),
        ({"client_ca": "mine.key"}, "intake.tls.client_ca: holds no certificate that can be read (PEM)"),
        ({"key": "locked.key"}, "intake.tls.key: is encrypted; write a key without a passphrase"),
        ({"key": ""}, "intake.tls.key: is missing; write the PEM file of its private key"),
        ({"cert": "none.pem"}, 'intake.tls.cert: "none.pem" cannot be read: No such file or directory'),
    ],
)
def test_faults(folder: Path, keys: dict[str, str], fault: str) -> None:
    """Of each file."""
    assert [fault] == faults(folder, section(**keys))


def test_a_file_that_is_replaced_makes_other_settings(folder: Path) -> None:
    """So that a reload sees it, though no path has changed."""
    before = loaded(folder, section())
    for end in ("pem", "key"):
        (folder / f"other.{end}").replace(folder / f"mine.{end}")
    assert before.intake.tls != loaded(folder, section()).intake.tls
