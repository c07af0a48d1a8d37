"""Pictures to make scenes from, out of Debian packages; nothing of them is part of this project.

| package | what for |
|---|---|
| gnome-cards-data | decks of cards (SVG; drawn with `rsvg-convert` of librsvg2-bin) |
| gcompris-qt-data | artworks with artist, title and year |
| tuxpaint-stamps-default | clothes and household things |

`fetch` unpacks them under the user's cache folder, without root; packages that are installed are
used where they lie.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from devices.child import run
from services.alpha.vision import opencv as cv
from services.errors import UserError
from services.lab.glasses.rcc import resources

PACKAGES = ("gnome-cards-data", "gcompris-qt-data", "tuxpaint-stamps-default")
MARKS = {
    "gnome-cards-data": "usr/share/aisleriot/cards/anglo.svgz",
    "gcompris-qt-data": "usr/share/gcompris-qt/rcc/paintings.rcc",
    "tuxpaint-stamps-default": "usr/share/tuxpaint/stamps/clothes/jacket.svg",
}
RENDERER = "rsvg-convert"
CARD_W, CARD_H = 200, 290


def cache_dir() -> Path:
    """Where fetched packages and drawn decks are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "retinue" / "lab"


def missing() -> list[str]:
    """What is not here, by package name."""
    lacking = [name for name in PACKAGES if not any((r / MARKS[name]).exists() for r in _roots())]
    return lacking + ([] if shutil.which(RENDERER) else ["librsvg2-bin"])


def _roots() -> list[Path]:
    return [cache_dir() / "root", Path("/")]


def _find(inside: str) -> Path:
    for root in _roots():
        if (root / inside).exists():
            return root / inside
    raise UserError(
        "the pictures for the glasses' scenes are missing: run `make bench-glasses`, which fetches "
        f"{', '.join(PACKAGES)} with apt-get, or install them yourself"
    )


def fetch() -> None:
    """Fetch what is missing with apt-get.

    Raises:
        UserError: There is no apt-get, or it does not get them.
    """
    lacking = missing()
    if not lacking:
        return
    if shutil.which("apt-get") is None:
        raise UserError(
            f"the scenes need the Debian packages {', '.join(lacking)}, and there is no apt-get "
            "here: install them by hand, or run this on Debian or Ubuntu"
        )
    if RENDERER not in lacking and "librsvg2-bin" in lacking:
        _run(["apt-get", "install", "-y", "--no-install-recommends", "librsvg2-bin"])
    wanted = [name for name in lacking if name in PACKAGES]
    if not wanted:
        return
    root = cache_dir() / "root"
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        _run(["apt-get", "download", *wanted], Path(folder))
        for package in sorted(Path(folder).glob("*.deb")):
            _run(["dpkg", "-x", str(package), str(root)])


def _run(command: list[str], folder: Path | None = None) -> None:
    done = run(command, cwd=folder, encoding="utf-8", errors="replace")
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UserError(f"`{' '.join(command[:3])}` failed ({last}): is the network there?")


def svg(path: Path, width: int) -> cv.Image:
    """An SVG file drawn at that width, with alpha.

    Raises:
        UserError: It cannot be drawn.
    """
    kept = cache_dir() / "drawn" / f"{path.stem}-{width}.png"
    if not kept.exists():
        if shutil.which(RENDERER) is None:
            raise UserError("drawing the scenes needs rsvg-convert: apt-get install librsvg2-bin")
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        _run([RENDERER, "-w", str(width), "-o", str(part), str(path)])
        part.rename(kept)
    found = cv.read_picture(kept)
    if found is None:
        raise UserError(f"{kept} is no picture: delete it and try again")
    return found


@lru_cache(maxsize=4)
def deck(name: str) -> dict[str, cv.Image]:
    """The cards of a deck by name ("10h", "As", "back"), BGRA, CARD_W × CARD_H.

    Decks whose indices are not A, 2-10, J, Q, K are not for the scenes.
    """
    sheet = svg(_find(f"usr/share/aisleriot/cards/{name}.svgz"), CARD_W * 13)
    step = sheet.shape[0] / 5
    cards: dict[str, cv.Image] = {}
    for row, suit in enumerate("cdhs"):
        for column, rank in enumerate(
            ["A", "2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K"]
        ):
            cut = sheet[round(row * step) : round((row + 1) * step), column * CARD_W :][:, :CARD_W]
            cards[rank + suit] = cv.resized(cut, CARD_W, CARD_H)
    back = sheet[round(4 * step) :, 2 * CARD_W : 3 * CARD_W]
    cards["back"] = cv.resized(back, CARD_W, CARD_H)
    return cards


