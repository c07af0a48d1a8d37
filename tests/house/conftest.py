"""What the house tests look at: the checkout, and the files git tracks in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Tracked files that still exist, relative to the checkout."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    names = (Path(name) for name in listing.stdout.split("\0") if name)
    return sorted(name for name in names if (ROOT / name).is_file())


@pytest.fixture(scope="session")
def packages() -> tuple[str, ...]:
    return ("brain", "cerebellum", "devices", "services", "sim_worlds", "stem_memory")
