"""The colours and icons of the picture from above: rooms, fixtures, objects. Hex RGB.

Families are classes of the shipped catalogue; a class that is in none gets a plain look.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from sim_worlds.loader import catalogue
from sim_worlds.loading.ontology import Ontology

PAPER = "#f3f1ec"
INK = "#2c3138"
SOFT_INK = "#7b8089"
WALL = "#454c57"
LEAF = "#a8763e"
DIRT = "#8a6a3c"
WARN = "#c8503c"
GOOD = "#3f9a5a"
ASK = "#d0912b"
CARD = "#fffefb"
LINE = "#dedad1"
GLOW = "#ffd95a"
PERSON = "#6c7686"

_ROOMS = {
    "kitchen": "#fcf2df",
    "dining_room": "#f8f0e5",
    "bar": "#f2e8f3",
    "terrace": "#e6f2e1",
    "balcony": "#e6f2e1",
    "dish_wash": "#e3f0f5",
    "bathroom": "#e3f0f5",
    "cold_room": "#e0eef8",
    "storage": "#efebe2",
    "utility_room": "#efebe2",
    "loading_bay": "#ebe9e4",
    "entrance": "#f6f4ef",
    "hall": "#f6f4ef",
    "outdoors": "#e6e9ec",
    "charging_bay": "#e7eefa",
    "living_room": "#fbf0e6",
    "bedroom": "#eceffa",
    "child_room": "#fdeef1",
    "study": "#ebf4ec",
    "produce": "#eaf5e2",
    "aisle": "#f7f6f1",
    "bakery": "#fbefd8",
    "checkout_zone": "#f3effa",
}
_FIXTURES = {
    "table": "#d8b78c",
    "coffee_machine": "#8c6b5e",
    "dispenser": "#86b6d6",
    "pass_counter": "#b79a86",
    "cutting_board": "#d9c08f",
    "checkout": "#b9aed6",
    "counter": "#cfc9bf",
    "dish_counter": "#c3ccd0",
    "desk": "#d8b78c",
    "host_desk": "#c9a277",
    "sideboard": "#cdaa80",
    "nightstand": "#cdaa80",
    "fruit_crate": "#c7d69a",
    "crate": "#b8cf9a",
    "shelf": "#cbb28d",
    "pallet": "#c8ab7c",
    "fridge": "#b3d0e6",
    "freezer": "#a5c3e3",
    "cupboard": "#cfb592",
    "wardrobe": "#cfb592",
    "drawer": "#cfb592",
    "sink": "#a4cbdc",
    "dishwasher": "#b4c7d3",
    "washing_machine": "#b4c7d3",
    "dish_rack": "#c9dce3",
    "stove": "#a9a3a0",
    "oven": "#b09a94",
    "microwave": "#b09a94",
    "dock": "#93d3a3",
    "bin": "#a7abb0",
    "bed": "#bfc8e6",
    "sofa": "#b4bfd6",
    "bath": "#cfe4ee",
    "toilet": "#e3e9ec",
    "planter": "#97c289",
    "toy_box": "#f0b8c0",
    "laundry_basket": "#d9cfe6",
    "switchable": "#d4d0c6",
}
_FILLS = {
    "coffee": "#5d3820",
    "cappuccino": "#b98a5e",
    "tea": "#c07c2c",
    "water": "#5fb0ea",
    "juice": "#f5a02c",
}

Shape = Literal["disc", "ring", "square", "bar", "blob", "bottle"]


@dataclass(frozen=True)
class Icon:
    """How an object looks: a shape, its colours, and its size across in metres of the picture."""

    shape: Shape
    fill: str
    edge: str = "#8b8f96"
    size_m: float = 0.16


_ICONS = {
    "cup": Icon("ring", "#ffffff", "#8a8f98", 0.17),
    "glass": Icon("ring", "#e6f5ff", "#6fa8cc", 0.15),
    "jug": Icon("ring", "#e6f5ff", "#4f88ac", 0.2),
    "plate": Icon("ring", "#ffffff", "#a9a6a0", 0.26),
    "saucer": Icon("ring", "#ffffff", "#a9a6a0", 0.2),
    "bowl": Icon("ring", "#eef0f4", "#7d8796", 0.22),
    "cutlery": Icon("bar", "#9aa1ab", "#9aa1ab", 0.18),
    "tray": Icon("square", "#c9ccd1", "#8b8f96", 0.26),
    "pan": Icon("disc", "#4a4e55", "#2d3036", 0.24),
    "pot": Icon("disc", "#7b828c", "#4a4e55", 0.24),
    "chopping_knife": Icon("bar", "#5a6069", "#5a6069", 0.22),
    "apple": Icon("disc", "#d63c3c", "#9c2323"),
    "banana": Icon("bar", "#efcf3a", "#c8a416", 0.2),
    "orange": Icon("disc", "#f0912b", "#c26c10"),
    "pear": Icon("disc", "#b9cf4a", "#8aa02a"),
    "lemon": Icon("disc", "#f3df4d", "#c9b32a", 0.13),
    "tomato": Icon("disc", "#e2503a", "#ab3220"),
    "carrot": Icon("bar", "#ee8434", "#c46214"),
    "potato": Icon("disc", "#c9a26b", "#96733f"),
    "lettuce": Icon("disc", "#8cc665", "#5f983b", 0.2),
    "salad": Icon("disc", "#7cc05a", "#4f8f31", 0.22),
    "bread": Icon("square", "#cf9a55", "#9a6c2c", 0.22),
    "croissant": Icon("disc", "#dda758", "#a8762a", 0.18),
    "cake": Icon("disc", "#8a5a44", "#5d3828", 0.24),
    "soup": Icon("ring", "#e8743c", "#8a8f98", 0.24),
    "steak": Icon("disc", "#a4493f", "#73302a", 0.2),
    "fish": Icon("bar", "#8fb0c4", "#5f8297", 0.22),
    "milk": Icon("square", "#ffffff", "#4f86c6", 0.15),
    "dairy": Icon("square", "#f7ecc4", "#cdb85f", 0.15),
    "juice_carton": Icon("square", "#f5a02c", "#c2761a", 0.15),
    "eggs": Icon("square", "#efe3d0", "#b59f7d", 0.18),
    "food": Icon("square", "#d9b07a", "#a37c46", 0.17),
    "wine": Icon("bottle", "#7c2f45", "#541d2d"),
    "bottle": Icon("bottle", "#5d8a6a", "#3c6148"),
    "spill": Icon("blob", "#9fc3d8", "#6f9fbb", 0.55),
    "napkin": Icon("square", "#fafafa", "#b5b5b5", 0.14),
    "rubbish_like": Icon("square", "#9b948a", "#6c665d", 0.17),
    "electronics": Icon("square", "#3f4650", "#22262c", 0.18),
    "keys": Icon("disc", "#d6b23c", "#957716", 0.12),
    "book": Icon("square", "#6f8fbf", "#45628e", 0.2),
    "magazine": Icon("square", "#c48fb5", "#93608a", 0.2),
    "menu": Icon("square", "#f7f3e6", "#a58d55", 0.2),
    "letter": Icon("square", "#fdfdf8", "#a9a48f", 0.18),
    "laundry": Icon("square", "#b9a8d8", "#8672ab", 0.22),
    "toy_like": Icon("disc", "#ef8fa3", "#c25c74", 0.2),
    "plant": Icon("disc", "#6fae5e", "#447a37", 0.24),
    "armchair": Icon("square", "#b48f62", "#856439", 0.7),
    "parcel": Icon("square", "#c39a63", "#8f6c38", 0.34),
    "box": Icon("square", "#c39a63", "#8f6c38", 0.34),
    "keg": Icon("disc", "#a7adb5", "#6c737c", 0.4),
    "water_crate": Icon("square", "#7fb4dd", "#4a83b0", 0.36),
    "basket": Icon("square", "#d8655a", "#a23f36", 0.26),
}
_PLAIN = Icon("square", "#c4c0b8", "#8d8980")


@lru_cache(maxsize=1)
def _ontology() -> Ontology:
    return Ontology(catalogue()[0])


def _family(cls: str, known: dict[str, str] | dict[str, Icon]) -> str | None:
    """The nearest class with a look: the class itself or an ancestor, from near to far."""
    card = _ontology().card(cls)
    return next((name for name in (cls, *card.parents) if name in known), None)


@lru_cache(maxsize=512)
def room_colour(cls: str) -> str:
    """The tint of a room's floor."""
    family = _family(cls, _ROOMS)
    return _ROOMS[family] if family else "#f5f3ee"


@lru_cache(maxsize=512)
def fixture_colour(cls: str) -> str:
    """The colour of a fixture's top."""
    family = _family(cls, _FIXTURES)
    return _FIXTURES[family] if family else "#c8c5bd"


@lru_cache(maxsize=512)
def icon(cls: str) -> Icon:
    """The icon of an object."""
    family = _family(cls, _ICONS)
    return _ICONS[family] if family else _PLAIN


def fill_colour(fill: object) -> str | None:
    """The colour of what is in a vessel; None for an empty one."""
    return _FILLS.get(str(fill), "#b9a98f") if fill not in (None, "none") else None


def mixed(colour: str, other: str, part: float) -> str:
    """A colour `part` (0..1) of the way from `colour` to `other`."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@lru_cache(maxsize=4096)
def bgr(colour: str) -> tuple[int, int, int]:
    """The colour as OpenCV takes it: blue, green, red."""
    red, green, blue = _channels(colour)
    return blue, green, red
