"""Colours of bodies and wishes, readable on light and on dark."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping

from devices.contracts import BodyCard, BodySpec

# Hues far apart for people with any colour vision (after P. Tol, "Colour schemes", 2021: muted).
_WISHES = (
    "#4477aa",
    "#cc6677",
    "#44aa99",
    "#ddaa33",
    "#aa4499",
    "#117733",
    "#88779a",
    "#ee7733",
    "#33bbee",
    "#999933",
)


def wish_colour(index: int) -> str:
    """The colour of the wish that was posted as number `index` (from 0)."""
    return _WISHES[index % len(_WISHES)]


def body_colours(bodies: Mapping[str, BodySpec], cards: Mapping[str, BodyCard]) -> dict[str, str]:
    """A colour for each body: that of its kind, in steps of lightness where several are alike."""
    seen: dict[str, int] = {}
    colours: dict[str, str] = {}
    for id_, spec in bodies.items():
        card = cards.get(spec.kind)
        number = seen[spec.kind] = seen.get(spec.kind, -1) + 1
        colours[id_] = _shade(card.colour if card is not None else "#777777", number)
    return colours


def _shade(colour: str, step: int) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, full = colorsys.rgb_to_hls(red, green, blue)
    # 0, +, -, ++, -- around the colour of the kind.
    light += (step + 1) // 2 * (0.13 if step % 2 else -0.13)
    shaded = colorsys.hls_to_rgb(hue, min(max(light, 0.25), 0.78), full)
    return "#" + "".join(f"{round(part * 255):02x}" for part in shaded)
