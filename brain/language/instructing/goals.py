"""Which goals an instruction means: by id, as "that" or "the last one", or by what they are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from brain.language.instructing.about import About, Naming, Word
from brain.language.instructing.patterns import words
from brain.language.parsing.clauses import ClauseReader
from brain.language.words.lexicon import among, lexicon
from brain.language.words.plural import listed
from brain.language.words.tokens import Token
from stem_memory.tasks import GoalRecord

_PRONOUNS = among("it that this them those these")
_LAST = among("last latest newest previous recent just")
_EVERY = among("all everything every each both")
_OWN = among("my mine our ours")
_SPOKEN_OF = among("the my our this that these those it them all both")
_NEW = among("a an some another more")
_SHOWN = 60


@dataclass(frozen=True)
class Part:
    """One of the things that are named: "the two coffees for table 4".

    Attributes:
        text: As said.
        ids: Goals named by their ids.
        content: The words that a goal must account for.
        own: Whether it is said to be the speaker's.
        last: Whether the latest is meant ("that", "the last one").
        place: The number in a row ("the second order"), or None.
        every: Whether all of them are meant.
        plural: Whether several may be meant.
        new: Whether it rather names something new ("a coffee", "two coffees").
        anybodys: Whether everybody's are meant.
        definite: Whether it names something that is spoken of already ("the coffees", "table 2").
        generic: Whether a word for goals as such was said ("the order").
    """

    text: str
    ids: tuple[str, ...] = ()
    content: tuple[Word, ...] = ()
    own: bool = False
    last: bool = False
    place: int | None = None
    every: bool = False
    plural: bool = False
    new: bool = False
    anybodys: bool = False
    definite: bool = False
    generic: bool = False

    @property
    def says_anything(self) -> bool:
        """Whether goals can be told by it at all."""
        told = (self.ids, self.content, self.last, self.every, self.generic, self.own)
        return any(told) or self.place is not None


@dataclass(frozen=True)
class Named:
    """Everything that an instruction names, and what is excepted."""

    text: str
    parts: tuple[Part, ...]
    unless: tuple[Part, ...] = ()

    @property
    def is_definite(self) -> bool:
        """Whether it can only be the name of something that is wished already."""
        return all(part.definite and not part.new for part in self.parts)

    @property
    def content(self) -> tuple[Word, ...]:
        """All words that goals must account for."""
        return tuple(word for part in self.parts for word in part.content)

    @property
    def is_last(self) -> bool:
        """Whether only "it" or "that" was said."""
        return not self.content and len(self.parts) == 1 and self.parts[0].last

    @property
    def is_by_id(self) -> bool:
        """Whether only ids were said."""
        return all(part.ids for part in self.parts)


@dataclass(frozen=True)
class Choice:
    """What came of looking for goals: some, or the sentence that says why there are none.

    `nothing`: no goal is about what was named (as opposed to: several are). `others`: goals of other
    people that what was said fits as well.
    """

    goals: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    why: str = ""
    nothing: bool = False


@dataclass
class Goals:
    """The goals of a memory, as a speaker may mean them.

    Args:
        naming: Reads names.
        reader: Reads clauses.
        records: Every goal, in order.
        who: The speaker.
        spoken: Goals that were named in the same breath: "it" is the last of them.
    """

    naming: Naming
    reader: ClauseReader
    records: Mapping[str, GoalRecord]
    who: str
    spoken: tuple[str, ...] = ()
    _about: dict[str, About] = field(default_factory=dict)

    @property
    def open(self) -> dict[str, GoalRecord]:
        """Goals that are not over, without those that only clean up after another one."""
        return {
            name: record
            for name, record in self.records.items()
            if record.closed_s is None and record.goal.cause not in self.records
        }

    def about(self, goal: str) -> About:
        """What the goal is about."""
        if goal not in self._about:
            self._about[goal] = self.naming.goal(self.records[goal])
        return self._about[goal]

    def title(self, goal: str) -> str:
        """The goal as it is spoken of: "g1 (bring two coffees to table 4)"."""
        text = self.records[goal].goal.text.strip().rstrip(".!?")
        return f"{goal} ({text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'})"

    def titles(self, goals: Sequence[str]) -> str:
        """Several goals as they are spoken of."""
        return listed([self.title(g) for g in goals])

    def latest(self, pool: Mapping[str, GoalRecord]) -> str | None:
        """The goal that was spoken of just now, else the speaker's that was posted last."""
        now = [name for name in self.spoken if name in pool]
        own = now or [name for name, record in pool.items() if record.goal.who == self.who]
        return own[-1] if own else None

    # -- reading -----------------------------------------------------------------------------

    def read(self, tokens: Sequence[Token]) -> Named | None:
        """What the tokens name; None where they are no name but a clause, or a place."""
        tokens = [t for t in tokens if t.text not in (".", "!", "?", ";")]
        if (
            not tokens
            or self.reader.joint(tokens, 0)
            or (self._is_preposition(tokens) and tokens[0].text not in ("for", "from"))
        ):
            return None
        end, size = self._excepted(tokens)
        if size and any(t.text not in _PRONOUNS for t in tokens[end + size :]):
            unless = self._parts(tokens[end + size :])
            parts = self._parts(tokens[:end])
        else:
            parts, unless = self._parts(tokens), ()
        if not parts or unless is None:
            return None
        return Named(_text(tokens), parts, unless)

    def _is_preposition(self, tokens: Sequence[Token]) -> bool:
        return self.reader.preposition(list(tokens), 0) is not None and not (
            self.naming.actions(tokens[0].text)
        )

    def _excepted(self, tokens: Sequence[Token]) -> tuple[int, int]:
        """Where an exception begins, and how many tokens say so."""
        for i in range(1, len(tokens) - 1):
            size = self.reader.exception(list(tokens), i)
            if size and i + size < len(tokens):
                return i, size
        return len(tokens), 0

    def _parts(self, tokens: Sequence[Token]) -> tuple[Part, ...] | None:
        found: list[Part] = []
        for piece in _pieces(tokens):
            if found and self._begins_clause(piece, tokens):
                return None
            part = self._part(piece)
            if not part.says_anything:
                return None
            numbered = (
                found
                and not part.ids
                and len(part.content) == 1
                and part.content[0].number is not None
            )
            if numbered and (named := self._numbered(found[-1], part.content[0])) is not None:
                part = replace(part, content=(named,), new=False)
            found.append(part)
        return tuple(found) or None

    def _begins_clause(self, piece: Sequence[Token], tokens: Sequence[Token]) -> bool:
        """Whether a piece after "and" tells something else to be done."""
        alike = piece[0].text.endswith("ing") and any(t.text.endswith("ing") for t in tokens[:2])
        told = piece[0].text in ("just", "only", *words()["verbs"])
        return not alike and (told or self.reader.starts_clause(list(piece), 0))

    def _numbered(self, before: Part, number: Word) -> Word | None:
        """Such as "tables 2 and 3": the number takes the noun of the one before."""
        for word in reversed(before.content):
            key = (*word.key[:-1], str(number.number))
            refs = self.naming.site.index.get(key)
            if word.key[-1:] and word.key[-1].isdigit() and refs:
                return Word(" ".join(key), key, tuple(refs))
        return None

    def _part(self, tokens: Sequence[Token]) -> Part:
        part = Part(text=_text(tokens), definite=_is_definite(tokens))
        i = 0
        while i < len(tokens):
            token = tokens[i]
            following = tokens[i + 1].text if i + 1 < len(tokens) else ""
            if token.text in self.records:
                part = replace(part, ids=(*part.ids, token.text))
            elif token.text in _OWN:
                part = replace(part, own=True)
            elif token.text in _EVERY:
                part = replace(part, every=True)
            elif token.text in _PRONOUNS and len(tokens) == 1:
                part = replace(part, last=True)
            elif (
                token.text in ("everybody", "everyone", "everyones", "everybodys")
                and len(tokens) > 1
            ):
                part = replace(part, anybodys=True, every=True)
            else:
                word, end = self.naming.at(tokens, i)
                part = self._worded(part, token, word, following, first=i == 0)
                i = end
                continue
            i += 1
        names = [r for w in part.content for r in w.refs if r.rank == 0 and r.kind == "thing"]
        done = all(w.refs or w.actions for w in part.content)
        return replace(part, definite=part.definite or (done and bool(names or not part.content)))

    def _worded(self, part: Part, token: Token, word: Word, following: str, *, first: bool) -> Part:
        ordinals: dict[str, int] = lexicon().words["ordinals"]
        if len(word.key) == 1 and token.text in _LAST:
            return replace(part, last=True)
        if not word.refs and token.text in ordinals:
            return replace(part, place=ordinals[token.text])
        if token.text in words()["goals"] or token.key in words()["goals"]:
            counted = token.text == "one" and first and following not in ("", "for")
            if not counted:
                plural = part.plural or (token.text != token.key and token.number is None)
                return replace(part, plural=plural, generic=True)
        if token.text in _NEW and not word.refs:
            return replace(part, new=True)
        if not word.refs and token.text in words()["between"]:
            return part
        if not word.refs and (token.text,) in lexicon().fillers:
            return part
        new = part.new or (word.number is not None and first)
        plural = part.plural or word.plural or (word.number or 1) > 1
        return replace(part, content=(*part.content, word), new=new, plural=plural)

    # -- choosing ----------------------------------------------------------------------------

    def choose(self, named: Named, pool: Mapping[str, GoalRecord]) -> Choice:
        """The goals of the pool that are meant."""
        found: dict[str, None] = {}
        others: dict[str, None] = {}
        for part in named.parts:
            choice = self._chosen(part, pool)
            if choice.why:
                return choice
            found.update(dict.fromkeys(choice.goals))
            others.update(dict.fromkeys(choice.others))
        for part in named.unless:
            but = self._chosen(replace(part, plural=True), pool)
            if but.why:
                return but
            for goal in but.goals:
                found.pop(goal, None)
                others.pop(goal, None)
        if not found:
            return Choice(why=f"Nothing else is under way than {named.text}.", nothing=True)
        left = tuple(g for g in others if g not in found)
        return Choice(tuple(g for g in self.records if g in found), left)

    def _chosen(self, part: Part, pool: Mapping[str, GoalRecord]) -> Choice:
        if part.ids:
            return self._by_id(part, pool)
        if part.last and not part.content and (now := self.latest(pool)) is not None:
            return Choice((now,))
        best = {g: score for g in pool if (score := self._score(part, self.about(g)))}
        top = max(best.values(), default=0)
        meant = [g for g in best if best[g] == top]
        own = [g for g in meant if pool[g].goal.who == self.who]
        found = meant
        if part.own or not (part.content or part.every):
            found = own
        elif not part.anybodys:
            found = own or meant
        if part.place is not None:
            found = found[part.place - 1 : part.place]
        if part.last:
            found = found[-1:]
        if not found:
            return self._nothing(part, pool)
        are_several = part.every or part.plural
        if len(found) > 1 and not are_several:
            return Choice(why=self._which(part, found))
        if not are_several or part.own or part.place is not None:
            return Choice(tuple(found))
        return Choice(tuple(found), tuple(g for g in meant if g not in own and g not in found))

    def _by_id(self, part: Part, pool: Mapping[str, GoalRecord]) -> Choice:
        """The goals that were named by their ids."""
        over = [g for g in part.ids if self.records[g].closed_s is not None]
        if over:
            return Choice(why=self._over(over[0]))
        wrong = [g for g in part.ids if g not in pool and g in self.open]
        return Choice(why=self._not_so(wrong[0])) if wrong else Choice(part.ids)

    def _score(self, part: Part, about: About) -> int:
        """0: the goal does not account for every word; else 1 more than the worst of them."""
        return (
            1 + min((self.naming.fits(w, about) for w in part.content), default=2)
            if all(self.naming.fits(w, about) for w in part.content)
            else 0
        )

    def covers(self, named: Named, about: About) -> bool:
        """Whether what is named is wholly of this."""
        return any(
            part.content and self._score(replace(part, content=_without_numbers(part)), about)
            for part in named.parts
        )

    def spoken_of(self, tokens: Sequence[Token]) -> list[str]:
        """The speaker's goals that new words for a goal may belong to, the latest first.

        That is any of them, if none is about the same as the words.
        """
        own = [g for g, r in self.open.items() if r.goal.who == self.who][::-1]
        content = [w for w in self.naming.read(tokens) if w.refs and w.number is None]
        part = Part(text="", content=tuple(content))
        scores = {g: self._score(part, self.about(g)) for g in own} if content else {}
        top = max(scores.values(), default=0)
        return [g for g in own if scores[g] == top] if top else own

    # -- saying ------------------------------------------------------------------------------

    def _nothing(self, part: Part, pool: Mapping[str, GoalRecord]) -> Choice:
        numberless = replace(part, content=_without_numbers(part))
        if numberless != part and numberless.content:
            near = self._chosen(replace(numberless, plural=True), pool)
            if len(near.goals) == 1:
                name = self.title(near.goals[0])
                why = f'{name} is about another number. Say "cancel {near.goals[0]}" to end it, or "make it ..." to change the number.'
                return Choice(why=why)
        over = [
            g
            for g, record in self.records.items()
            if record.closed_s is not None and part.content and self._score(part, self.about(g))
        ]
        if over:
            return Choice(why=self._over(over[-1]), nothing=True)
        if not self.open:
            return Choice(why="Nothing is under way.", nothing=True)
        listed = f" Under way: {self.titles(list(self.open)[-4:])}."
        if part.content:
            return Choice(
                why=f"Nothing that is under way is about {_plain(part.text)}.{listed}", nothing=True
            )
        last = list(self.open)[-1]
        return Choice(
            why=f'Nothing that you asked for is under way.{listed} Name it, as in "cancel {last}".',
            nothing=True,
        )

    def _over(self, goal: str) -> str:
        record = self.records[goal]
        how = {"satisfied": "done", "answered": "answered"}.get(record.status, record.status)
        return f"{self.title(goal)} is over already: it was {how}."

    def _not_so(self, goal: str) -> str:
        paused = self.records[goal].status == "paused"
        return f"{self.title(goal)} is {'paused already' if paused else 'not paused'}."

    def _which(self, part: Part, found: Sequence[str]) -> str:
        names = [self.title(g) for g in found]
        listed = ", ".join(names[:-1]) + " or " + names[-1]
        return (
            f'Which one do you mean by "{part.text}": {listed}? Say its name, such as {found[0]}.'
        )


def _is_definite(tokens: Sequence[Token]) -> bool:
    return any(t.text in _SPOKEN_OF or t.possessive or t.text.endswith("ing") for t in tokens[:2])


def _without_numbers(part: Part) -> tuple[Word, ...]:
    return tuple(w for w in part.content if w.number is None)


def _pieces(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """What is named one by one, parted by "and" and commas."""
    start = 0
    for i in range(len(tokens) + 1):
        if i == len(tokens) or tokens[i].text in ("and", ",", "plus", "nor"):
            if i > start:
                yield tokens[start:i]
            start = i + 1


def _plain(text: str) -> str:
    return text.removeprefix("for ").strip()


def _text(tokens: Sequence[Token]) -> str:
    return " ".join(t.text for t in tokens).replace(" ,", ",")
