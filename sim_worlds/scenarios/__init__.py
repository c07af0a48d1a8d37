"""The worlds that ship, as the paths of their files: the objects of our entry points."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent

RESTAURANT = _HERE / "restaurant.yaml"
RESTAURANT_EVENING = _HERE / "restaurant-evening.yaml"
HOUSEHOLD = _HERE / "household.yaml"
SUPERMARKET = _HERE / "supermarket.yaml"
