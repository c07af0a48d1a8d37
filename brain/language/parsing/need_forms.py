"""Needs ("table 4 wants water") and messages ("tell Ana that ...")."""

from __future__ import annotations

from dataclasses import replace

from brain.language.parsing.clauses import Clause, ClauseReader, Draft, Item
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.parsing.state_forms import StateReader
from brain.language.words.lexicon import among, said
from brain.language.words.tokens import Token

_TELL_LINKS = frozenset(["that", ":", ","])


class NeedReader:
    """Reads what somebody wants to have, and messages to people."""

    def __init__(self, reader: ClauseReader, states: StateReader) -> None:
        self.reader = reader
        self.nouns = reader.nouns
        self.site = reader.site
        self.lexicon = reader.lexicon
        self._states = reader.lexicon.words["states"]
        self.states = states

    def needed(self, tokens: list[Token], i: int) -> Clause | None:
        """Such as "i need two plates": brought to the speaker."""
        for words in said("needs"):
            if tuple(t.text for t in tokens[i : i + len(words)]) == words:
                draft = Draft()
                end = self.reader.items(tokens, i + len(words), draft)
                if not draft.items:
                    return None
                return Clause(
                    ("need",),
                    " ".join(words),
                    tuple(draft.items),
                    tuple(draft.particles),
                    tuple(draft.uncovered),
                    unless=tuple(draft.unless),
                    end=end,
                    form="need",
                )
        return None

    def somebody_needs(self, tokens: list[Token], i: int) -> Clause | None:
        """Such as "table 4 wants water"."""
        noun = self.nouns.known(tokens, i)
        if noun is None:
            return None
        draft = Draft()
        k = noun.end
        prep = self.reader.preposition(tokens, k)
        who = noun
        if prep is not None and prep[0] in ("at", "in", "on", "near"):
            place = self.nouns.known(tokens, prep[2])
            if place is not None:
                who = replace(
                    noun, posts=((prep[0], place),), text=f"{noun.text} {prep[1]} {place.text}"
                )
                k = place.end
        if k < len(tokens) and tokens[k].text in ("just", "also", "still", "really"):
            k += 1
        for words in said("somebody_needs"):
            if tuple(t.text for t in tokens[k : k + len(words)]) == words:
                state = self.states.be(tokens, k + len(words), i)
                if state is not None:
                    return state
                end = self.reader.items(tokens, k + len(words), draft)
                if not draft.items:
                    return None
                items = (*draft.items, Item((who,), "to", "to"))
                return Clause(
                    ("need",),
                    " ".join(words),
                    items,
                    tuple(draft.particles),
                    tuple(draft.uncovered),
                    unless=tuple(draft.unless),
                    end=end,
                    form="need",
                )
        return None

    def told(self, tokens: list[Token], i: int) -> Clause | None:
        """A message to a person: its words stay as they were said."""
        words = [t.text for t in tokens[i : i + 3]]
        verb = self.reader.verb(tokens, i)
        actions = {a for _, a in self.lexicon.verbs.get(verb or "", ())}
        if words[:1] == ["let"]:
            noun = self.nouns.read(tokens, i + 1)
            if noun is None or noun.end >= len(tokens) or tokens[noun.end].text != "know":
                return None
            return self._message(tokens, (noun,), noun.end + 1, "let know", i)
        if words == ["pass", "on", "to"] or words[:2] == ["pass", "on"]:
            noun = self.nouns.read(tokens, i + 2 + (words[2:] == ["to"]), loose=True)
            return self._message(tokens, (noun,), noun.end, "tell", i) if noun else None
        if "tell" not in actions or verb is None:
            return None
        if verb in among("say announce report explain mention relay whisper shout"):
            return self._say(tokens, i + 1, verb)
        if verb in ("pass", "give", "advise", "convey"):
            return None
        k = i + 1
        if k < len(tokens) and tokens[k].text in ("to", "out", "in"):
            k += 1
        nouns, k = self._hearers(tokens, k)
        return self._message(tokens, tuple(nouns), k, verb, i) if nouns else None

    def _hearers(self, tokens: list[Token], k: int) -> tuple[list[NounPhrase], int]:
        """Who is told, each with the place that is said of them; and where the message begins."""
        nouns: list[NounPhrase] = []
        while (noun := self.nouns.read(tokens, k, loose=True)) is not None:
            prep = self.reader.preposition(tokens, noun.end)
            if prep is not None and prep[0] in ("at", "in", "near") and noun.refs:
                place = self.nouns.known(tokens, prep[2])
                if place is not None:
                    noun = replace(noun, posts=((prep[0], place),), end=place.end)
            nouns.append(noun)
            k = noun.end
            if (
                k >= len(tokens)
                or tokens[k].text != "and"
                or self.nouns.known(tokens, k + 1) is None
                or self.reader.starts_clause(tokens, k)
            ):
                break
            k += 1
        return nouns, k

    def _say(self, tokens: list[Token], k: int, verb: str) -> Clause | None:
        """Such as "say hello to Ana", "say to Ana that dinner is ready"."""
        if k < len(tokens) and tokens[k].text == "to":
            noun = self.nouns.read(tokens, k + 1, loose=True)
            if noun is not None:
                return self._message(tokens, (noun,), noun.end, verb, k)
        for j in range(len(tokens) - 1, k, -1):
            if tokens[j].text == "to":
                noun = self.nouns.known(tokens, j + 1)
                if noun is not None and noun.end >= len(tokens) - 1:
                    first = k + (tokens[k].text == "that")
                    return Clause(
                        ("tell",),
                        verb,
                        (Item((noun,), "to", "to"),),
                        form="tell",
                        note=(tokens[first].start, tokens[j - 1].end),
                        end=len(tokens),
                    )
        return None

    def _message(
        self, tokens: list[Token], nouns: tuple[NounPhrase, ...], k: int, verb: str, i: int
    ) -> Clause:
        while k < len(tokens) and tokens[k].text in _TELL_LINKS:
            k += 1
        end = k
        while end < len(tokens):
            size = self.reader.joint(tokens, end) or (1 if tokens[end].text == "," else 0)
            if size and end > k and self._new_order(tokens, end + size, tokens[k].text == "to"):
                break
            end += 1
        last = end
        while last > k and (
            tokens[last - 1].is_mark or tokens[last - 1].text in ("please", "thanks")
        ):
            last -= 1
        note: tuple[object, ...] = (tokens[k].start, tokens[last - 1].end) if last > k else ()
        return Clause(
            ("tell",),
            verb,
            (Item(nouns, "to", "to"),),
            form="tell",
            note=note,
            end=end,
        )

    def _new_order(self, tokens: list[Token], i: int, inside: bool) -> bool:
        """Whether an order to the fleet begins at `i`, rather than more of the message."""
        j = self.reader.skip(tokens, i)
        verb = self.reader.verb(tokens, j)
        if verb is None or tokens[j].text not in self.lexicon.verbs:
            return False
        draft = Draft()
        self.reader.items(tokens, j + 1, draft)
        return bool(draft.items) and not draft.uncovered and not inside
