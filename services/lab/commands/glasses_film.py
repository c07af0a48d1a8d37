"""`retinue glasses film`: a film to try the glasses on, made on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click

from brain.language.words.plural import counted
from services.commands.glasses import Wearer, wearer_of
from services.commands.moment import Moment

if TYPE_CHECKING:
    from services.lab.glasses.home import Lying

# As services.lab.glasses.takes and .style have them; tests compare.
KINDS = ("blackjack", "museum-guide", "shopping-fit", "where-is-it", "quiet")
STYLES = ("club", "evening", "daylight", "lamp")
# How long after the last words of the wearer a walk goes on, in seconds.
ANSWER_S = 8.0


def film(
    kind: Annotated[str, click.Choice(KINDS)],
    out: Annotated[Path, click.Path(file_okay=False, path_type=Path)],
    style: Annotated[str, click.Choice(STYLES)] = "club",
    seed: Annotated[int, click.IntRange(min=0)] = 1,
    seconds: Annotated[float, click.FloatRange(min=5.0)] = 120.0,
    say: tuple[tuple[Annotated[float, Moment()], str], ...] = (),
    lying: tuple[tuple[str, str], ...] = (),
    wearer: Wearer = None,
) -> int:
    """Make a film to try the glasses on: a trace with what would be right to say, and when.

    Rounds of blackjack, a walk in a museum, a visit to a shop, things left about the home, or
    minutes in which nothing is to be told; the same seed makes the same film. With --lying the
    wearer looks at things where they lie in a world, for a run in which they take part. The decks, artworks
    and garments come from Debian packages that are fetched with apt-get (350 MB) the first time.

    Options:
        --out DIR: The new trace.
        --style: How it looks and moves: decks, surfaces, light, sway of the head.
        --seed N: Which of the films of this kind: the same seed makes the same one.
        --seconds N: How long a quiet film is; the others last as long as what happens in
            them.
        --say TIME TEXT: Words of the wearer at that time; espeak-ng, if installed, speaks
            them on the sound track.
        --lying THING PLACE: With where-is-it: a thing and the id of the place on which it
            lies, in the world that the film is for. THING is keys, kettle, duck and the
            like; keys=ID says its id there.
    """
    from dataclasses import replace

    from devices.glasses.contracts import Words
    from services.lab.glasses import assets
    from services.lab.glasses.takes import Stock, make_take, walk_around
    from services.lab.glasses.writing import refuse_old, write_trace

    if lying and kind != "where-is-it":
        raise click.UsageError("--lying goes with where-is-it: things are seen and asked for there")
    things = tuple(_lying(thing, place) for thing, place in lying)
    refuse_old(out)
    assets.fetch()
    if things:
        until_s = max((t for t, _ in say), default=0.0) + ANSWER_S
        take = walk_around(style, seed, out, things, until_s)
    else:
        take = make_take(kind, style, seed, Stock(out, (kind,)), seconds)
    words = tuple(Words(t=t, text=text) for t, text in say)
    take = replace(take, words=tuple(sorted((*take.words, *words), key=lambda word: word.t)))
    if wearer is not None:
        take = replace(take, wearer=wearer_of(wearer))
    with click.progressbar(length=100, label=f"{take.film.duration_s:.0f} s of {kind}") as bar:
        write_trace(
            take, out, style, seed, say=lambda share: bar.update(int(100 * share) - bar.pos)
        )
    click.echo(
        f"{out}: {counted(len(take.gold), 'moment')} at which something is to be told, or kept quiet"
    )
    click.echo(f"try it: retinue glasses run --source {out} --stills")
    return 0


def _lying(thing: str, place: str) -> Lying:
    """From "keys" or "keys=car-keys", and the id of a place."""
    from services.lab.glasses.assets import THINGS
    from services.lab.glasses.home import Lying

    picture, _, id_ = thing.partition("=")
    if picture not in THINGS:
        raise click.UsageError(f"there is no picture of {picture!r}: take {', '.join(THINGS)}")
    return Lying(picture, id_ or picture, place)
