"""Questions: where things are, what is somewhere, whether something is so."""

from __future__ import annotations

from brain.language.clauses import Clause, ClauseReader, Draft, Item
from brain.language.lexicon import among, said
from brain.language.noun_phrase import NounPhrase
from brain.language.tokens import Token, words_of

_IFS = frozenset(["if", "whether", "that"])


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
        return self._is_it(tokens, j, statement=True)

    def _asked(self, tokens: list[Token], j: int) -> Clause | None:
        words = [t.text for t in tokens[j : j + 4]]
        if not words:
            return None
        size = next((len(w) for w in said("lost") if tuple(words_of(tokens, j, len(w))) == w), 0)
        if size:
            return self._know(tokens, j + size, "location", "where")
        if words[0] == "where":
            k = j + 1
            while (
                k < len(tokens)
                and tokens[k].text
                in among("is are did i we have do can find left put the my has be could to")
                and tokens[k].text not in ("the", "my")
            ):
                k += 1
            return self._know(tokens, k, "location", "where")
        if words[0] == "any" and tokens[-1].text in ("?", "left"):
            return self._count(tokens, j)
        if words[0] == "which":
            noun = self.nouns.known(tokens, j + 1)
            if (
                noun is not None
                and noun.end < len(tokens)
                and tokens[noun.end].text in ("is", "are")
            ):
                return self._is_it(tokens, j + 1, statement=True)
        if words[0] in ("what", "who", "which", "whose", "how"):
            k = j + 1
            while k < len(tokens) and tokens[k].text in among(
                "is are there things do we have many much on in at standing lying sitting currently still left"
            ):
                if tokens[k].text in ("on", "in", "at"):
                    return self._know(tokens, k, "contents", words[0])
                k += 1
            if words[0] in ("how",) and words[1:2] in (["many"], ["much"]):
                return self._count(tokens, j + 2)
            if words[0] == "what":
                return self._know(tokens, k, "contents", "what") if k < len(tokens) else None
            return self._count(tokens, k)
        asks = ("we", "you", "i", "they", "there", "the", "any", "someone")
        if words[0] in ("do", "did", "has", "have") and words[1:2] and words[1] not in asks:
            return None
        if words[0] in ("do", "have") and words[1:2] in (["the"], ["any"], ["someone"]):
            return None
        if words[0] in ("is", "are", "do", "did", "has", "have") and words[1:2] != ["not"]:
            return self._is_it(tokens, j, statement=False)
        return None

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

    def _count(self, tokens: list[Token], k: int) -> Clause:
        draft = Draft()
        end = self.reader.items(tokens, k, draft)
        left = among("there we have left are is do still got you in stock many much remain")
        extra = tuple(w for w in draft.uncovered if w not in left)
        return Clause(
            ("know",),
            "how many",
            tuple(draft.items),
            tuple(draft.particles),
            extra,
            form="presence",
            unless=tuple(draft.unless),
            end=end,
        )

    def _is_it(self, tokens: list[Token], j: int, *, statement: bool) -> Clause | None:
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
                return Clause(
                    ("know",),
                    "is",
                    tuple(draft.items),
                    form="contents",
                    unless=tuple(draft.unless),
                    end=end,
                )
            return None
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
                draft = Draft([Item(tuple(asked))])
                end = self.reader.items(tokens, m + 1, draft)
                return Clause(
                    ("know",),
                    "is",
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
        extra = tuple(w for w in draft.uncovered if w not in left)
        return Clause(
            ("know",),
            "is",
            tuple(draft.items),
            tuple(draft.particles),
            extra,
            form="presence",
            unless=tuple(draft.unless),
            end=end,
        )

    def _another(self, tokens: list[Token], k: int) -> NounPhrase | None:
        """The noun that is asked about together with the one that ends at `k`."""
        joints = k
        while joints < len(tokens) and tokens[joints].text in ("and", ","):
            joints += 1
        return self.nouns.known(tokens, joints) if joints > k else None
