"""The controlling terminal of this process, and whether it was closed.

SIGHUP means two things: the kernel, or the shell, sends it because the terminal was closed, and a supervisor or a
person sends it to have the configuration reloaded. They are told apart by the terminal itself. A terminal that is
closed can be opened no more before the first signal of that is sent.
"""

import os
from typing import Final

_DEVICE: Final = "/dev/tty"
"""For each process its own controlling terminal (POSIX, General Terminal Interface)."""


class ControllingTerminal:
    """The one that this process was started with, if it was."""

    def __init__(self) -> None:
        """Looks whether there is one."""
        self._is_ours = _opens()

    @property
    def is_gone(self) -> bool:
        """Whether it was closed, and not forgotten since."""
        return self._is_ours and not _opens()

    def forget(self) -> None:
        """It was closed and this process was not told, as with `disown`: it has no terminal from now on."""
        self._is_ours = False


def _opens() -> bool:
    try:
        descriptor = os.open(_DEVICE, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return False
    os.close(descriptor)
    return True
