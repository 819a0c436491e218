"""Where servers listen: one process alone, several that share an address, or at a socket in a folder."""

from pathlib import Path

import pytest

from broker.ports import LOOPBACK, free_port
from runtime.config.addresses import Address
from runtime.http.bindings import AddressTakenError, Binding, ReservedAddress, TcpBinding, UnixBinding

TAKEN = "Address already in use"


def is_taken(binding: Binding) -> bool:
    """Whether somebody listens there already."""
    try:
        binding.bind().close()
    except AddressTakenError as error:
        return str(error).endswith(TAKEN)
    return False


@pytest.mark.parametrize("port", [0, None])
def test_a_reserved_address_is_for_those_who_share_it(port: int | None) -> None:
    """With the port that port 0 found; nobody else has it, and others of ours neither once somebody listens."""
    with ReservedAddress(Address(LOOPBACK, free_port() if port is None else port)) as address:
        assert address.port > 0
        shared = TcpBinding(address, is_shared=True)
        with shared.bind(), shared.bind():
            assert is_taken(TcpBinding(address))
            with pytest.raises(AddressTakenError, match=TAKEN):
                ReservedAddress(address)
        with shared.bind():
            pass
    assert not is_taken(TcpBinding(address))


def test_an_address_that_somebody_has_is_not_reserved() -> None:
    """As without sharing."""
    with TcpBinding(Address(LOOPBACK, 0)).bind() as taken:
        address = Address(*taken.getsockname())
        with pytest.raises(AddressTakenError, match=f"cannot listen on {address}: {TAKEN}"):
            ReservedAddress(address)
        assert is_taken(TcpBinding(address, is_shared=True))


def test_a_socket_in_a_folder(tmp_path: Path) -> None:
    """Is taken as long as its file is there; a name that is too long is said."""
    with UnixBinding(tmp_path / "one").bind():
        assert is_taken(UnixBinding(tmp_path / "one"))
    with pytest.raises(AddressTakenError, match="too long"):
        UnixBinding(tmp_path / ("x" * 200)).bind()
