"""The one door to OpenCV for everything under `services.alpha`: pictures in, arrays out.

Pictures are height × width × 3, blue green red, uint8; masks and grey pictures height × width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.camera import quiet

Image = NDArray[np.uint8]
Grey = NDArray[np.uint8]
Matrix = NDArray[np.float64]
Points = NDArray[np.float32]

# More threads than one collapse on a busy machine, and change the order of sums.
cv2.setNumThreads(1)


@dataclass(frozen=True)
class Blob:
    """A connected region of a mask: its box in pixels, its area, its centre, its label."""

    label: int
    left: int
    top: int
    width: int
    height: int
    area: int
    x: float
    y: float


@dataclass(frozen=True)
class Features:
    """Key points (x, y) and their binary descriptors."""

    points: Points
    descriptors: NDArray[np.uint8]


def read_picture(path: Path) -> NDArray[np.uint8] | None:
    """A picture file with its alpha channel if it has one; None if it cannot be read."""
    return decoded(path.read_bytes()) if path.is_file() else None


def decoded(data: bytes) -> NDArray[np.uint8] | None:
    """A picture from the bytes of a file; None if they hold none."""
    with quiet():
        found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return None if found is None else np.asarray(found, np.uint8)


def encoded(image: NDArray[np.uint8], suffix: str = ".png") -> bytes:
    """A picture as the bytes of a file of that kind."""
    _, data = cv2.imencode(suffix, image)
    return data.tobytes()


def resized(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The picture at another size: means when it shrinks, linear when it grows."""
    way = cv2.INTER_AREA if width < image.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=way), np.uint8)


def halved(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture at half the size."""
    return resized(image, max(1, image.shape[1] // 2), max(1, image.shape[0] // 2))


def grey(image: Image) -> Grey:
    """Brightness only."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def lab(image: Image) -> Image:
    """CIE L*, a*, b*, each 0..255."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2LAB), np.uint8)


def blurred(image: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    """Gaussian blur; sigma in pixels."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def smeared(image: Image, dx: float, dy: float) -> Image:
    """Motion blur along (dx, dy) pixels."""
    size = int(np.hypot(dx, dy)) | 1
    if size < 3:
        return image
    kernel = np.zeros((size, size), np.float32)
    middle = size // 2
    way = np.array([dx, dy]) / np.hypot(dx, dy) * middle
    ends = [(round(middle - way[0]), round(middle - way[1]))]
    ends.append((round(middle + way[0]), round(middle + way[1])))
    cv2.line(kernel, ends[0], ends[1], (1.0,), 1)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def toned(image: Image, table: NDArray[np.uint8]) -> Image:
    """Each level of each colour replaced by what the table (256 × 3) has for it."""
    return np.asarray(cv2.LUT(image, table.reshape(1, 256, 3)), np.uint8)


def added(image: Image, change: NDArray[np.int16]) -> Image:
    """The sum, no darker than black and no brighter than white."""
    return np.asarray(cv2.add(image, change, dtype=cv2.CV_8U), np.uint8)


def plainest(image: Image) -> Grey:
    """The smallest of each pixel's three values."""
    blue, green, red = cv2.split(image)
    return np.asarray(cv2.min(cv2.min(blue, green), red), np.uint8)


def level_at(image: Grey, share: float) -> float:
    """The level below which that share (0..1) of the pixels lies, between two levels if need be."""
    below = np.cumsum(np.bincount(image.ravel(), minlength=256))
    place = (image.size - 1) * share
    low, high = (int(np.searchsorted(below, int(k), "right")) for k in (place, np.ceil(place)))
    return low + (high - low) * (place - int(place))


def box_mean(image: Grey, size: int) -> Grey:
    """Mean over a square of `size` pixels around each pixel."""
    return np.asarray(cv2.blur(image, (size, size)), np.uint8)


def warped(image: NDArray[np.uint8], way: Matrix, width: int, height: int) -> NDArray[np.uint8]:
    """The picture through a homography (3 × 3, from its pixels to the new ones)."""
    return np.asarray(
        cv2.warpPerspective(
            image, way, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )


def turned(
    image: NDArray[np.uint8], way: Matrix, width: int, height: int, edge: int = 0
) -> NDArray[np.uint8]:
    """The picture through an affine map (2 × 3); outside it is `edge` on all channels."""
    return np.asarray(
        cv2.warpAffine(
            image,
            way,
            (width, height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(edge, edge, edge, edge),
        ),
        np.uint8,
    )


def quad_map(source: Points, target: Points) -> Matrix:
    """The homography that takes four points to four others."""
    return np.asarray(
        cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32)),
        np.float64,
    )


def mapped(points: Points, way: Matrix) -> Points:
    """Points through a homography."""
    return np.asarray(
        cv2.perspectiveTransform(points.reshape(-1, 1, 2).astype(np.float32), way), np.float32
    ).reshape(-1, 2)


def closed(mask: Grey, size: int) -> Grey:
    """Holes and gaps narrower than `size` pixels filled."""
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8)))


