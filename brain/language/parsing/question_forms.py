"""Questions: where things are, what is somewhere, whether something is so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from brain.language.parsing.clauses import Clause, ClauseReader, Draft, Item
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.lexicon import among, said
from brain.language.words.tokens import Token, words_of

_IFS = frozenset(["if", "whether", "that"])
_HOW_MANY = (["how", "many"], ["how", "much"])
_AT = among("in on at")
_HOLDS = among("holding carrying has have got hold carry")
_IN_HANDS = (["in", "his", "hands"], ["in", "her", "hands"], ["in", "its", "hands"])
_STILL = among("still already now really currently all is are")
_ANYBODY = among("anyone someone anybody somebody")

_AFTER_WHERE = among("is are did i we have do can find left leave put has be could to")
_AFTER_WHAT = among(
    "is are there things do we have got many much standing lying sitting currently still left"
)


class QuestionReader:
    """Reads questions."""

    def __init__(self, reader: ClauseReader) -> None:
        self.reader = reader
        self.nouns = reader.nouns
        self.site = reader.site
        self.lexicon = reader.lexicon
        self._states = reader.lexicon.words["states"]

    def question(self, tokens: list[Token], i: int) -> Clause | None:
        """The question that begins at `i`, or None."""
        j = i
        asked = False
        for words in said("whether"):
            if tuple(t.text for t in tokens[i : i + len(words)]) == words:
                k = i + len(words)
                if k < len(tokens) and tokens[k].text in (
                    *_IFS,
                    "where",
                    "what",
                    "how",
                    "who",
                    "which",
                ):
                    j, asked = k, True
                    if tokens[k].text in _IFS:
                        j += 1
                break
        found = self._asked(tokens, j)
        if found is not None:
            return found
        if not asked:
            return None
        return self._is_it(tokens, j)

    def _asked(self, tokens: list[Token], j: int) -> Clause | None:
        words = [t.text for t in tokens[j : j + 4]]
        if not words:
            return None
        size = next((len(w) for w in said("lost") if tuple(words_of(tokens, j, len(w))) == w), 0)
        if size:
            return self._know(tokens, j + size, "location", "where")
        if words[0] == "where":
            k = _past(tokens, j + 1, _AFTER_WHERE)
            return self._know(tokens, k, "location", "where")
        if words[0] == "any" and tokens[-1].text in ("?", "left"):
            return self._count(tokens, j, "any")
        for form in (self._where_else, self._holding, self._held_by):
            clause = form(tokens, j)
            if clause is not None:
                return clause
        size = 1 if words[0] == "which" else 2 if words[:2] in _HOW_MANY else 0
        if size and self._asks_after_noun(tokens, j + size):
            return self._is_it(tokens, j + size, "which" if size == 1 else "how many")
        if words[0] in ("what", "who", "which", "whose", "how"):
            return self._what(tokens, j, words)
        return self._is_it(tokens, j) if _asks_whether(words) else None

    def _what(self, tokens: list[Token], j: int, words: list[str]) -> Clause | None:
        """Such as "what is on the table", "how many cups are there", "who is in the kitchen"."""
        k = _past(tokens, j + 1, _AFTER_WHAT)
        if k < len(tokens) and tokens[k].text in ("on", "in", "at"):
            return self._know(tokens, k, "contents", words[0])
        if words[:2] in _HOW_MANY:
            return self._count(tokens, j + 2, "how many")
        if words[0] == "what":
            return self._know(tokens, k, "contents", "what") if k < len(tokens) else None
        return self._count(tokens, k, words[0])

    def _asks_after_noun(self, tokens: list[Token], j: int) -> bool:
        """Whether what is asked is told after the noun: "which LAMPS ARE ON"."""
        noun = self.nouns.known(tokens, j)
        if noun is None or noun.end >= len(tokens) or tokens[noun.end].text not in ("is", "are"):
            return False
        if tokens[j - 1].text == "which":
            return True
        state = next((t.text for t in tokens[noun.end + 1 :] if t.text not in _STILL), "")
        return state in self._states and not self._is_place(tokens, noun.end + 1)

    def _is_place(self, tokens: list[Token], k: int) -> bool:
        prep = self.reader.preposition(tokens, k)
        return prep is not None and self.nouns.known(tokens, prep[2]) is not None

    def _where_else(self, tokens: list[Token], j: int) -> Clause | None:
        """Such as "which room is Lily in", "what table is Ana at"."""
        if tokens[j].text not in ("which", "what") or j + 1 >= len(tokens):
            return None
        place = self.nouns.known(tokens, j + 1)
        if place is None or place.end >= len(tokens) or tokens[place.end].text not in ("is", "are"):
            return None
        thing = self.nouns.known(tokens, place.end + 1)
        if thing is None or thing.end >= len(tokens) or tokens[thing.end].text not in _AT:
            return None
        if not all(self.site.category(ref) in ("room", "fixture") for ref in place.refs):
            return None
        clause = self._know(tokens[: thing.end], place.end + 1, "location", "where")
        return (
            replace(clause, end=thing.end + 1) if not self._goes_on(tokens, thing.end + 1) else None
        )

    def _holding(self, tokens: list[Token], j: int) -> Clause | None:
        """Such as "what is Lily holding", "what does the butler have", "what has Sam got"."""
        if tokens[j].text != "what" or j + 2 >= len(tokens):
            return None
        if tokens[j + 1].text not in ("is", "does", "has", "are", "do", "have"):
            return None
        noun = self.nouns.known(tokens, j + 2)
        if noun is None or noun.end >= len(tokens) or tokens[noun.end].text not in _HOLDS:
            return None
        if not all(self.site.category(ref) in ("person", "body") for ref in noun.refs):
            return None
        end = noun.end + 1
        end += words_of(tokens, end, 3) in _IN_HANDS and 3
        if self._goes_on(tokens, end):
            return None
        return Clause(("know",), "what", (Item((noun,)),), form="contents", end=end)

    def _held_by(self, tokens: list[Token], j: int) -> Clause | None:
        """Such as "who has the red mug", "who is holding it": one wants to hear where it is."""
        if tokens[j].text != "who":
            return None
        k = j + 1
        k += k < len(tokens) and tokens[k].text == "is"
        if k >= len(tokens) or tokens[k].text not in _HOLDS or k + 1 >= len(tokens):
            return None
        k += 1 + (tokens[k + 1].text == "got")
        return self._know(tokens, k, "location", "where")

    def _goes_on(self, tokens: list[Token], k: int) -> bool:
        """Whether the clause has more words from `k` on."""
        return k < len(tokens) and not tokens[k].is_mark and tokens[k].text not in ("and", "then")

    def _know(self, tokens: list[Token], k: int, what: str, word: str) -> Clause:
        draft = Draft()
        end = self.reader.items(tokens, k, draft)
        extra = tuple(w for w in draft.uncovered if w not in ("is", "are", "left", "kept", "gone"))
        return Clause(
            ("know",),
            word,
            tuple(draft.items),
            tuple(draft.particles),
            extra,
            form=what,
            unless=tuple(draft.unless),
            end=end,
        )

    def _count(self, tokens: list[Token], k: int, word: str) -> Clause:
        draft = Draft()
        end = self.reader.items(tokens, k, draft)
        left = among("there we have left are is do still got you in stock many much remain")
        return _presence(word, draft, end, left)

    def _is_it(self, tokens: list[Token], j: int, word: str = "is") -> Clause | None:
        """Such as "is the oven off", "is Lily in the kitchen", "are there any apples in the crate"."""
        k = j
        while k < len(tokens) and tokens[k].text in among(
            "is are there do we you have has any anyone did i got leave left still some enough someone anything"
        ):
            k += 1
        noun = self.nouns.read(tokens, k, loose=True)
        if noun is None:
            draft = Draft()
            end = self.reader.items(tokens, k, draft)
            if draft.items and draft.items[0].prep in ("in", "on", "at"):
                anybody = bool({t.text for t in tokens[j:k]} & _ANYBODY)
                return Clause(
                    ("know",),
                    word,
                    tuple(draft.items),
                    form="contents",
                    note=("person",) if anybody else (),
                    unless=tuple(draft.unless),
                    end=end,
                )
            return None
        if word != "is" and noun.det is None:
            noun = replace(noun, det="the")
        asked = [noun]
        while (more := self._another(tokens, asked[-1].end)) is not None:
            asked.append(more)
        m = asked[-1].end
        while m < len(tokens) and tokens[m].text in among(
            "is are still already now really been has have left currently turned switched all be"
        ):
            m += 1
        if m < len(tokens) and tokens[m].text in self._states:
            prep = self.reader.preposition(tokens, m)
            places = prep is not None and self.nouns.known(tokens, prep[2]) is not None
            if not places:
                attr, value = self._states[tokens[m].text]
                m += 1
                other = words_of(tokens, m, 2)
                if other[:1] == ["or"] and other[-1] in {*self._states, "not"}:
                    m += 2
                draft = Draft([Item(tuple(asked))])
                end = self.reader.items(tokens, m, draft)
                return Clause(
                    ("know",),
                    word,
                    tuple(draft.items),
                    (),
                    tuple(draft.uncovered),
                    form="state",
                    note=(attr, value),
                    unless=tuple(draft.unless),
                    end=end,
                )
        draft = Draft([Item(tuple(asked))])
        end = self.reader.items(tokens, m, draft)
        left = among("left there here available out remaining we have any")
        return _presence(word, draft, end, left)

    def _another(self, tokens: list[Token], k: int) -> NounPhrase | None:
        """The noun that is asked about together with the one that ends at `k`."""
        joints = k
        while joints < len(tokens) and tokens[joints].text in ("and", ","):
            joints += 1
        return self.nouns.known(tokens, joints) if joints > k else None


def _past(tokens: list[Token], k: int, words: Collection[str]) -> int:
    """Where the words that may stand between a question word and what is asked end."""
    while k < len(tokens) and tokens[k].text in words:
        k += 1
    return k


def _asks_whether(words: list[str]) -> bool:
    """Whether it is a question for yes or no: "is the door open", "have we got milk"."""
    first, second = words[0], words[1] if len(words) > 1 else ""
    if first not in ("is", "are", "do", "did", "has", "have") or second == "not":
        return False
    if first in ("is", "are") or not second:
        return True
    asked_of = ("we", "you", "i", "they", "there")
    return second in asked_of or (first in ("did", "has") and second in ("the", "any", "someone"))


def _presence(word: str, draft: Draft, end: int, left: Collection[str]) -> Clause:
    """A question about what is there; the words in `left` ask for nothing more."""
    return Clause(
        ("know",),
        word,
        tuple(draft.items),
        tuple(draft.particles),
        tuple(w for w in draft.uncovered if w not in left),
        form="presence",
        unless=tuple(draft.unless),
        end=end,
    )
