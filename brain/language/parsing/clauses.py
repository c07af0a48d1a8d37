"""Clauses: a wish split into what is to be done, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.parsing.nouns import NounParser
from brain.language.words.lexicon import Lexicon, Words, among, said
from brain.language.words.site import Site
from brain.language.words.tokens import Token

MARKS = among(", ; : . ! ? /")


@dataclass(frozen=True)
class Item:
    """A noun phrase (or several joined by "and") with what stands before it.

    `prep` is what the preposition comes to ("to", "in", "near", ...), None without one; `word` the
    preposition as said.
    """

    nouns: tuple[NounPhrase, ...]
    prep: str | None = None
    word: str = ""


@dataclass(frozen=True)
class Clause:
    """One thing that is wished, or said.

    Attributes:
        readings: What the verb may mean: actions of the lexicon, the best first.
        verb: The verb as said.
        items: Its noun phrases, in order.
        particles: Particles that stood alone ("off", "away").
        uncovered: Content words nobody understood: with any, nothing is done.
        negated: Whether it says what not to do.
        form: "do", or how else it is to be read (see `brain.language.parsing.forms`).
        note: More for that form: a state, a message.
        start: Index of its first token.
        end: Index after its last token.
        gapped: Whether its verb was left out.
        before: Whether it is to come before the clause before it ("but first ...").
        actor: The body that is spoken to.
        unless: What is excepted.
    """

    readings: tuple[str, ...]
    verb: str
    items: tuple[Item, ...] = ()
    particles: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    negated: bool = False
    form: str = "do"
    note: tuple[object, ...] = ()
    start: int = 0
    end: int = 0
    gapped: bool = False
    before: bool = False
    actor: NounPhrase | None = None
    unless: tuple[NounPhrase, ...] = ()


@dataclass
class Draft:
    """A clause while it is read."""

    items: list[Item] = field(default_factory=list)
    particles: list[str] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)
    unless: list[NounPhrase] = field(default_factory=list)


class ClauseReader:
    """Reads items and joints of clauses from tokens."""

    def __init__(self, site: Site, lexicon: Lexicon) -> None:
        self.site = site
        self.lexicon = lexicon
        self.nouns = NounParser(site, lexicon)
        self._preps: dict[Words, str] = {
            tuple(str(p).split()): lexicon.words["meanings"].get(str(p), "with")
            for p in lexicon.words["prepositions"]
        }
        self._particles = frozenset(lexicon.words["particles"])
        self._exceptions = sorted(
            (tuple(str(p).split()) for p in lexicon.words["exceptions"]), key=lambda p: -len(p)
        )
        self._joints = sorted(
            (tuple(str(p).split()) for p in lexicon.words["joints"]), key=lambda p: -len(p)
        )
        self._longest_filler = max(len(p) for p in lexicon.fillers | lexicon.openers)

    # -- small matters -----------------------------------------------------------------------

    def phrase(self, tokens: Sequence[Token], i: int, phrases: frozenset[Words]) -> int:
        """How many tokens from `i` on are one of the phrases; the longest counts, 0: none."""
        for size in range(min(self._longest_filler, len(tokens) - i), 0, -1):
            if tuple(t.text for t in tokens[i : i + size]) in phrases:
                return size
        return 0

    def joint(self, tokens: Sequence[Token], i: int) -> int:
        """How many tokens from `i` on join two clauses or nouns."""
        for words in self._joints:
            if tuple(t.text for t in tokens[i : i + len(words)]) == words:
                return len(words)
        return 0

    def skip(self, tokens: list[Token], i: int) -> int:
        """Past marks, joints and openers, to where a clause begins."""
        while i < len(tokens):
            if any(tuple(t.text for t in tokens[i : i + len(n)]) == n for n in said("needs")):
                return i
            size = self.phrase(tokens, i, self.lexicon.openers)
            if size and not self._opener_is_noun(tokens, i, size):
                i += size
                continue
            size = self.joint(tokens, i) or self.phrase(tokens, i, self.lexicon.fillers)
            if tokens[i].is_mark and not size:
                size = 1
            if not size:
                return i
            i += size
        return i

    def _opener_is_noun(self, tokens: list[Token], i: int, size: int) -> bool:
        """Whether "first waiter" or "second table" is a name, not an order of events."""
        if tokens[i].text in ("first", "second", "third", "last", "next"):
            found = self.nouns.known(tokens, i)
            return found is not None and not found.pronoun
        return False

    def verb(self, tokens: list[Token], i: int) -> str | None:
        """The base form of the verb at `i`, or None."""
        if i >= len(tokens) or tokens[i].is_mark:
            return None
        word = tokens[i].text
        if word in self.lexicon.verbs or word in self.lexicon.beyond:
            return word
        return self.lexicon.forms.get(word) if word.endswith("ing") else None

    def starts_clause(self, tokens: list[Token], i: int) -> bool:
        """Whether a new clause begins at `i`, rather than another noun."""
        j = self.skip(tokens, i)
        if j >= len(tokens):
            return False
        following = tokens[j + 1].text if j + 1 < len(tokens) else ""
        if _opens_clause(tokens[j].text, following, first=j == i):
            return True
        verb = self.verb(tokens, j)
        if verb is None:
            return False
        noun = self.nouns.known(tokens, j)
        return noun is None or self._is_verb(tokens, j, verb, noun)

    def _is_verb(self, tokens: list[Token], j: int, verb: str, noun: NounPhrase) -> bool:
        """Whether a word that may be a noun, too, is a verb here: "water the plants", "light"."""
        if any(
            rest and tuple(t.text for t in tokens[j + 1 : j + 1 + len(rest)]) == rest
            for rest, _ in self.lexicon.verbs.get(verb, ())
        ):
            return noun.end <= j + 1
        # "water", "light", "dust": a verb only with an object after it.
        if noun.end > j + 1 and noun.det is None and noun.states == {} and noun.key:
            return False
        if noun.states and any(r.kind == "thing" and r.rank == 0 for r in noun.refs):
            return True
        after = self.nouns.read(tokens, j + 1)
        return after is not None and (
            after.det is not None or bool(after.pronoun) or after.count is not None
        )

    def preposition(self, tokens: list[Token], i: int) -> tuple[str, str, int] | None:
        """(meaning, words, next index) of the preposition at `i`."""
        for size in (4, 3, 2, 1):
            words = tuple(t.text for t in tokens[i : i + size])
            if len(words) == size and words in self._preps:
                return self._preps[words], " ".join(words), i + size
        return None

    def exception(self, tokens: list[Token], i: int) -> int:
        """How many tokens from `i` on introduce an exception."""
        for words in self._exceptions:
            if tuple(t.text for t in tokens[i : i + len(words)]) == words:
                return len(words)
        return 0

    # -- items -------------------------------------------------------------------------------

    def items(self, tokens: list[Token], i: int, draft: Draft, *, first_loose: bool = True) -> int:
        """Read noun phrases and prepositional phrases until the clause ends; the next index."""
        loose = first_loose
        while i < len(tokens):
            token = tokens[i]
            if token.text in (".", ";", "!", "?") and i + 1 < len(tokens):
                return i
            size = self.exception(tokens, i)
            if size:
                j = self._exclude(tokens, i + size, draft)
                if j is not None:
                    i = j
                    continue
            size = self.joint(tokens, i)
            if size or token.is_mark:
                j = self._joined(tokens, i, max(size, 1), draft)
                if j is None:
                    return i
                i = j
                continue
            if (draft.items or draft.uncovered) and self._asks(tokens, i):
                return i
            size = self.phrase(tokens, i, self.lexicon.fillers)
            if size:
                i += size
                continue
            found = self.preposition(tokens, i)
            if found is not None:
                i = self._prepositional(tokens, i, found, draft)
                loose = False
                continue
            if token.text in self._particles:
                draft.particles.append(token.text)
                i += 1
                continue
            noun = self.nouns.read(tokens, i, loose=loose)
            if noun is not None:
                draft.items.append(Item((noun,)))
                i, loose = noun.end, False
                continue
            if token.text in _ENDS_CLAUSE and draft.items:
                return i
            if token.text not in _IGNORED:
                draft.uncovered.append(token.text)
            i += 1
        return i

    def _asks(self, tokens: list[Token], i: int) -> bool:
        """Whether a request begins at `i`: "... could you close the door"."""
        asked = tokens[i].text in _ASKS and i + 1 < len(tokens)
        whom = tokens[i + 1].text if asked else ""
        return whom in ("you", "someone") and self.verb(tokens, i + 2) is not None

    def _prepositional(
        self, tokens: list[Token], i: int, found: tuple[str, str, int], draft: Draft
    ) -> int:
        meaning, words, j = found
        noun = self.nouns.read(tokens, j, loose=True)
        if noun is None:
            if words.split()[0] in self._particles or words.split()[0] in ("back", "over"):
                draft.particles += words.split()
            elif words not in ("for", "at", "by"):
                draft.uncovered.append(words)
            return j
        draft.items.append(Item((noun,), meaning, words))
        return noun.end

    def _exclude(self, tokens: list[Token], i: int, draft: Draft) -> int | None:
        """Take in what is excepted; None where it is none ("but bring ...")."""
        if tokens[i - 1].text == "but" and self.starts_clause(tokens, i):
            return None
        if i < len(tokens) and tokens[i].text == "not":
            i += 1
        found = self.preposition(tokens, i)
        j = found[2] if found is not None else i
        noun = self.nouns.read(tokens, j, loose=True)
        if noun is None:
            return None
        only = self._only_there(tokens, noun)
        noun = only or noun
        draft.unless.append(noun)
        j = noun.end
        while j < len(tokens):
            size = self.joint(tokens, j) or (1 if tokens[j].text in (",", "or", "nor") else 0)
            if not size or self.starts_clause(tokens, j + size):
                break
            more = self.nouns.known(tokens, j + size)
            if more is None or not (more.refs or more.count is not None):
                break
            if only is not None and self._kind(more) == "place":
                more = replace(only, posts=((only.posts[0][0], more),), end=more.end)
            draft.unless.append(more)
            j = more.end
        return j

    def _only_there(self, tokens: list[Token], noun: NounPhrase) -> NounPhrase | None:
        """Such as "the one in the study": those of them that are there."""
        prep = self.preposition(tokens, noun.end)
        if noun.text not in _ONES or prep is None or prep[0] not in ("in", "on", "at", "from"):
            return None
        place = self.nouns.known(tokens, prep[2])
        if place is None:
            return None
        return replace(
            noun, pronoun=None, one=True, posts=((prep[0], place),), end=place.end, det="the"
        )

    def _joined(self, tokens: list[Token], i: int, size: int, draft: Draft) -> int | None:
        """What comes after "and" or a comma: another noun of the last item, or None: a clause."""
        j = i + size
        while j < len(tokens) and (
            tokens[j].text in ("and", ",", "also", "then", "plus")
            or self.phrase(tokens, j, self.lexicon.fillers)
        ):
            j += max(self.phrase(tokens, j, self.lexicon.fillers), 1)
        if j >= len(tokens):
            return len(tokens)
        if tokens[j].text in ("all", "both", "each") and self.preposition(tokens, j + 1):
            # "six cups and six bowls, all on the table"
            return j + 1
        if self.exception(tokens, j) and self._exclude_ahead(tokens, j):
            return j
        if self.starts_clause(tokens, j):
            return None
        prep = self.preposition(tokens, j)
        if prep is not None:
            return self._second_place(tokens, i, j, prep, draft)
        noun = self.nouns.read(tokens, j, loose=tokens[i].text == "and")
        if noun is None:
            return j if tokens[i].text == "," else None
        if not draft.items:
            return None
        last = draft.items[-1]
        if noun.unknown and _says_something(tokens, noun.end):
            return None
        if draft.particles and any(t.text in _SWITCHED for t in tokens[noun.end : noun.end + 1]):
            # "kitchen light off, living room lamp on"
            return None
        if self._new_clause(tokens, noun, last, draft):
            return None
        draft.items[-1] = replace(last, nouns=(*last.nouns, self._numbered(noun, last.nouns[-1])))
        return noun.end

    def _exclude_ahead(self, tokens: list[Token], j: int) -> bool:
        size = self.exception(tokens, j)
        return not self.starts_clause(tokens, j + size)

    def _second_place(
        self, tokens: list[Token], i: int, j: int, prep: tuple[str, str, int], draft: Draft
    ) -> int | None:
        """Such as "on table 2 and on table 3", "a tea, to table 5"."""
        noun = self.nouns.read(tokens, prep[2], loose=True)
        if noun is None or not draft.items:
            return None if tokens[i].text != "," else j
        last = draft.items[-1]
        if tokens[i].text == "and" and last.prep == prep[0]:
            draft.items[-1] = replace(last, nouns=(*last.nouns, noun))
            return noun.end
        return j

    def _numbered(self, noun: NounPhrase, last: NounPhrase) -> NounPhrase:
        """Such as "tables 2 and 3": the bare number takes the noun of the one before."""
        bare = noun.count is not None and noun.one and not noun.looks and not noun.states
        if bare and last.key and last.key[-1].isdigit():
            key = (*last.key[:-1], str(noun.count))
            refs = tuple(sorted(self.site.index.get(key, ())))
            words = " ".join(key)
            if refs:
                return replace(
                    noun, refs=refs, key=key, count=None, one=False, det="the", text=words
                )
            return replace(noun, unknown=words, count=None, one=False, text=words)
        return noun

    def _new_clause(self, tokens: list[Token], noun: NounPhrase, last: Item, draft: Draft) -> bool:
        """Whether the noun begins a clause whose verb is left out ("a tea to table 5")."""
        following = self.preposition(tokens, noun.end)
        if noun.one and noun.count is not None and following and following[0] in ("to", "for"):
            # "two teas to table 1 and three to table 2"
            return last.prep in ("to", "for") and draft.items[0].prep is None
        if last.prep in ("to", "on", "in", "at", "for", "near"):
            same = self._kind(noun) == self._kind(last.nouns[-1])
            numbered = noun.one and noun.count is not None
            return not same and not numbered
        if last.prep is None and len(draft.items) >= 2 and following is None:
            # "bring Ana a coffee and Ben a tea"
            return self._kind(noun) == "person" != self._kind(last.nouns[-1])
        return (
            following is not None
            and following[0] in ("to", "for")
            and any(item.prep in ("to", "for", "on", "in") for item in draft.items)
        )

    def _kind(self, noun: NounPhrase) -> str:
        """Place, person or object, as far as the words tell."""
        if noun.pronoun in ("speaker", "she_he", "all_people"):
            return "person"
        if noun.pronoun == "places":
            return "place"
        if not noun.refs:
            return "object"
        category = self.site.category(noun.refs[0])
        if category in ("room", "fixture", "door"):
            return "place"
        return "person" if category == "person" else "object"


def _says_something(tokens: list[Token], i: int) -> bool:
    return i < len(tokens) and tokens[i].text in ("is", "are", "needs", "wants", "has", "have")


_QUESTION_STARTS = among(
    "where who what how which if when unless whenever once until make ensure please do"
) - {"make", "please", "do"}
_ENDS_CLAUSE = among("because since so if when unless until once while after before where")
_ONES = ("one", "ones", "the one", "the ones", "that", "those", "that one")
_SWITCHED = among("on off open shut closed")
_ASKS = among("can could would will")
_IGNORED = among("the a an of is are be to it so of s")


def _opens_clause(word: str, following: str, *, first: bool) -> bool:
    """Whether these two words begin a clause, whatever comes then."""
    if word in ("is", "are"):
        return not first or word in _QUESTION_STARTS
    if word == "we":
        return following in ("need", "want", "would") or word in _QUESTION_STARTS
    starts = {"do": ("not",), "never": ("not",), "there": ("is", "are")}
    return word == "i" or word in _QUESTION_STARTS or following in starts.get(word, ())
