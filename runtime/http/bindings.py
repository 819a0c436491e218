"""Where a server listens: an address of its own, one that several processes of ours share, or a socket in a folder."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from runtime.config.addresses import Address
from runtime.errors import BridgeError
from runtime.http.server_tls import ServerTLS

_BACKLOG: Final = 2048


class AddressTakenError(BridgeError):
    """Nothing can listen there."""


class Binding(Protocol):
    """A place where one server listens."""

    @property
    def tls(self) -> ServerTLS | None:
        """What connections there are encrypted with; None: they are not."""
        ...

    def bind(self) -> socket.socket:
        """Take the place: a socket that listens.

        Raises:
            AddressTakenError: it is not to be had.
        """
        ...


@dataclass(frozen=True, slots=True)
class TcpBinding:
    """An address; port 0 takes a free one."""

    address: Address
    is_shared: bool = False
    """Whether other processes of the same user may listen there too (SO_REUSEPORT): Linux divides the connections."""
    tls: ServerTLS | None = None
    """See `Binding`."""

    def bind(self) -> socket.socket:
        """Take it: see `Binding`."""
        return _listening(_bound(self.address, is_shared=self.is_shared), self.address)


class TakenBinding:
    """An address that is taken already: whoever listens there knows its port before."""

    def __init__(self, address: Address, tls: ServerTLS | None = None) -> None:
        """Takes it; port 0 takes a free one. `tls` is that of `Binding`.

        Raises:
            AddressTakenError: it is not to be had.
        """
        self._socket: Final = TcpBinding(address).bind()
        self.tls: Final = tls
        self.address: Final = Address(*self._socket.getsockname()[:2])

    def bind(self) -> socket.socket:
        """The socket that has it."""
        return self._socket


@dataclass(frozen=True, slots=True)
class UnixBinding:
    """A socket in the file system, which must not be there yet."""

    path: Path
    tls: None = None
    """Only this machine, and this user, reaches it."""

    def bind(self) -> socket.socket:
        """Take it: see `Binding`."""
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.bind(os.fspath(self.path))
        except OSError as error:
            sock.close()
            raise AddressTakenError(f"cannot listen on {self.path}: {error.strerror or error}") from error
        return _listening(sock, self.path)


class ReservedAddress:
    """An address at which only processes of ours listen in this context, each by a shared `TcpBinding`."""

    def __init__(self, address: Address) -> None:
        """Takes it; port 0 takes a free one.

        Raises:
            AddressTakenError: somebody listens there, be it another command of ours that shares it.
        """
        _listening(_bound(address, is_shared=False), address).close()
        self._socket: Final = _bound(address, is_shared=True)

    def __enter__(self) -> Address:
        """With the port that it has."""
        return Address(*self._socket.getsockname()[:2])

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def _bound(address: Address, *, is_shared: bool) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if is_shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        sock.bind((address.host, address.port))
    except OSError as error:
        sock.close()
        raise AddressTakenError(f"cannot listen on {address}: {error.strerror or error}") from error
    return sock


def _listening(sock: socket.socket, place: object) -> socket.socket:
    try:
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise AddressTakenError(f"cannot listen on {place}: {error.strerror or error}") from error
    return sock
