"""Takes of each kind: a film, what is said in it, and what would be right, ready for the pipeline."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from services.alpha.vision import opencv as cv
from services.lab.glasses import assets, home, shop
from services.lab.glasses.film import Film
from services.lab.glasses.gallery import walk
from services.lab.glasses.home import Lying
from services.lab.glasses.quiet import quiet
from services.lab.glasses.reel import Take
from services.lab.glasses.style import STYLES
from services.lab.glasses.table import evening

# Works that hang in rooms but are in no catalogue: for false accepts.
STRANGERS = 6
ROUNDS, STOPS, GARMENTS, VISITS = 4, 5, 4, 4


class Stock:
    """Catalogue and enrolled things, written once into a folder, as a user would have them."""

    def __init__(
        self,
        folder: Path,
        kinds: Collection[str] = ("museum-guide", "where-is-it"),
        things: Mapping[str, str] | None = None,
    ) -> None:
        """Write them, unless they are there.

        Args:
            folder: Where to.
            kinds: The skills that will be used: what the others need is not written.
            things: The ids of the things that are enrolled, and which of `home.THINGS` each looks
                like; all of those, by their own names, unless given.

        Raises:
            UserError: The assets are missing.
        """
        self.catalogue = folder / "catalogue.json"
        self.things = folder / "things.json"
        self.works = assets.artworks()
        self.listed = tuple(work.id for work in self.works[: len(self.works) - STRANGERS])
        folder.mkdir(parents=True, exist_ok=True)
        if "museum-guide" in kinds and not self.catalogue.exists():
            self._write_catalogue(folder)
        if "where-is-it" in kinds and not self.things.exists():
            self._write_things(folder, things or {name: name for name in home.THINGS})

    def _write_catalogue(self, folder: Path) -> None:
        entries: list[dict[str, str]] = []
        for work in self.works:
            if work.id in self.listed:
                name = f"work-{len(entries)}.png"
                (folder / name).write_bytes(cv.encoded(work.picture))
                entries.append(
                    {
                        "id": work.id,
                        "title": work.title,
                        "artist": work.artist,
                        "year": work.year,
                        "picture": name,
                    }
                )
        self.catalogue.write_text(json.dumps(entries), encoding="utf-8")

    def _write_things(self, folder: Path, things: Mapping[str, str]) -> None:
        owned = []
        for thing, looks in things.items():
            (folder / f"{thing}.png").write_bytes(cv.encoded(assets.stamp(assets.THINGS[looks])))
            owned.append({"id": thing, "names": [looks], "picture": f"{thing}.png"})
        self.things.write_text(json.dumps(owned), encoding="utf-8")

    def settings(self) -> dict[str, dict[str, bool | int | float | str]]:
        """Settings of the four skills."""
        return {
            "museum-guide": {"catalogue": str(self.catalogue)},
            "where-is-it": {"things": str(self.things), "places": home.SETTING},
        }


def cards(style: str, seed: int, stock: Stock) -> Take:
    """Rounds of blackjack."""
    look = STYLES[style]
    night = evening(look, Random(seed), 0.0, ROUNDS)
    film = Film([night.scene], night.ends, look, seed)
    return Take(f"cards {style} {seed}", film, tuple(night.gold), settings=stock.settings())


def museum(style: str, seed: int, stock: Stock) -> Take:
    """A walk through a room."""
    look, rng = STYLES[style], Random(seed)
    works = rng.sample(list(stock.works), STOPS)
    room = walk(look, rng, 0.0, works, stock.listed, ())
    film = Film([room.scene], room.ends, look, seed)
    return Take(f"museum {style} {seed}", film, tuple(room.gold), settings=stock.settings())


def clothes(style: str, seed: int, stock: Stock) -> Take:
    """A visit to a shop."""
    look = STYLES[style]
    seen = shop.visit(look, Random(seed), 0.0, GARMENTS)
    film = Film([seen.scene], seen.ends, look, seed)
    return Take(
        f"shop {style} {seed}",
        film,
        tuple(seen.gold),
        wearer=shop.WEARER,
        settings=stock.settings(),
    )


def things(style: str, seed: int, stock: Stock) -> Take:
    """Things left about the home and asked for."""
    look = STYLES[style]
    seen = home.day(look, Random(seed), 0.0, VISITS)
    film = Film(seen.scenes, seen.ends, look, seed)
    return Take(
        f"home {style} {seed}",
        film,
        tuple(seen.gold),
        tuple(seen.words),
        settings=stock.settings(),
    )


def walk_around(
    style: str, seed: int, folder: Path, lying: Sequence[Lying], until_s: float
) -> Take:
    """A look at things that lie where they lie in some world, by the ids they have there.

    Args:
        style: How it looks.
        seed: What is drawn by chance.
        folder: Where the things are enrolled.
        lying: Things and places.
        until_s: How long it lasts, in seconds, or longer until all was seen.

    Raises:
        UserError: There are too many of them for one film.
    """
    seen = home.walk(STYLES[style], Random(seed), lying, until_s)
    stock = Stock(folder, ("where-is-it",), {thing.id: thing.picture for thing in lying})
    places = ",".join(f"{mark}={place}" for mark, place in home.marked(lying).items())
    film = Film(seen.scenes, seen.ends, STYLES[style], seed)
    return Take(
        f"walk {style} {seed}",
        film,
        skills=("where-is-it",),
        settings={"where-is-it": {"things": str(stock.things), "places": places}},
    )


def silence(style: str, seed: int, stock: Stock, seconds: float) -> Take:
    """Quiet footage: no gold at all."""
    film = quiet(STYLES[style], seed, seconds)
    return Take(f"quiet {style} {seed}", film, settings=stock.settings())


KINDS: dict[str, Callable[[str, int, Stock], Take]] = {
    "blackjack": cards,
    "museum-guide": museum,
    "shopping-fit": clothes,
    "where-is-it": things,
}


def make_take(kind: str, style: str, seed: int, stock: Stock, seconds: float) -> Take:
    """A take of any kind, "quiet" of that many seconds included, with the settings it needs only."""
    if kind == "quiet":
        take = silence(style, seed, stock, seconds)
    else:
        take = KINDS[kind](style, seed, stock)
    needed = {name: values for name, values in (take.settings or {}).items() if name == kind}
    return replace(take, settings=needed)
