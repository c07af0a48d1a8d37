"""Train the network that names ranks and suits: `python -m services.lab.glasses.glyph_training`.

Examples are cards of the training decks only, turned, scaled, blurred, lit and noised; the pieces of
ink are found by the same code that finds them when reading. The same seed gives the same weights.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from services.alpha.vision import opencv as cv
from services.alpha.vision.cards import _joined
from services.alpha.vision.glyphs import CLASSES, WEIGHTS, Ink, Network, describe, patch, sheet
from services.lab.glasses import assets

DECKS = (
    "anglo",
    "anglo_bitmap",
    "anglo_poker",
    "gnomangelo",
    "atlasnye",
    "orell",
    "paris",
    "plastic",
    "simplistic",
)
OTHER = CLASSES.index("other")
_W, _H = 420, 420
Data = tuple[NDArray[np.uint8], NDArray[np.int64]]


def examples(decks: tuple[str, ...], rounds: int, seed: int) -> Data:
    """Patches and their classes from `rounds` views of each card."""
    rng = np.random.default_rng(seed)
    patches: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    for name in decks:
        deck = assets.deck(name)
        corners = {card: _index_of(picture) for card, picture in deck.items() if card != "back"}
        for card, places in corners.items():
            for _ in range(rounds):
                image, way = _view(deck[card], rng)
                _label(image, way, card, places, patches, labels, rng)
    return np.stack(patches), np.array(labels)


def _index_of(picture: cv.Image) -> tuple[cv.Points, cv.Points]:
    """Centres of rank and suit at the top left of a clean card, in its pixels (one row each)."""
    paper = np.full((assets.CARD_H + 80, assets.CARD_W + 80, 3), 60, np.uint8)
    alpha = picture[..., 3:].astype(np.float32) / 255
    inner = paper[40:-40, 40:-40]
    inner[:] = (picture[..., :3] * alpha + inner * (1 - alpha)).astype(np.uint8)
    pieces = [
        ink
        for ink in sheet(paper).pieces
        if ink.x - 40 < 0.24 * assets.CARD_W and ink.y - 40 < 0.34 * assets.CARD_H
    ]
    small = [ink for ink in pieces if ink.height >= 9]
    if not small:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    top = min(small, key=lambda ink: ink.y + 0.7 * ink.x)
    row = [ink for ink in small if abs(ink.y - top.y) < 0.4 * top.height and ink.x - top.x < 30]
    middle = sum(ink.x for ink in row) / len(row)
    below = [
        ink
        for ink in small
        if 0.6 * top.height < ink.y - top.y < 1.9 * top.height
        and abs(ink.x - middle) < 0.7 * top.height
    ]
    suit = min(below, key=lambda ink: ink.y) if below else None
    ranks = np.array([[middle - 40, top.y - 40]], np.float32)
    suits = np.zeros((0, 2), np.float32)
    if suit is not None:
        suits = np.array([[suit.x - 40, suit.y - 40]], np.float32)
    return ranks, suits


def _view(picture: cv.Image, rng: np.random.Generator) -> tuple[cv.Image, cv.Matrix]:
    """The card as a camera may see it, and the homography from its pixels."""
    scale = rng.uniform(0.55, 1.15)
    angle = rng.normal(0, 0.09) + (np.pi if rng.random() < 0.5 else 0.0)
    w, h = assets.CARD_W, assets.CARD_H
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    middle = np.array([w / 2, h / 2])
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    quad = (corners - middle) @ np.array([[c, s], [-s, c]]) + [_W / 2, _H / 2]
    quad += rng.normal(0, 4.0, (4, 2))
    way = cv.quad_map(corners, quad.astype(np.float32))
    ground = np.full((_H, _W, 3), rng.integers(20, 150, 3), np.uint8)
    laid = cv.warped(np.ascontiguousarray(picture[..., :3]), way, _W, _H)
    cover = cv.warped(
        np.ascontiguousarray(cv.filled((h, w), [corners.astype(np.int32)])), way, _W, _H
    )
    inside = cv.filled((_H, _W), [quad.astype(np.int32)])[..., None] > 0
    image = np.where(inside & (cover[..., None] > 0), laid, ground)
    if rng.random() < 0.7:
        image = cv.blurred(image, float(rng.uniform(0.3, 1.5)))
    if rng.random() < 0.3:
        image = cv.smeared(image, float(rng.normal(0, 3)), float(rng.normal(0, 3)))
    cast = rng.uniform(0.8, 1.08, 3) * rng.uniform(0.6, 1.12)
    lit = image * cast + rng.normal(0, rng.uniform(1, 8), (_H, _W, 1))
    return np.clip(lit, 0, 255).astype(np.uint8), way


def _label(
    image: cv.Image,
    way: cv.Matrix,
    card: str,
    places: tuple[cv.Points, cv.Points],
    patches: list[NDArray[np.uint8]],
    labels: list[int],
    rng: np.random.Generator,
) -> None:
    w, h = assets.CARD_W, assets.CARD_H
    on = sheet(image)
    pieces = [*on.pieces, *_joined(on.pieces)]
    turn = np.array([w, h], np.float32)
    down = cv.mapped(np.array([[w / 2, 0], [w / 2, h]], np.float32), way)
    upright = bool(down[1][1] > down[0][1])
    targets: list[tuple[float, float, int, bool]] = []
    for points, label in ((places[0], card[:-1]), (places[1], card[-1])):
        for point in points:
            for flip in (False, True):
                at = cv.mapped(np.array([turn - point if flip else point], np.float32), way)[0]
                turned = upright if flip else not upright
                targets.append((float(at[0]), float(at[1]), CLASSES.index(label), turned))
    for ink in pieces:
        hit = next((t for t in targets if _covers(ink, t[0], t[1])), None)
        if hit is not None:
            patches.append(patch(on, ink, hit[3]))
            labels.append(hit[2])
            if hit[2] != CLASSES.index("8") and hit[2] < 13 and rng.random() < 0.15:
                # Upside down it is something else; six and nine turn into each other.
                other = {"6": "9", "9": "6"}.get(card[:-1])
                patches.append(patch(on, ink, not hit[3]))
                labels.append(CLASSES.index(other) if other else OTHER)
        elif rng.random() < 0.12 and not _near_any(ink, targets):
            inner = cv.mapped(
                np.array([[ink.x, ink.y]], np.float32), np.asarray(np.linalg.inv(way), np.float64)
            )[0]
            centre = 0.24 * w < inner[0] < 0.76 * w
            if card[:-1] in {"J", "Q", "K"} or not centre:
                patches.append(patch(on, ink, rng.random() < 0.5))
                labels.append(OTHER)


def _covers(ink: Ink, x: float, y: float) -> bool:
    return abs(ink.x - x) < 0.28 * ink.height + 1 and abs(ink.y - y) < 0.25 * ink.height + 1


def _near_any(ink: Ink, targets: list[tuple[float, float, int, bool]]) -> bool:
    return any(abs(ink.x - x) < 4 and abs(ink.y - y) < 4 for x, y, *_ in targets)


def train(data: Data, seed: int, epochs: int = 30, hidden: int = 96) -> Network:
    """Adam (D. Kingma and J. Ba, 2015) with weight decay on the cross entropy."""
    rng = np.random.default_rng(seed)
    vectors, labels = describe(data[0]), data[1]
    n, width = vectors.shape
    sizes = ((width, hidden), (hidden,), (hidden, len(CLASSES)), (len(CLASSES),))
    weights = [
        (rng.normal(0, np.sqrt(2 / s[0]), s) if len(s) == 2 else np.zeros(s)).astype(np.float32)
        for s in sizes
    ]
    first = [np.zeros_like(w) for w in weights]
    second = [np.zeros_like(w) for w in weights]
    share = np.bincount(labels, minlength=len(CLASSES)).astype(np.float32)
    worth = np.sqrt(share.max() / np.maximum(share, 1))
    step = 0
    for epoch in range(epochs):
        rate = 2e-3 * (0.5 + 0.5 * np.cos(np.pi * epoch / epochs)) + 1e-5
        order = rng.permutation(n)
        for at in range(0, n, 256):
            rows = order[at : at + 256]
            x, y = vectors[rows], labels[rows]
            x = x * (rng.random(x.shape, np.float32) > 0.1)
            h = np.maximum(x @ weights[0] + weights[1], 0)
            raw = h @ weights[2] + weights[3]
            e = np.exp(raw - raw.max(1, keepdims=True))
            d = e / e.sum(1, keepdims=True)
            d[np.arange(len(rows)), y] -= 1
            d *= (worth[y] / len(rows))[:, None]
            dh = (d @ weights[2].T) * (h > 0)
            slopes = [x.T @ dh, dh.sum(0), h.T @ d, d.sum(0)]
            step += 1
            for i, slope in enumerate(slopes):
                slope += 1e-4 * weights[i]
                first[i] = 0.9 * first[i] + 0.1 * slope
                second[i] = 0.999 * second[i] + 0.001 * slope * slope
                hat = first[i] / (1 - 0.9**step)
                var = second[i] / (1 - 0.999**step)
                weights[i] -= (rate * hat / (np.sqrt(var) + 1e-8)).astype(np.float32)
    return Network(*weights)


def main() -> None:
    """Make the examples, train, say how well it does on unseen views, and write the weights."""
    assets.fetch()
    data = examples(DECKS, 14, 1)
    net = train(data, 2)
    patches, labels = examples(DECKS, 2, 3)
    right = float((net.chances(describe(patches)).argmax(1) == labels).mean())
    sys.stdout.write(f"{len(data[1])} examples; unseen views of the same decks: {right:.4f}\n")
    np.savez_compressed(
        WEIGHTS, **{k: getattr(net, k).astype(np.float16) for k in ("w1", "b1", "w2", "b2")}
    )


if __name__ == "__main__":
    main()
