"""The worker's commands in an interpreter of their own: each imports what it needs."""

import subprocess
import sys


def test_a_command_of_the_worker_imports_no_other() -> None:
    """`status` needs nothing of what delivers, exports or replays."""
    code = "import sys\nfrom consumer.cli import commands\ncommands.commands['status']\nprint(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "consumer.commands.status" in modules
    assert not {"consumer.commands.export", "consumer.worker.service", "uvicorn"} & set(modules)
