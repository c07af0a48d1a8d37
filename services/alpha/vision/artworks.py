"""Works of art by their details: a shortlist by votes, then geometry decides, or nobody does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.alpha.vision import opencv as cv

SIDE = 480
DETAILS = 500
SHORTLIST = 4
LEAST_INLIERS = 14
LEAD = 1.5
WIDTH = 800


@dataclass(frozen=True)
class Match:
    """A recognised work: its name, how many details agree, how sure, its corners in the picture
    (pixels of the picture given).
    """

    name: str
    inliers: int
    confidence: float
    corners: cv.Points


class Gallery:
    """The works of a catalogue, prepared for recognition."""

    def __init__(self, names: Sequence[str], pictures: Sequence[cv.Image]) -> None:
        self.names = tuple(names)
        self._sizes: list[tuple[int, int]] = []
        self._features: list[cv.Features] = []
        for picture in pictures:
            scale = SIDE / max(picture.shape[:2])
            width, height = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
            self._sizes.append((width, height))
            small = cv.grey(cv.resized(np.ascontiguousarray(picture[..., :3]), width, height))
            self._features.append(cv.features(small, DETAILS))

    @cached_property
    def _all(self) -> tuple[cv.Features, NDArray[np.int64]]:
        owners = np.concatenate(
            [np.full(len(f.points), i) for i, f in enumerate(self._features)] or [np.zeros(0)]
        ).astype(np.int64)
        together = cv.Features(
            np.concatenate([f.points for f in self._features]),
            np.concatenate([f.descriptors for f in self._features]),
        )
        return together, owners

    def find(self, image: cv.Image) -> Match | None:
        """The work in the picture; None if no work of the catalogue is verified."""
        if not self.names:
            return None
        scale = min(1.0, WIDTH / image.shape[1])
        small = cv.grey(
            cv.resized(image, round(image.shape[1] * scale), round(image.shape[0] * scale))
        )
        seen = cv.features(small, 1000)
        if len(seen.points) < LEAST_INLIERS:
            return None
        together, owners = self._all
        votes = np.bincount(owners[cv.nearest(seen, together)], minlength=len(self.names))
        ranked = sorted(range(len(self.names)), key=lambda i: (-int(votes[i]), i))[:SHORTLIST]
        verified = sorted((self._verify(seen, i) for i in ranked), key=lambda v: (-v[0], v[1]))
        best, second = verified[0], verified[1] if len(verified) > 1 else (0, 0, None)
        inliers, index, way = best
        if way is None or inliers < LEAST_INLIERS or inliers < LEAD * second[0]:
            return None
        width, height = self._sizes[index]
        corners = cv.mapped(
            np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32), way
        )
        if not _plausible(corners, small.shape[1], small.shape[0]):
            return None
        sure = min(1.0, inliers / (2.5 * LEAST_INLIERS)) ** 0.5
        return Match(self.names[index], inliers, round(float(sure), 4), corners / np.float32(scale))

    def _verify(self, seen: cv.Features, index: int) -> tuple[int, int, cv.Matrix | None]:
        source, target = cv.matched(self._features[index], seen)
        way, inliers = cv.homography(source, target)
        return inliers, index, way


def _plausible(corners: cv.Points, width: int, height: int) -> bool:
    """Whether the corners are those of a flat thing seen from the front, of a sensible size."""
    ahead = np.roll(corners, -1, axis=0) - corners
    after = np.roll(ahead, -1, axis=0)
    turns = ahead[:, 0] * after[:, 1] - ahead[:, 1] * after[:, 0]
    if not (turns > 0).all():
        return False
    sides = np.hypot(ahead[:, 0], ahead[:, 1])
    if max(sides[0], sides[2]) > 2.2 * min(sides[0], sides[2]):
        return False
    if max(sides[1], sides[3]) > 2.2 * min(sides[1], sides[3]):
        return False
    area = cv.area_of(np.rint(corners).astype(np.int32))
    return bool(0.02 * width * height < area < 4.0 * width * height)
