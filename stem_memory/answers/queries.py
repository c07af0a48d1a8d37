"""What people ask memory: the answers behind `retinue memory`, as plain functions over a store.

Each takes an open `EventStore` and words as people use them, and returns nouns; printing them is
the caller's matter. Times are valid time in seconds of the run unless said otherwise.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable

from devices.facts import Value
from devices.noun import Noun
from devices.site import Point
from stem_memory.answers.meaning import MeaningIndex
from stem_memory.answers.words import Found, Hit, shown
from stem_memory.belief.naming import id_words, in_words
from stem_memory.belief.spatial import Near, Whereabouts, near, where_is
from stem_memory.belief.state import MemoryState
from stem_memory.clock import clock_of
from stem_memory.contracts import Recorded
from stem_memory.errors import MemoryFault
from stem_memory.history.facts import Fact
from stem_memory.history.mention import EVIDENCE_KINDS, Mention, mentions, own_time, vain_look
from stem_memory.history.query import Difference
from stem_memory.log.store import EventStore
from stem_memory.view import Belief

# Reciprocal rank fusion: G. Cormack et al., SIGIR 2009; 60 is the paper's constant.
_FUSION = 60.0
# Nobody asked for what is recent: it decides between what is about as good otherwise.
_RECENCY = 0.2
_CHARACTERS_PER_TOKEN = 4
_FAR_M = 1e6
Line = tuple[int, str, str, str]


class QueryUnclear(MemoryFault):
    """The question names nothing that memory knows."""


class Where(Noun):
    """Where a thing may be: the belief behind it and every place, likeliest first."""

    thing: str
    names: tuple[str, ...]
    belief: Belief | None
    room: str | None
    places: tuple[Whereabouts, ...]
    sentence: str


class EvidenceItem(Noun):
    """One event that speaks of a fact: where it stands in the log, who said what."""

    event: int
    t: float
    source: str
    value: Value | None
    confidence: float
    agrees: bool


class Explanation(Noun):
    """Why something is believed: the fact, the evidence for and against it, oldest first."""

    thing: str
    attr: str
    fact: Fact | None
    evidence: tuple[EvidenceItem, ...]
    sentence: str


def resolve(memory: MemoryState, words: str) -> tuple[str, ...]:
    """The things that the words mean: an id, else a whole name, else all words in the names.

    Raises:
        QueryUnclear: If there is no such thing; the sentence offers the nearest names.
    """
    wanted = words.strip().lower().removeprefix("the ")
    if memory.category(words) is not None:
        return (memory.members(words)[0],)
    names = {thing: [name.lower() for name in memory.names(thing)] for thing in memory.ids()}
    found = [thing for thing, known in names.items() if wanted in known]
    if not found:
        parts = set(wanted.split())
        found = [t for t, known in names.items() if parts and parts <= set(" ".join(known).split())]
    if not found:
        every = sorted({name for known in names.values() for name in known})
        close = difflib.get_close_matches(wanted, every, n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "ask for something it has seen."
        raise QueryUnclear(f"Memory knows no {words!r}; {hint}")
    return tuple(found)


def where(store: EventStore, words: str) -> tuple[Where, ...]:
    """Where the things that the words mean are, as far as anybody can know."""
    memory = store.state
    return tuple(_where(memory, thing) for thing in resolve(memory, words))


def history(
    store: EventStore, words: str, attr: str | None = None, position: int | None = None
) -> tuple[Fact, ...]:
    """Everything that was ever so of these things, oldest first."""
    memory = store.state
    same = (memory.members(thing) for thing in resolve(memory, words))
    told = ([f for m in ids for f in store.facts.history(m, attr, position)] for ids in same)
    return tuple(f for facts in told for f in sorted(facts, key=lambda fact: fact.from_s))


def near_to(
    store: EventStore, words: str, radius_m: float, t: float | None = None
) -> tuple[Near, ...]:
    """What was believed at `t` (None: is now) within the radius of the first thing meant."""
    memory = store.state if t is None else store.replay(as_of=t)
    thing, point = _placed(memory, words)
    return tuple(n for n in near(memory, point, radius_m) if n.thing != thing)


def near_between(
    store: EventStore, words: str, radius_m: float, from_s: float, to_s: float
) -> tuple[Fact, ...]:
    """What was seen, at some time between two, within the radius of where the thing is now."""
    thing, point = _placed(store.state, words)
    seen = store.facts.near(point, radius_m, from_s, to_s)
    return tuple(fact for fact in seen if fact.known_to is None and fact.thing != thing)


def _placed(memory: MemoryState, words: str) -> tuple[str, Point]:
    """The first thing meant, and where it is."""
    thing = resolve(memory, words)[0]
    point = memory.position(thing)
    if point is None:
        raise QueryUnclear(f"Nobody knows where {thing} is; name something whose place is known.")
    return thing, point


def as_of(
    store: EventStore, t: float, words: str | None = None, position: int | None = None
) -> tuple[Fact, ...]:
    """What was so at `t`: of the things meant, or of everything; as known at `position`."""
    facts = tuple(store.facts.world_at(t, position))
    if words is None:
        return facts
    memory = store.state
    things = {same for thing in resolve(memory, words) for same in memory.members(thing)}
    return tuple(f for f in facts if f.thing in things)


def diff(
    store: EventStore, before_s: float, after_s: float, position: int | None = None
) -> tuple[Difference, ...]:
    """What changed in the world between two times, as known at `position` (None: now)."""
    return store.facts.difference((before_s, position), (after_s, position))


def explain(
    store: EventStore,
    words: str,
    attr: str = "location",
    t: float | None = None,
    position: int | None = None,
    at_most: int = 12,
) -> Explanation:
    """Why an attribute of the first thing meant is believed: its chain of evidence.

    The chain starts with the evidence that began the fact and holds the newest of what confirmed
    or contradicted it, `at_most` in all.
    """
    memory = store.state
    thing = resolve(memory, words)[0]
    at = memory.now() if t is None else t
    held = [store.facts.value_at(same, attr, at, position) for same in memory.members(thing)]
    known = [fact for fact in held if fact is not None]
    # Of ids that are the same, the newest fact holds; a look in vain only if nobody saw one.
    fact = max(known, key=lambda f: (f.value is not None, f.from_s), default=None)
    if fact is None:
        sentence = f"Nothing is known of the {id_words(attr)} of {thing} at {clock_of(at)}."
        return Explanation(thing=thing, attr=attr, fact=None, evidence=(), sentence=sentence)
    items: list[EvidenceItem] = []
    for recorded in store.read(kinds=EVIDENCE_KINDS, until=position):
        # The fact may rest on an earlier event than its own: what began it comes first.
        if recorded.id == fact.event or fact.from_s <= own_time(recorded.event) <= at:
            items.extend(_items(recorded, fact.thing, attr, fact))
    first = [i for i in items if i.event == fact.event][:1]
    rest = [i for i in items if i not in first]
    chain = (*first, *rest[max(0, len(rest) - at_most + 1) :])
    return Explanation(
        thing=thing, attr=attr, fact=fact, evidence=chain, sentence=_because(fact, chain)
    )


def search(
    store: EventStore,
    words: str,
    at_most: int = 10,
    around_s: float | None = None,
    near_thing: str | None = None,
    meaning: MeaningIndex | None = None,
) -> tuple[Found, ...]:
    """What was said, wanted, seen or went wrong: one ranking of text, meaning, time and space.

    Args:
        store: The memory to search.
        words: Any words; what has more of the rarer ones ranks first.
        at_most: How many answers.
        around_s: Prefer what happened near this time.
        near_thing: Prefer what is about things near this one. With neither, prefer what is recent.
        meaning: Finds what means the same in other words, too.
    """
    by_words = store.search(words, at_most * 5)
    by_meaning = meaning.nearest(words, at_most * 5) if meaning is not None else ()
    orders = [(1.0, {_line(hit): hit.rank for hit in found}) for found in (by_words, by_meaning)]
    hits = {_line(hit): hit for hit in (*by_words, *by_meaning)}
    memory = store.state
    if around_s is not None or near_thing is None:
        moment = memory.now() if around_s is None else around_s
        weight = _RECENCY if around_s is None else 1.0
        orders.append((weight, {line: abs(hit.t - moment) for line, hit in hits.items()}))
    if near_thing is not None:
        point = memory.position(resolve(memory, near_thing)[0])
        close = near(memory, point, _FAR_M) if point is not None else ()
        distances = {n.thing: n.distance_m for n in close}
        far = {line: distances.get(hit.about, _FAR_M) for line, hit in hits.items()}
        orders.append((1.0, far))
    scores: dict[Line, float] = dict.fromkeys(hits, 0.0)
    for weight, order in orders:
        # What an order can not tell apart gets the same rank; what it does not know, nothing.
        ranks = {value: rank for rank, value in enumerate(sorted(set(order.values())))}
        for line, value in order.items():
            scores[line] += weight / (_FUSION + ranks[value])
    best = sorted(scores, key=lambda line: (-scores[line], line))[:at_most]
    return tuple(
        Found(
            text=shown(hits[line].text),
            kind=hits[line].kind,
            about=hits[line].about,
            t=hits[line].t,
            event=hits[line].event,
            score=round(scores[line], 5),
        )
        for line in best
    )


def _line(hit: Hit) -> Line:
    return hit.event, shown(hit.text), hit.kind, hit.about


def context(
    store: EventStore,
    task: str,
    token_budget: int,
    count: Callable[[str], int] | None = None,
    meaning: MeaningIndex | None = None,
) -> tuple[str, ...]:
    """Lines of memory that matter for a task, within a token budget, each with its provenance.

    Args:
        store: The memory to read.
        task: The task in words.
        token_budget: How many tokens all lines may take.
        count: Counts the tokens of a line; without it four characters are taken for a token.
        meaning: Finds what means the same in other words, too.
    """
    memory = store.state
    tokens = count or (lambda line: -(-len(line) // _CHARACTERS_PER_TOKEN))
    lines: list[str] = []
    parts = set(task.lower().split())
    for thing in memory.ids():
        # Mentioned by one of its names whole, as in "the red mug" or "table 4".
        if any(set(name.lower().split()) <= parts for name in memory.names(thing)):
            lines.append(_where(memory, thing).sentence)
    for found in search(store, task, at_most=20, meaning=meaning):
        lines.append(
            f"{clock_of(found.t)}, {found.kind} of {found.about}: {found.text} [{found.event}]"
        )
    packed, left = [], token_budget
    for line in dict.fromkeys(lines):
        cost = tokens(line)
        if cost <= left:
            packed.append(line)
            left -= cost
    return tuple(packed)


def _where(memory: MemoryState, thing: str) -> Where:
    belief = memory.belief(thing, "location")
    places = where_is(memory, thing)
    name = title(memory, thing)
    place = memory.location(thing)
    if memory.category(thing) in {"room", "door", "fixture"}:
        sentence = f"{name} ({thing}) belongs to the floor plan, in {memory.room_of(thing)}."
    elif place is not None and belief is not None:
        sentence = (
            f"{name} ({thing}) is {in_words(place.relation)} {id_words(place.holder)}, sure "
            f"{belief.confidence:.0%}: {_seen_by(belief, memory)}."
        )
    elif places:
        sentence = (
            f"{name} ({thing}) is missing; likeliest {id_words(places[0].holder)} "
            f"({places[0].probability:.0%}: {places[0].why})."
        )
    else:
        sentence = f"Nobody has said where {name} ({thing}) is."
    return Where(
        thing=thing,
        names=memory.names(thing),
        belief=belief,
        room=memory.room_of(thing),
        places=places,
        sentence=sentence,
    )


def title(memory: MemoryState, thing: str) -> str:
    """The best name that no other thing of its category has, else the words of its id."""
    others = memory.ids(memory.category(thing))
    taken = {name for other in others if other != thing for name in memory.names(other)}
    names = memory.names(thing)
    return next((name for name in names if name not in taken), id_words(thing))


def _seen_by(belief: Belief, memory: MemoryState) -> str:
    if belief.source == "survey":
        return "the survey said so, nobody has seen it"
    seen, since = clock_of(belief.seen_s), clock_of(belief.since_s)
    how = "seen" if memory.category(belief.source) == "body" else "said"
    return f"{how} by {belief.source} at {seen}, so since {since}"


def _items(recorded: Recorded, thing: str, attr: str, fact: Fact) -> list[EvidenceItem]:
    event = recorded.event
    found: list[Mention] = list(mentions(event.body, thing, attr))
    if not found and fact.value is None and recorded.id == fact.event:
        found = [Mention(None, fact.source, fact.confidence)]
    elif not found and attr == "location" and fact.value is not None:
        missed = vain_look(event.body, thing, str(fact.value))
        found = [missed] if missed is not None else []
    return [
        EvidenceItem(
            event=recorded.id,
            t=own_time(event),
            source=mention.source,
            value=mention.value,
            confidence=mention.confidence,
            agrees=mention.value == fact.value,
        )
        for mention in found
    ]


def _because(fact: Fact, chain: tuple[EvidenceItem, ...]) -> str:
    against = sum(not item.agrees for item in chain)
    confirmed = sum(item.agrees for item in chain) - 1
    what = "not where it was" if fact.value is None else f"{fact.value}"
    since = clock_of(fact.from_s)
    sentence = f"{fact.thing}: {id_words(fact.attr)} is {what} since {since}, from {fact.source}"
    if confirmed > 0:
        sentence += f", confirmed {'once' if confirmed == 1 else f'{confirmed} times'}"
    return sentence + (f", contradicted {against} times." if against else ".")