def opened(mask: Grey, size: int) -> Grey:
    """Specks and bridges narrower than `size` pixels taken away."""
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((size, size), np.uint8)))


def grown(mask: Grey, size: int) -> Grey:
    """Each region larger by half of `size` pixels all around."""
    return np.asarray(cv2.dilate(mask, np.ones((size, size), np.uint8)))


def _blob(label: int, stats: list[int], x: float, y: float) -> Blob:
    left, top, width, height, area = stats
    return Blob(label, left, top, width, height, area, x, y)


def blobs(mask: Grey, least: int = 1) -> tuple[list[Blob], NDArray[np.int32]]:
    """Connected regions (eight neighbours) of at least that area, and the label of each pixel."""
    count, labels, stats, centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = [
        _blob(i, [int(v) for v in stats[i]], float(centres[i][0]), float(centres[i][1]))
        for i in range(1, count)
        if stats[i][4] >= least
    ]
    return found, np.asarray(labels, np.int32)


def outlines(mask: Grey) -> list[NDArray[np.int32]]:
    """Outer outlines of the mask's regions, n × 2 each."""
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [np.asarray(c, np.int32).reshape(-1, 2) for c in found]


def hull(outline: NDArray[np.int32]) -> NDArray[np.int32]:
    """The convex hull."""
    return np.asarray(cv2.convexHull(outline), np.int32).reshape(-1, 2)


def area_of(outline: NDArray[np.int32]) -> float:
    """The area inside, in square pixels."""
    return float(cv2.contourArea(outline))


def smallest_box(outline: NDArray[np.int32]) -> tuple[float, float, float, float, float]:
    """The smallest turned rectangle: centre x, y, width, height, angle in degrees."""
    (x, y), (width, height), angle = cv2.minAreaRect(outline)
    return float(x), float(y), float(width), float(height), float(angle)


def filled(shape: tuple[int, int], outlines_: Sequence[NDArray[np.int32]]) -> Grey:
    """A mask with these polygons filled."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [o.reshape(-1, 1, 2) for o in outlines_], (255,))
    return mask


def features(image: Grey, most: int = 800) -> Features:
    """ORB key points (E. Rublee and others, 2011), strongest first."""
    finder = cv2.ORB.create(nfeatures=most, fastThreshold=10)
    points, found = finder.detectAndCompute(image, None)
    if not len(points):
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8))
    where = np.array([p.pt for p in points], np.float32)
    return Features(where, np.asarray(found, np.uint8))


def matched(one: Features, other: Features, ratio: float = 0.8) -> tuple[Points, Points]:
    """Points that look alike in both, by Lowe's ratio test."""
    if len(one.points) < 2 or len(other.points) < 2:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(one.descriptors, other.descriptors, k=2)
    good = [p[0] for p in pairs if len(p) == 2 and p[0].distance < ratio * p[1].distance]
    return (
        np.array([one.points[m.queryIdx] for m in good], np.float32).reshape(-1, 2),
        np.array([other.points[m.trainIdx] for m in good], np.float32).reshape(-1, 2),
    )


