"""What goals are about, so that people can name them: things, kinds, places, people, what is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from brain.language.instructing.patterns import words
from brain.language.words.lexicon import Lexicon, among
from brain.language.words.reading import words_of
from brain.language.words.site import Key, Ref, Site
from brain.language.words.tokens import Token
from devices.facts import At, Be, Clear, Condition, Known, Selector, Told, Value
from stem_memory.tasks import GoalRecord

_OF_STATE: dict[tuple[str, Value], str] = {
    ("clean", True): "clean wipe wash tidy",
    ("power", True): "switch_on",
    ("power", False): "switch_off",
}
_MOVED = among("move put need make pour restock put_away")


@dataclass(frozen=True)
class Word:
    """One word or name, and all that it may mean.

    Attributes:
        text: As said.
        key: The words of the name in the singular.
        refs: What the name may mean here.
        actions: What is done, if it is a verb ("cleaning").
        number: If it is one.
        plural: Whether it stands in the plural.
        base: The verb it is a form of, or "".
    """

    text: str
    key: Key
    refs: tuple[Ref, ...] = ()
    actions: frozenset[str] = frozenset()
    number: int | None = None
    plural: bool = False
    base: str = ""


@dataclass(frozen=True)
class About:
    """What a goal, or one condition of it, is about."""

    things: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    keys: frozenset[Key] = frozenset()
    counts: frozenset[int] = frozenset()
    states: frozenset[tuple[str, Value]] = frozenset()
    names: frozenset[str] = field(default=frozenset())

    def joined(self, other: About) -> About:
        """What both are about."""
        return About(
            self.things | other.things,
            self.classes | other.classes,
            self.actions | other.actions,
            self.keys | other.keys,
            self.counts | other.counts,
            self.states | other.states,
            self.names | other.names,
        )


class Naming:
    """Reads words as names of what is here, and tells what goals and conditions are about."""

    def __init__(self, site: Site, lexicon: Lexicon) -> None:
        self.site = site
        self._lexicon = lexicon
        self._states: dict[str, tuple[str, Value]] = lexicon.words["states"]
        self._akin: dict[str, list[str]] = words()["akin"]

    # -- words -------------------------------------------------------------------------------

    def read(self, tokens: Sequence[Token]) -> list[Word]:
        """The words of some tokens, names of several words as one."""
        found: list[Word] = []
        i = 0
        while i < len(tokens):
            word, i = self.at(tokens, i)
            found.append(word)
        return found

    def at(self, tokens: Sequence[Token], i: int) -> tuple[Word, int]:
        """The word or name that begins at `i`, the longest, and where it ends."""
        for size in range(min(self.site.longest, len(tokens) - i), 0, -1):
            key = tuple(t.key for t in tokens[i : i + size])
            refs = self.site.index.get(key)
            if refs:
                return self._word(tokens, i, size, tuple(refs)), i + size
        return self._word(tokens, i, 1, ()), i + 1

    def _word(self, said: Sequence[Token], i: int, size: int, refs: tuple[Ref, ...]) -> Word:
        tokens = said[i : i + size]
        after = _particles(said, i + size)
        last = tokens[-1]
        one = tokens[0] if len(tokens) == 1 else None
        # "light" is a thing where there is one of that name, "cleaning" is what is done.
        verb = not refs or tokens[0].text.endswith("ing")
        return Word(
            text=" ".join(t.text for t in tokens),
            key=tuple(t.key for t in tokens),
            refs=refs,
            actions=self.actions(one.text, after) if one is not None and verb else frozenset(),
            number=one.number if one is not None and not refs else None,
            base=self._base(one.text) if one is not None and verb else "",
            plural=last.text != last.key and last.number is None and not last.possessive,
        )

    def actions(self, word: str, after: frozenset[str] = frozenset()) -> frozenset[str]:
        """What is done, as the lexicon calls it; nothing if it is no verb.

        `after` are the words that follow, among them the particle of the verb ("turn it off").
        """
        readings = self._lexicon.verbs.get(self._base(word), ())
        whole = {action for rest, action in readings if rest and after.issuperset(rest)}
        plain = {action for rest, action in readings if not rest}
        return frozenset(whole or plain or {action for _, action in readings})

    def _base(self, word: str) -> str:
        doings: dict[str, str] = words()["doings"]
        return doings.get(word) or self._lexicon.forms.get(word, word)

    # -- goals -------------------------------------------------------------------------------

    def goal(self, record: GoalRecord) -> About:
        """What a goal is about: its words, its conditions, who wished it and who works on it."""
        about = self.text(record.goal.text)
        if record.conditions:
            # A verb may be read in several ways; now it is known in which.
            about = replace(about, actions=frozenset())
        for condition in record.conditions:
            about = about.joined(self.condition(condition))
        people = {record.goal.who, *record.bodies.values()}
        return about.joined(About(things=frozenset(people)))

    def text(self, text: str) -> About:
        """What the words of a wish name."""
        return self.words(self.read([t for t in words_of(text, self.site) if not t.is_mark]))

    def words(self, said: Iterable[Word]) -> About:
        """What these words name."""
        things: set[str] = set()
        classes: set[str] = set()
        actions: set[str] = set()
        keys: set[Key] = set()
        counts: set[int] = set()
        states: set[tuple[str, Value]] = set()
        for word in said:
            best = min((r.rank for r in word.refs), default=0)
            refs = [r for r in word.refs if r.rank == best]
            things |= {r.id for r in refs if r.kind == "thing"}
            classes |= {r.id for r in refs if r.kind == "class"}
            actions |= word.actions
            keys.add(word.key)
            if word.number is not None:
                counts.add(word.number)
            if word.text in self._states:
                states.add(self._states[word.text])
        about = About(
            frozenset(things),
            frozenset(classes),
            frozenset(actions),
            frozenset(keys),
            frozenset(counts),
            frozenset(states),
        )
        return about.joined(About(names=self._names(things)))

    def condition(self, condition: Condition) -> About:
        """What one condition is about."""
        if isinstance(condition, Clear):
            actions = among("clear tidy put_away")
            return self._placed((condition.where,)).joined(
                About(classes=frozenset({condition.cls}), actions=actions)
            )
        if isinstance(condition, Told):
            return self._placed((condition.who,)).joined(About(actions=among("tell")))
        about = self._selected(condition.what)
        if isinstance(condition, At):
            moved = among("go") if self._is_body(condition.what) else _MOVED
            about = about.joined(self._placed((condition.where,))).joined(About(actions=moved))
        elif isinstance(condition, Be):
            state = (condition.attr, condition.value)
            actions = among(_OF_STATE.get(state, condition.attr)) | {
                card.name
                for card in self.site.view.skills().values()
                if any((*atom.args[1:], atom.value) == state for atom in card.post)
            }
            about = about.joined(About(actions=actions, states=frozenset({state})))
        elif isinstance(condition, Known):
            about = about.joined(About(actions=among("check find")))
        count = getattr(condition, "count", None)
        return about.joined(About(counts=frozenset({count} if count else ())))

    def _selected(self, what: Selector) -> About:
        classes = {what.cls} if what.cls else set()
        fill = what.having.get("fill")
        classes |= {cls for cls, (_, f) in self.site.drinks().items() if f == fill}
        about = self._placed((what.within,) if what.within else ())
        ids = [i for i in what.ids if self.site.view.category(i) is not None]
        classes |= {self.site.view.cls(i) for i in ids}
        having = frozenset(what.having.items())
        return about.joined(
            About(
                things=frozenset(ids),
                classes=frozenset(classes),
                states=having,
                names=self._names(ids) | frozenset(str(v) for v in what.having.values()),
            )
        )

    def _placed(self, places: Iterable[str]) -> About:
        """Places, with the rooms they are in."""
        view = self.site.view
        known = [p for p in places if view.category(p) is not None]
        rooms = {room for p in known if (room := view.room_of(p)) is not None}
        return About(things=frozenset({*known, *rooms}), names=self._names(known))

    def _names(self, things: Iterable[str]) -> frozenset[str]:
        known = [t for t in things if self.site.view.category(t) is not None]
        return frozenset(word for t in known for word in self.site.words_of(t))

    def _is_body(self, what: Selector) -> bool:
        view = self.site.view
        if what.ids:
            return all(view.category(i) == "body" for i in what.ids)
        return what.cls is not None and self.site.category_of(what.cls) == "body"

    # -- fitting -----------------------------------------------------------------------------

    def fits(self, word: Word, about: About) -> int:
        """How well the goal accounts for the word: 2 as it is, 1 as one of that kind, 0 not at all."""
        if word.number is not None:
            return 2 if word.number in about.counts else 0
        done = word.actions & about.actions or (word.base,) in about.keys
        if word.key in about.keys or done:
            return 2
        best = 0
        for ref in word.refs:
            if ref.kind == "thing":
                best = max(best, 2 if ref.id in about.things else 0)
            elif ref.id in about.classes:
                best = 2
            else:
                best = max(best, int(self._is_kind(ref.id, about)))
        if not best and word.text in self._states:
            best = 2 if self._states[word.text] in about.states else 0
        if not best and len(word.key) == 1:
            best = 1 if word.key[0] in about.names else 0
        return best

    def _is_kind(self, cls: str, about: About) -> bool:
        wider = {cls, *self._akin.get(cls, ())}
        if any(self.site.below(c, w) for c in about.classes for w in wider):
            return True
        view = self.site.view
        return any(view.category(t) is not None and view.is_a(t, cls) for t in about.things)


def _particles(tokens: Sequence[Token], i: int) -> frozenset[str]:
    """The words at `i`, and before the end of the clause, that may belong to a verb before them."""
    ends = (k for k in range(i, len(tokens)) if _is_last(tokens, k))
    return frozenset(tokens[k].text for k in (i, *ends) if k < len(tokens))


def _is_last(tokens: Sequence[Token], k: int) -> bool:
    return k + 1 == len(tokens) or tokens[k + 1].text in ("and", "then")
