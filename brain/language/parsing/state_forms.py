"""States that are wanted ("leave the door open") and remarks ("the apples are nearly gone")."""

from __future__ import annotations

from brain.language.parsing.clauses import Clause, ClauseReader, Draft, Item
from brain.language.words.lexicon import among, said
from brain.language.words.tokens import Token, words_of

_STATE_LINKS = among("is are be should must has have needs need ought to gets get been")
_NEARLY = among(
    "is are nearly almost all running getting has have been looks look seem seems pretty so too half practically going"
)
_GONE = among("gone low out sold finished short depleted bare")


class StateReader:
    """Reads what somebody wants to be so, or says is so."""

    def __init__(self, reader: ClauseReader) -> None:
        self.reader = reader
        self.nouns = reader.nouns
        self.site = reader.site
        self.lexicon = reader.lexicon
        self._states = reader.lexicon.words["states"]

    def state_wanted(self, tokens: list[Token], i: int) -> Clause | None:
        """Such as "make sure the oven is off", "leave the door open", "i want the lamp off"."""
        for words in said("make_sure"):
            if tuple(t.text for t in tokens[i : i + len(words)]) == words:
                found = self.be(tokens, i + len(words), i)
                if found is not None:
                    return found
        noun = self.nouns.known(tokens, i)
        if (
            noun is not None
            and noun.end < len(tokens)
            and (tokens[noun.end].text in among("should must has have needs need ought"))
        ):
            return self.be(tokens, i, i)
        return None

    def be(self, tokens: list[Token], k: int, start: int) -> Clause | None:
        """The thing named at `k` with the state that follows; None: no state follows."""
        draft = Draft()
        while True:
            noun = self.nouns.known(tokens, k)
            if noun is None or noun.pronoun == "speaker":
                return None
            draft.items.append(Item((noun,)))
            k = noun.end
            prep = self.reader.preposition(tokens, k)
            if prep is not None and tokens[k].text in ("in", "on", "at", "of"):
                place = self.nouns.known(tokens, prep[2])
                if place is not None and place.end < len(tokens):
                    draft.items[-1:] = [Item((noun,)), Item((place,), prep[0], prep[1])]
                    k = place.end
            if k < len(tokens) and tokens[k].text == "and" and len(draft.items) == 1:
                k += 1
                continue
            break
        linked = False
        while k < len(tokens) and tokens[k].text in (
            *_STATE_LINKS,
            "all",
            "switched",
            "turned",
            "kept",
            "left",
            "nice",
            "nicely",
            "properly",
            "completely",
            "really",
        ):
            linked = True
            k += 1
        if k >= len(tokens) or tokens[k].text not in self._states:
            return None
        if tokens[k].text in ("on", "in", "off", "up") and self.nouns.known(tokens, k + 1):
            return None
        if not linked and tokens[start].text in ("i", "we") and tokens[k].text in ("cut",):
            return None
        attr, value = self._states[tokens[k].text]
        items = draft.items
        if len(items) > 1 and all(item.prep is None for item in items):
            items = [Item(tuple(n for item in items for n in item.nouns))]
        rest = Draft(list(items))
        end = self._rest(tokens, k + 1, rest)
        return Clause(
            ("be",),
            "be",
            tuple(rest.items),
            (),
            tuple(rest.uncovered),
            form="be",
            note=(attr, value),
            unless=tuple(rest.unless),
            end=end,
        )

    def statement(self, tokens: list[Token], i: int) -> Clause | None:
        """Such as "table 4 is dirty", "the soup has gone cold"."""
        noun = self.nouns.known(tokens, i)
        if noun is None or noun.end >= len(tokens):
            return None
        draft = Draft([Item((noun,))])
        k = noun.end
        prep = self.reader.preposition(tokens, k)
        if prep is not None:
            place = self.nouns.known(tokens, prep[2])
            if (
                place is not None
                and place.end < len(tokens)
                and tokens[place.end].text in ("is", "are", "looks")
            ):
                draft.items.append(Item((place,), prep[0], prep[1]))
                k = place.end
        if tokens[k].text not in among("is are looks look has have seems got"):
            if tokens[k].text in ("on", "off", "open", "closed", "shut", "dirty") and (
                k + 1 >= len(tokens) or self.nouns.known(tokens, k + 1) is None
            ):
                return self._state_clause(tokens, k, draft, "be")
            return None
        while k < len(tokens) and tokens[k].text in among(
            "is are looks look has have gone got getting very so too really all quite a bit completely pretty seems still again become not stone totally absolutely nearly almost rather running half practically"
        ):
            k += 1
        if k >= len(tokens) or tokens[k].text not in self._states:
            return self._remark(tokens, k, draft)
        if "not" in [t.text for t in tokens[noun.end : k]]:
            return self._state_clause(tokens, k, draft, "isnt")
        return self._state_clause(tokens, k, draft, "statement")

    def _remark(self, tokens: list[Token], k: int, draft: Draft) -> Clause:
        """Something said of a thing that is no state we know."""
        end = self.reader.items(tokens, k, draft)
        words = tuple(t.text for t in tokens[k:end] if not t.is_mark) or ("what",)
        return Clause(
            (), words[-1], tuple(draft.items[:1]), (), words, form="remark", end=max(end, k)
        )

    def _rest(self, tokens: list[Token], k: int, draft: Draft) -> int:
        """What follows the state; "the tv off and the radio on": what is joined on is a clause of its own."""
        if k < len(tokens) and not (tokens[k].is_mark or self.reader.joint(tokens, k)):
            return self.reader.items(tokens, k, draft)
        return k

    def _state_clause(self, tokens: list[Token], k: int, draft: Draft, form: str) -> Clause:
        note = self._states[tokens[k].text]
        end = self._rest(tokens, k + 1, draft)
        return Clause(
            (form,),
            form,
            tuple(draft.items),
            (),
            tuple(draft.uncovered),
            form=form,
            note=note,
            unless=tuple(draft.unless),
            end=end,
        )

    def lacking(self, tokens: list[Token], i: int) -> Clause | None:
        """Such as "we are out of milk", "there is no bread left", "the apples are nearly gone"."""
        size = next((len(w) for w in said("lacks") if tuple(words_of(tokens, i, len(w))) == w), 0)
        draft = Draft()
        end = i
        if size:
            end = self.reader.items(tokens, i + size, draft)
        else:
            noun = self.nouns.known(tokens, i)
            k = noun.end if noun is not None else len(tokens)
            while k < len(tokens) and tokens[k].text in _NEARLY:
                k += 1
            gone = noun is not None and k > noun.end and k < len(tokens) and tokens[k].text in _GONE
            if noun is None or not gone:
                return None
            draft.items.append(Item((noun,)))
            end = self.reader.items(tokens, k + 1, draft)
        if not draft.items:
            return None
        left = tuple(w for w in draft.uncovered if w not in ("left", "remaining", "again", "soon"))
        return Clause(
            ("statement",),
            "lack",
            tuple(draft.items),
            (),
            left,
            form="lack",
            unless=tuple(draft.unless),
            end=end,
        )

    def spilled(self, tokens: list[Token], i: int) -> Clause | None:
        """Such as "somebody spilled juice in aisle 2"."""
        for k in range(i, min(i + 6, len(tokens))):
            if tokens[k].is_mark:
                return None
            if (
                tokens[k].text in ("spilled", "spilt", "spills", "spill")
                and k > i
                and tokens[k - 1].text not in ("the", "a", "another", "this", "that", "is")
            ):
                draft = Draft()
                end = self.reader.items(tokens, k + 1, draft)
                places = [x for x in draft.items if x.prep is not None]
                places += [
                    Item((p,), w, w) for x in draft.items for n in x.nouns for w, p in n.posts
                ]
                return Clause(("statement",), "spilled", tuple(places), form="spilled", end=end)
        return None

    def there_is(self, tokens: list[Token], i: int) -> Clause | None:
        """Such as "there is a spill in aisle 2"."""
        words = [t.text for t in tokens[i : i + 2]]
        if words in (
            ["there", "is"],
            ["there", "are"],
            ["here", "is"],
            ["someone", "spilled"],
            ["somebody", "spilled"],
        ):
            draft = Draft()
            end = self.reader.items(tokens, i + 2, draft)
            if not draft.items:
                return None
            return Clause(
                ("statement",),
                "there is",
                tuple(draft.items),
                tuple(draft.particles),
                tuple(draft.uncovered),
                form="there",
                end=end,
            )
        return None
