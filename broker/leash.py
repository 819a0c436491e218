"""Ties a child to this process: if this process ends in any way, even by SIGKILL, the child is killed.

A shell waits on a pipe whose other end only this process holds. The kernel closes that end when the process is
gone. A signal asked of the kernel instead (PR_SET_PDEATHSIG) would follow the thread that started the child, and is
Linux's alone.
"""

import subprocess

WATCH = 'read -r _; kill -KILL "$1" 2>/dev/null'


class Leash:
    """Kills the process `pid` when this process ends, until `release` is called."""

    def __init__(self, pid: int) -> None:
        self._watch = subprocess.Popen(
            ["/bin/sh", "-c", WATCH, "leash", str(pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in a terminal must not end it first
        )

    def release(self) -> None:
        """Lets go. Call it before the child is waited for: afterwards its pid may be another process's."""
        self._watch.kill()
        self._watch.wait()
        if self._watch.stdin is not None:
            self._watch.stdin.close()
