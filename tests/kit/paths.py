"""Where the project's files are, wherever a test stands."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
EXAMPLES: Final = ROOT / "examples"
FIXTURES: Final = ROOT / "tests" / "fixtures"
FAULTS: Final = FIXTURES / "faults"
GOLDEN: Final = ROOT / "tests" / "golden"
