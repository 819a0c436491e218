"""Packages made to be missing in a child process, as where an extra was not installed."""

from pathlib import Path

_NOT_THERE = 'raise ModuleNotFoundError("No module named {name!r}", name={name!r})\n'


def without(folder: Path, *packages: str) -> dict[str, str]:
    """The environment of a process in which these packages cannot be imported."""
    folder.mkdir()
    for name in packages:
        (folder / f"{name}.py").write_text(_NOT_THERE.format(name=name))
    return {"PYTHONPATH": str(folder)}
