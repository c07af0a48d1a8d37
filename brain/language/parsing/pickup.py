"""What is only taken, or named, for what comes next: "get the ball and put it away"."""

from __future__ import annotations

from dataclasses import replace

from brain.language.conditions.frames import Frame
from brain.language.parsing.clauses import Clause, Item
from brain.language.words.lexicon import among

_TAKING = among("take get grab fetch pick collect gather remove make brew prepare pour bring carry")


def only_picks_up(clause: Clause, following: Clause, frame: Frame) -> bool:
    """Whether the thing is taken only for what comes next ("get the ball and put it away")."""
    if following.form != "do" or not clause.items or not following.items:
        return False
    it = [np for i in following.items if i.prep is None for np in i.nouns]
    if clause.form == "verbless":
        # "the parcel on the landing, bring it in"
        return (
            bool(it)
            and it[0].text in ("it", "them")
            and clause.items[0].prep is None
            and not (clause.uncovered or clause.particles)
            and all(i.prep in (None, "in", "on", "at", "from", "near") for i in clause.items)
        )
    if clause.form != "do":
        return False
    return (
        clause.verb.split()[0] in _TAKING
        and not clause.uncovered
        and not any(i.prep in ("to", "for") for i in clause.items)
        and not frame.is_goal(clause.items[0].nouns[0])
        and bool(it)
        and it[0].pronoun == "things"
        and any(a in ("move", "put", "put_away", "dispose") for a in following.readings)
        and (len(following.items) > 1 or following.particles != ())
    )


def picked_up(clause: Clause, following: Clause, frame: Frame) -> Clause:
    """The clause that follows, said of what was picked up: "put the ball away"."""
    phrases = [i for i in clause.items if i.prep is not None]
    nouns = tuple(
        frame.attached(np, phrases)
        for item in clause.items
        if item.prep is None
        for np in item.nouns
    )
    items = list(following.items)
    at = next(k for k, item in enumerate(items) if item.prep is None)
    items[at] = Item((*nouns, *items[at].nouns[1:]))
    return replace(following, items=tuple(items), unless=(*following.unless, *clause.unless))
