"""The two programs and their commands by name: who types a command of one at the other is told. Knows no command."""

from collections.abc import Mapping
from typing import Final

COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "registry-bridge": ("serve", "publish", "init", "check", "example", "views"),
    "registry-worker": (
        *("deliver", "status", "explain", "attempts", "pause", "resume", "test", "tail"),
        *("replay", "rewind", "dead-letters", "export", "report", "materialize", "tags"),
    ),
}


def of_another_program(program: str, command: str) -> str | None:
    """That the command is one of the other program; None if it is not, or the first is no program, or has it too."""
    if program not in COMMANDS or command in COMMANDS[program]:
        return None
    others = (name for name, commands in COMMANDS.items() if command in commands)
    return next((f"{command} is a command of the other program: {name} {command}" for name in others), None)
