"""Where programs of a user keep what they must not forget."""

from __future__ import annotations

import os
from pathlib import Path


def state_home() -> Path:
    """Where programs of this user keep what they must not forget (XDG Base Directory Specification)."""
    home = os.environ.get("XDG_STATE_HOME")
    return (Path(home) if home else Path.home() / ".local" / "state") / "retinue"
