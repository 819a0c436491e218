"""A process that has imported our programs and forks one whenever it is asked: half a second of imports is spared.

What it forks is a process as any other: its own arguments, environment, streams, session, signals and end. What is
started afresh instead is whatever depends on how Python starts (variables that Python reads, a terminal).

It is a child of the run of tests. When that ends, in whatever way, all that was forked is killed.
"""

import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

MOST_BYTES: Final = 200_000
"""Of one order; the environment is the largest part of it."""
PROGRAMS: Final = ("producer", "consumer.commands")
"""Their modules are imported beforehand, and so is what they import. What a command brings in by itself is not."""
HEAVY: Final = frozenset({"pyarrow", "duckdb", "pyruhvro"})
"""Not imported beforehand: they start threads, which do not survive a fork."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to fork.

    Args:
        module: whose `main` is called, as the installed commands do.
        arguments: its command line.
        environment: all of it.
    """

    module: str
    arguments: tuple[str, ...]
    environment: dict[str, str]

    def encoded(self) -> bytes:
        """As it is sent."""
        return json.dumps([self.module, self.arguments, self.environment]).encode()

    @classmethod
    def decoded(cls, sent: bytes) -> "Order":
        """Raises ValueError if it is none."""
        module, arguments, environment = json.loads(sent)
        return cls(module, tuple(arguments), environment)


class ForkServer:
    """Takes orders from a socket, each with four descriptors: stdin, stdout, stderr, and where to report.

    A report is two lines: the process id when it runs, and its exit status (negative: the signal) when it has ended.
    """

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._running = selectors.DefaultSelector()
        self._running.register(orders, selectors.EVENT_READ)

    def serve(self) -> Order | None:
        """Returns an order in a child that is to carry it out, and None in the server itself when nobody asks more."""
        while True:
            for key, _ in self._running.select():
                if key.fileobj is not self._orders:
                    self._end(key)
                    continue
                sent, descriptors, _, _ = socket.recv_fds(self._orders, MOST_BYTES, 4)
                if not sent:
                    self._kill_all()
                    return None
                if self._forks(*descriptors):
                    return Order.decoded(sent)

    def _forks(self, stdin: int, stdout: int, stderr: int, report: int) -> bool:
        """Whether this is the child."""
        pid = os.fork()
        if pid == 0:
            os.setsid()
            for number, descriptor in enumerate((stdin, stdout, stderr)):
                os.dup2(descriptor, number)
            self._close(stdin, stdout, stderr, report)
            return True
        for descriptor in (stdin, stdout, stderr):
            os.close(descriptor)
        os.write(report, f"{pid}\n".encode())
        self._running.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, report))
        return False

    def _close(self, *descriptors: int) -> None:
        """Of what is the server's, a child keeps nothing."""
        for key in list(self._running.get_map().values()):
            if key.fileobj is not self._orders:
                os.close(key.fd)
                os.close(key.data[1])
        self._running.close()
        self._orders.close()
        for descriptor in descriptors:
            os.close(descriptor)

    def _end(self, key: selectors.SelectorKey) -> None:
        pid, report = key.data
        self._running.unregister(key.fileobj)
        os.close(key.fd)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.write(report, f"{code}\n".encode())
        os.close(report)

    def _kill_all(self) -> None:
        for key in self._running.get_map().values():
            if key.fileobj is not self._orders:
                os.kill(key.data[0], signal.SIGKILL)


def _import_programs() -> None:
    for name in PROGRAMS:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(module.name)
    importlib.import_module("consumer.cli")


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir())) if sys.platform == "linux" else threading.active_count()


def _carry_out(order: Order) -> Any:
    """What the installed command does from here on, to its exit status."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(order.environment)
    module = importlib.import_module(order.module)
    sys.argv = [str(module.__file__), *order.arguments]
    return module.main()


def main() -> None:
    """Serves on the socket whose descriptor is the first argument; in a child, carries out what was asked."""
    orders = socket.socket(fileno=int(sys.argv[1]))
    _import_programs()
    assert not HEAVY & sys.modules.keys(), f"imported beforehand: {sorted(HEAVY & sys.modules.keys())}"
    assert _threads() == 1, f"{_threads()} threads: a fork would have one of them"
    gc.freeze()  # the collector would write to, and so copy, every page that a child shares
    order = ForkServer(orders).serve()
    if order is not None:
        sys.exit(_carry_out(order))
