"""How long a scenario waits before it calls something stuck. Nothing is asserted about speed."""

from __future__ import annotations

import os

# Seconds; generous, as a machine may be busy. Shorter while one works on a scenario.
LONG = float(os.environ.get("MESHWRIGHT_ENGINE_DEADLINE", "600"))
