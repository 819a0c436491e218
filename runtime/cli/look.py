"""How text is shown where standard output goes: coloured and within its width on a terminal, plain anywhere else."""

import os
import shutil
import sys

from runtime.cli.tables import Look


def look_of_stdout() -> Look:
    """Colours on a terminal, unless `NO_COLOR` is set (no-color.org) or the terminal can show none."""
    if not sys.stdout.isatty():
        return Look()
    colours = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Look(colours, shutil.get_terminal_size().columns)
