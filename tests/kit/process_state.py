"""Whether a process is there, as the kernel says."""

from pathlib import Path


def is_running(pid: int) -> bool:
    """Whether a process of this id exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