@dataclass(frozen=True)
class Artwork:
    """One work: id, who made it, what it is called, when, and its picture (BGR)."""

    id: str
    artist: str
    title: str
    year: str
    picture: cv.Image


_LINE = re.compile(r'instruction: qsTr\("(?P<words>.*)"\)')
_TILE = re.compile(
    r'"pixmapfile"\s*:\s*"(?P<file>image/[^"]+)",\s*"x"\s*:\s*"?(?P<x>[\d.]+)"?,\s*'
    r'"y"\s*:\s*"?(?P<y>[\d.]+)"?'
)
_SIZE = re.compile(r'"width"\s*:\s*(\d+),\s*"height"\s*:\s*(\d+)')


@lru_cache(maxsize=1)
def artworks() -> tuple[Artwork, ...]:
    """The works, put together from their puzzle pieces, in order of id."""
    inside = resources(_find("usr/share/gcompris-qt/rcc/paintings.rcc"))
    base = "gcompris/src/activities/paintings/resource/"
    works = []
    for path, data in sorted(inside.items()):
        if "/resource/board/" not in path:
            continue
        text = data.decode()
        words, size = _LINE.search(text), _SIZE.search(text)
        if words is None or size is None:
            continue
        width, height = int(size[1]), int(size[2])
        canvas = np.full((height, width, 3), 128, np.uint8)
        filled = np.zeros((height, width), bool)
        for tile in _TILE.finditer(text):
            piece = cv.decoded(inside[base + tile["file"]])
            if piece is None or not tile["file"].endswith(".webp"):
                continue
            tall, wide = piece.shape[:2]
            left = max(0, round(float(tile["x"]) * width - wide / 2))
            top = max(0, round(float(tile["y"]) * height - tall / 2))
            part = piece[: height - top, : width - left]
            here = np.s_[top : top + part.shape[0], left : left + part.shape[1]]
            # The pieces are jigsaw shapes: their tabs lie in the notches of their neighbours.
            solid = part[..., 3] > 127 if part.shape[2] == 4 else np.ones(part.shape[:2], bool)
            canvas[here][solid] = part[..., :3][solid]
            filled[here] |= solid
        rows, columns = np.flatnonzero(filled.any(1)), np.flatnonzero(filled.any(0))
        if len(rows) and len(columns):
            picture = canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            works.append(_artwork(words["words"], picture))
    return tuple(sorted(works, key=lambda work: work.id))


def _artwork(words: str, picture: cv.Image) -> Artwork:
    head, _, year = words.rpartition(" - ")
    artist, _, title = (head or words).partition(",")
    title = title.strip() or artist
    name = re.sub(r"[^a-z0-9]+", "-", f"{artist} {title}".lower()).strip("-")
    return Artwork(name, artist.strip(), title, year.strip() if head else "", picture)


GARMENTS = {
    "jacket": "clothes/jacket.svg",
    "t-shirt": "clothes/t-shirt_01.svg",
    "jeans": "clothes/bluejeans1.svg",
    "dress": "clothes/black_dress.svg",
    "skirt": "clothes/top_skirt.svg",
    "trousers": "clothes/white_pants.svg",
    "shirt": "clothes/t_shirt.png",
    "polo shirt": "clothes/t_poloshirt.png",
    "scarf": "clothes/t_scarf.png",
    "flared trousers": "clothes/bellbottoms.svg",
}
THINGS = {
    "keys": "household/key.png",
    "kettle": "household/kettle.png",
    "duck": "household/rubberduck.png",
    "globe": "household/globe.svg",
    "umbrella": "household/umbrella.svg",
    "glasses": "clothes/glasses1.svg",
    "sunglasses": "clothes/sunglasses_02.svg",
    "handbag": "clothes/red_handbag.svg",
    "padlock": "household/padlock_closed.svg",
    "cap": "clothes/t_baseballcap.png",
    "glove": "clothes/t_glove.png",
    "boot": "clothes/hikingboot.svg",
}


@lru_cache(maxsize=64)
def stamp(path: str, width: int = 400) -> cv.Image:
    """A garment or thing (a value of GARMENTS or THINGS), BGRA."""
    file = _find(f"usr/share/tuxpaint/stamps/{path}")
    if file.suffix == ".svg":
        return svg(file, width)
    found = cv.read_picture(file)
    if found is None or found.ndim != 3 or found.shape[2] != 4:
        raise UserError(f"{file} is no picture with transparency: is the package whole?")
    return cv.resized(found, width, round(found.shape[0] * width / found.shape[1]))
