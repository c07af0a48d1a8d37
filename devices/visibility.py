"""Shortest paths on a floor with holes, by a reduced visibility graph.

A shortest path among obstacles bends only at reflex corners, and only along lines that are tangent
there (M. de Berg et al., "Computational Geometry", 3rd ed., chapter 15). The corners and their
mutual distances are computed once for a floor; a query then joins two points to the corners they
see and takes the best pair, which is one small matrix operation.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from devices.geometry import Gate, polygons
from devices.site import Point

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Lines may leave the floor by this much (m): they run along walls and must survive rounding.
SLACK_M = 1e-4
# How many points and closed-door sets are remembered; a fleet asks from few places again and again.
POINTS = 8192
CLOSURES = 32


class _Matrix(NamedTuple):
    """Distances between all corners (m), and from each the next corner on the way to another."""

    length: Floats
    after: Ints


class Visibility:
    """A floor on which shortest paths are asked for, with gates that may be shut."""

    def __init__(self, floor: BaseGeometry, gates: Sequence[Gate]) -> None:
        self.floor = floor.buffer(SLACK_M, join_style="mitre")
        shapely.prepare(self.floor)
        self._gates = tuple(gates)
        self._posts = np.array([gate.ends for gate in gates], dtype=float).reshape(-1, 2, 2)
        self._corners, self._before, self._behind = _reflex_corners(floor)
        self._length, self._crossed = self._edges()
        self._seen = lru_cache(POINTS)(self._look)
        self._matrix = lru_cache(CLOSURES)(self._all_pairs)

    def path(self, start: Point, goal: Point, shut: frozenset[str]) -> list[Point] | None:
        """The shortest path through no shut gate, both ends included, or None.

        Both points must be on the floor.
        """
        closed = np.array([gate.door in shut for gate in self._gates], dtype=bool)
        if self._sees(start, goal) and not (self._crossings(start, goal) & closed).any():
            return [start, goal]
        best = self._best(start, goal, closed)
        if best is None:
            return None
        corner, last, after = best
        bends = [corner]
        while corner != last:
            corner = int(after[corner, last])
            bends.append(corner)
        inner = [(float(x), float(y)) for x, y in self._corners[bends]]
        return [start, *inner, goal]

    def gates_along(self, points: Sequence[Point]) -> tuple[str, ...]:
        """The gates that a polyline crosses, in order, each once per passage."""
        passed: list[str] = []
        along = np.array(points)
        crossings = _cross(along[:-1], along[1:], self._posts)
        if not crossings.any():
            return ()
        for (start, end), crossed_here in zip(itertools.pairwise(points), crossings, strict=True):
            crossed = np.flatnonzero(crossed_here)
            order = sorted(crossed, key=lambda k: _share(self._gates[k], start, end))
            passed += [self._gates[k].door for k in order]
        return tuple(door for i, door in enumerate(passed) if i == 0 or passed[i - 1] != door)

    def _best(self, start: Point, goal: Point, closed: Bools) -> tuple[int, int, Ints] | None:
        """First and last corner of the shortest path, and the table that leads between them."""
        first, first_m, first_gates = self._seen(start)
        last, last_m, last_gates = self._seen(goal)
        open_first = first_m + np.where((first_gates & closed).any(axis=1), np.inf, 0.0)
        open_last = last_m + np.where((last_gates & closed).any(axis=1), np.inf, 0.0)
        # A shut gate matters only if the best path with every gate open passes it.
        for closure in (b"", closed.tobytes()):
            table = self._matrix(closure)
            total = open_first[:, None] + table.length[np.ix_(first, last)] + open_last[None, :]
            if total.size == 0 or not np.isfinite(total.min()):
                return None
            i, j = np.unravel_index(int(total.argmin()), total.shape)
            a, b = int(first[i]), int(last[j])
            if closure or not self._is_shut(a, b, table.after, closed):
                return a, b, table.after
        return None

    def _is_shut(self, a: int, b: int, after: Ints, closed: Bools) -> bool:
        while a != b:
            step = int(after[a, b])
            if (self._crossed[a, step] & closed).any():
                return True
            a = step
        return False

    def _sees(self, start: Point, goal: Point) -> bool:
        return bool(shapely.covers(self.floor, shapely.linestrings([start, goal])))

    def _crossings(self, start: Point, goal: Point) -> Bools:
        return _cross(np.array([start]), np.array([goal]), self._posts).reshape(-1)

    def _look(self, point: Point) -> tuple[Ints, Floats, Bools]:
        """The corners seen from a point, how far they are, and the gates in between."""
        way = self._corners - np.array(point)
        tangent = np.flatnonzero(_is_tangent(way, self._before, self._behind))
        ends = self._corners[tangent]
        starts = np.broadcast_to(np.array(point), ends.shape)
        seen = self._covered(starts, ends)
        found = tangent[seen]
        distance = np.hypot(way[found, 0], way[found, 1])
        return found, distance, _cross(starts[seen], ends[seen], self._posts)

    def _covered(self, starts: Floats, ends: Floats) -> Bools:
        lines = shapely.linestrings(np.stack([starts, ends], axis=1))
        return np.atleast_1d(shapely.covers(self.floor, lines))

    def _edges(self) -> tuple[Floats, Bools]:
        """Distances along bitangent lines of sight between corners, and the gates they cross."""
        n = len(self._corners)
        i, j = np.triu_indices(n, 1)
        way = self._corners[j] - self._corners[i]
        useful = _is_tangent(way, self._before[i], self._behind[i])
        useful &= _is_tangent(way, self._before[j], self._behind[j])
        i, j, way = i[useful], j[useful], way[useful]
        seen = self._covered(self._corners[i], self._corners[j])
        i, j, way = i[seen], j[seen], way[seen]
        length = np.full((n, n), np.inf)
        np.fill_diagonal(length, 0.0)
        length[i, j] = length[j, i] = np.hypot(way[:, 0], way[:, 1])
        crossed = np.zeros((n, n, len(self._gates)), dtype=bool)
        crossed[i, j] = crossed[j, i] = _cross(self._corners[i], self._corners[j], self._posts)
        return length, crossed

    def _all_pairs(self, closed: bytes) -> _Matrix:
        """Floyd-Warshall, one corner at a time: R. Floyd, "Algorithm 97", CACM, 1962."""
        length = self._length.copy()
        if closed:
            shut = np.frombuffer(closed, dtype=bool)
            length[self._crossed[:, :, shut].any(axis=2)] = np.inf
        n = len(length)
        after = np.where(np.isfinite(length), np.arange(n)[None, :], -1)
        for k in range(n):
            rows = np.flatnonzero(np.isfinite(length[:, k]))
            through = length[rows, k][:, None] + length[k][None, :]
            # The margin keeps equal paths from replacing each other back and forth.
            shorter = through < length[rows] - 1e-9
            length[rows] = np.where(shorter, through, length[rows])
            after[rows] = np.where(shorter, after[rows, k][:, None], after[rows])
        return _Matrix(length, after)


def _reflex_corners(floor: BaseGeometry) -> tuple[Floats, Floats, Floats]:
    """Corners where the floor turns around an obstacle, and the edges before and behind each."""
    corners: list[Floats] = []
    before: list[Floats] = []
    behind: list[Floats] = []
    for part in polygons(floor):
        # Outer ring counter-clockwise, holes clockwise: the floor is always to the left.
        whole = shapely.orient_polygons(part)
        assert isinstance(whole, Polygon)
        for ring in (whole.exterior, *whole.interiors):
            at = np.asarray(ring.coords)[:-1]
            came = at - np.roll(at, 1, axis=0)
            goes = np.roll(at, -1, axis=0) - at
            reflex = came[:, 0] * goes[:, 1] - came[:, 1] * goes[:, 0] < -1e-12
            corners.append(at[reflex])
            before.append(came[reflex])
            behind.append(goes[reflex])
    empty = np.empty((0, 2))
    return (
        np.concatenate([empty, *corners]),
        np.concatenate([empty, *before]),
        np.concatenate([empty, *behind]),
    )


def _is_tangent(way: Floats, before: Floats, behind: Floats) -> Bools:
    """Whether lines along `way` leave both walls of their corner on one side."""
    left = way[:, 0] * before[:, 1] - way[:, 1] * before[:, 0]
    right = way[:, 0] * behind[:, 1] - way[:, 1] * behind[:, 0]
    # The wall before the corner points at it, the one behind away: opposite signs, same side.
    return left * right <= 1e-9


def _share(passage: Gate, start: Point, end: Point) -> float:
    """Which share of the way from start to end lies before the gate's line."""
    nx, ny = passage.normal
    ahead = (passage.at[0] - start[0]) * nx + (passage.at[1] - start[1]) * ny
    return ahead / ((end[0] - start[0]) * nx + (end[1] - start[1]) * ny)


def _cross(starts: Floats, ends: Floats, posts: Floats) -> Bools:
    """Which gates (columns) each segment (rows) crosses; touching at the start does not count."""
    px, py, qx, qy = (
        posts[None, :, 0, 0],
        posts[None, :, 0, 1],
        posts[None, :, 1, 0],
        posts[None, :, 1, 1],
    )
    ax, ay, bx, by = starts[:, 0, None], starts[:, 1, None], ends[:, 0, None], ends[:, 1, None]
    gate_x, gate_y, way_x, way_y = qx - px, qy - py, bx - ax, by - ay
    # On which side of the gate's line the segment starts and ends; of the segment's, the posts are.
    start = gate_x * (ay - py) - gate_y * (ax - px)
    end = gate_x * (by - py) - gate_y * (bx - px)
    first = way_x * (py - ay) - way_y * (px - ax)
    second = way_x * (qy - ay) - way_y * (qx - ax)
    return np.asarray(((start > 0) != (end > 0)) & (first * second <= 0))
