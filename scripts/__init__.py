"""What maintainers run, as `python -m scripts.NAME`; nothing here is in the wheel."""

import sys
from pathlib import Path

# The helpers of the tests, as pytest finds them.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
