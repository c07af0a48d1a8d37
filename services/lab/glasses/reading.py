"""How well single looks read: cards one by one, works among strangers, colours of garments."""

from __future__ import annotations

from collections import Counter
from random import Random

from devices.noun import Noun
from services.alpha.skills.blackjack import SURE
from services.alpha.skills.shopping_fit import COLOUR_SURE, near_print
from services.alpha.vision.artworks import Gallery
from services.alpha.vision.cards import read_corners, voted
from services.alpha.vision.cloth import colour_of_cloth
from services.alpha.vision.ocr import lines
from services.lab.glasses.film import Film
from services.lab.glasses.gallery import walk
from services.lab.glasses.reel import FULL
from services.lab.glasses.style import STYLES
from services.lab.glasses.table import evening
from services.lab.glasses.takes import Stock, clothes

PICTURES = 3


class Reading(Noun):
    """Counts: cards lying apart and overlapping, read right of all; cards read that are not there;
    works named right of those in the catalogue; strangers named of all strangers; colours named right
    of all named, of garments that were held up.
    """

    apart: int = 0
    apart_right: int = 0
    overlapping: int = 0
    overlapping_right: int = 0
    invented: int = 0
    works: int = 0
    works_right: int = 0
    strangers: int = 0
    strangers_named: int = 0
    garments: int = 0
    colours: int = 0
    colours_right: int = 0


def read_tables(style: str, seed: int, rounds: int) -> Reading:
    """Read every card of some rounds, at the moments of decision, as the skill does."""
    look = STYLES[style]
    night = evening(look, Random(seed), 0.0, rounds)
    film = Film([night.scene], night.ends, look, seed)
    count: Counter[str] = Counter()
    for event in night.gold:
        t = event.t + 0.5
        there = [c for c in night.laid if c.t <= t < c.until and not (event.abstain and c.dealer)]
        reads = voted([read_corners(film.frame(t + 0.1 * k, FULL)) for k in range(PICTURES)])
        read = Counter(r.card for r in reads if r.confidence >= SURE)
        want = Counter(c.card for c in there)
        left = Counter(read)
        for card in there:
            kind = "overlapping" if card.overlapping else "apart"
            count[kind] += 1
            if left[card.card] > 0:
                left[card.card] -= 1
                count[f"{kind}_right"] += 1
        if not event.abstain:
            count["invented"] += sum((read - want).values())
    return Reading.model_validate(dict(count))


def read_rooms(style: str, seed: int, stock: Stock) -> Reading:
    """Name what hangs where the wearer stops."""
    look, rng = STYLES[style], Random(seed)
    works = rng.sample(list(stock.works), 8)
    room = walk(look, rng, 0.0, works, stock.listed, (), strangers=4)
    film = Film([room.scene], room.ends, look, seed)
    known = [work for work in stock.works if work.id in stock.listed]
    gallery = Gallery([w.id for w in known], [w.picture for w in known])
    count: Counter[str] = Counter()
    for begin, end, name, listed in room.stops:
        for share in (0.3, 0.7):
            match = gallery.find(film.frame(begin + share * (end - begin), 960))
            if listed:
                count["works"] += 1
                count["works_right"] += match is not None and match.name == name
            else:
                count["strangers"] += 1
                count["strangers_named"] += match is not None
    return Reading.model_validate(dict(count))


def read_clothes(style: str, seed: int, stock: Stock) -> Reading:
    """Name the colours of garments that are held up, where their tags can be read."""
    take = clothes(style, seed, stock)
    count: Counter[str] = Counter()
    for event in take.gold:
        if event.abstain:
            continue
        view = take.film.frame(event.t + 0.4, FULL)
        named = colour_of_cloth(view, near_print(lines(view)))
        count["garments"] += 1
        if named is not None and named[1] >= COLOUR_SURE:
            count["colours"] += 1
            count["colours_right"] += named[0] == event.subject.split()[0]
    return Reading.model_validate(dict(count))


def joined(readings: list[Reading]) -> Reading:
    """Sums."""
    sums: Counter[str] = Counter()
    for reading in readings:
        sums.update(reading.model_dump())
    return Reading.model_validate(dict(sums))