def nearest(one: Features, other: Features) -> NDArray[np.int64]:
    """For each descriptor of `one`, which of `other` is most like it."""
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).match(one.descriptors, other.descriptors)
    return np.array([m.trainIdx for m in pairs], np.int64)


def homography(source: Points, target: Points, off: float = 4.0) -> tuple[Matrix | None, int]:
    """The homography most points agree on (RANSAC), and how many do."""
    if len(source) < 4:
        return None, 0
    cv2.setRNGSeed(7)
    way, agree = cv2.findHomography(source, target, cv2.RANSAC, off)
    found = np.asarray(way, np.float64)
    if found.shape != (3, 3):  # None where there is none, whatever the stubs say
        return None, 0
    return found, int(np.count_nonzero(agree))


def write_text(
    image: Image,
    words: str,
    at: tuple[int, int],
    size: int,
    colour: tuple[int, ...],
    face: str = "sans",
    weight: int = 400,
) -> int:
    """Write on the picture, base line at `at`; returns where the text ends (x).

    `face` is "sans" or "uni", built in, or "hershey-0" .. "hershey-7" (plotter strokes).
    """
    if face.startswith("hershey"):
        kind = int(face.split("-")[1])
        stroke = max(1, round(size * weight / 4800))
        scale = cv2.getFontScaleFromHeight(kind, max(4, round(size * 0.72)), stroke)
        cv2.putText(image, words, at, kind, scale, colour, stroke, cv2.LINE_AA)
        (width, _), _ = cv2.getTextSize(words, kind, scale, stroke)
        return at[0] + int(width)
    end, _ = cv2.putText(image, words, at, colour, cv2.FontFace(face), size, weight)
    return int(end[0])


def disc(image: Image, at: tuple[int, int], radius: int, colour: tuple[int, ...]) -> None:
    """A filled circle."""
    cv2.circle(image, at, radius, colour, -1, cv2.LINE_AA)


def polygon(image: Image, points: NDArray[np.int32], colour: tuple[int, ...]) -> None:
    """A filled polygon."""
    cv2.fillPoly(image, [points.reshape(-1, 1, 2)], colour, cv2.LINE_AA)


def stroke(
    image: Image, points: NDArray[np.int32], colour: tuple[int, ...], width: int = 1
) -> None:
    """A line through the points."""
    cv2.polylines(image, [points.reshape(-1, 1, 2)], False, colour, width, cv2.LINE_AA)


def moved(before: Grey, after: Grey) -> tuple[float, float, float]:
    """By how many pixels the picture moved (x, y), and how sure that is (phase correlation)."""
    window = cv2.createHanningWindow((before.shape[1], before.shape[0]), cv2.CV_32F)
    (x, y), sure = cv2.phaseCorrelate(before.astype(np.float32), after.astype(np.float32), window)
    return float(x), float(y), float(sure)


def marks(image: Grey) -> list[tuple[int, Points]]:
    """ArUco marks of four by four bits (S. Garrido-Jurado and others, 2014): number, corners."""
    words = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    corners, ids, _ = cv2.aruco.ArucoDetector(words).detectMarkers(image)
    if not len(corners):
        return []
    found = [
        (int(number), np.asarray(quad, np.float32).reshape(4, 2))
        for number, quad in zip(np.ravel(ids), corners, strict=True)
    ]
    return sorted(found, key=lambda item: item[0])


def mark(number: int, size: int) -> Grey:
    """The picture of a mark, `size` pixels wide, without its white margin."""
    words = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    return np.asarray(cv2.aruco.generateImageMarker(words, number, size), np.uint8)


def hu_moments(mask: Grey) -> NDArray[np.float64]:
    """Seven numbers of a shape that turning and scaling leave alone (M. Hu, 1962), as logarithms."""
    found = np.asarray(cv2.HuMoments(cv2.moments(mask, True)), np.float64).ravel()
    return np.asarray(-np.sign(found) * np.log10(np.abs(found) + 1e-12))
