"""References to what was spoken of before, in this wish or an earlier one."""

from __future__ import annotations

from dataclasses import replace

from brain.language.grounding.doubt import Unable, Unclear
from brain.language.grounding.lookup import Lookup
from brain.language.grounding.meaning import Meaning
from brain.language.grounding.spoken import Test
from brain.language.grounding.wording import slot_of
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.lexicon import among
from brain.language.words.site import Ref

_SEVERAL = among("them they these those both")


class Anaphora:
    """Nouns to be found in what was said: pronouns, "the blue one", "another", "4"."""

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self.spoken = lookup.spoken
        self.site = lookup.site
        self.view = lookup.view

    def pronoun(self, np: NounPhrase, fits: Test, prefer: Test | None) -> Meaning:
        """What the pronoun refers to."""
        if np.pronoun == "speaker":
            if not fits(self.spoken.speaker()):
                raise Unable("People can not be moved or changed by the robots here.")
            return Meaning(ids=(self.spoken.speaker(),))
        if np.pronoun == "all_things" and np.posts and np.text.split()[1:2] == ["thing"]:
            where = self.lookup.place(np.posts[0][1])
            there = [t for t in self.view.contents(where) if fits(t)]
            if len(there) == 1:
                return Meaning(ids=(there[0],))
            if there:
                raise self.lookup.wording.which(replace(np, text="thing"), there)
        if np.text.startswith("something"):
            raise Unclear("What exactly shall it be?", kind="thing", slot=slot_of(np))
        if np.pronoun == "all_things" and np.posts:
            return Meaning(cls="object", within=self.lookup.place(np.posts[0][1]))
        if np.pronoun == "all_things":
            raise Unclear(
                f'What exactly do you mean by "{np.text}"?', kind="thing", slot=slot_of(np)
            )
        if np.pronoun == "she_he":
            person = self.lookup.place(np)
            if not fits(person):
                raise Unable("People can not be moved or changed by the robots here.")
            return Meaning(ids=(person,))
        last = self.spoken.last(fits)
        if last is None:
            raise Unclear(f'What do you mean by "{np.text}"?', kind="thing", slot=slot_of(np))
        if np.pronoun == "things" and np.posts and "one" in np.text.split():
            return self._other(replace(np, det="the", one=True), last, fits)
        if np.text in _SEVERAL and (together := self._together(np, last, fits)) is not None:
            return together
        if np.pronoun == "things" and not np.one:
            return last
        return self._other(np, last, fits)

    def _together(self, np: NounPhrase, last: Meaning, fits: Test) -> Meaning | None:
        """What "them" or "both" means, if things were named one by one; None if they were not.

        The things of one clause belong together; one that named but one thing takes those of the
        clause before it along. What is of another kind (the table they are on) is none of them.
        """
        kind = self._category(last)
        found: list[Meaning] = []
        end = len(self.spoken.here)
        for start in reversed(self.spoken.starts):
            group = [m for m in self.spoken.here[start:end] if self._is_like(m, kind, fits)]
            found = [*(m for m in group if m not in found), *found]
            if len(found) > 1 or any(len(m.ids) != 1 for m in found):
                break
            end = start
        if not found:
            # Then those of the wish before, if it was of several.
            things = [t for t in self.spoken.together if fits(t) and self.view.category(t) == kind]
            found = [Meaning(ids=(t,)) for t in things]
        if len(found) < 2:
            return None
        if not all(m.ids for m in found):
            raise Unclear(
                f'What exactly do you mean by "{np.text}"?', kind="thing", slot=slot_of(np)
            )
        return Meaning(ids=tuple(sorted({i for m in found for i in m.ids})))

    def _is_like(self, meaning: Meaning, kind: str, fits: Test) -> bool:
        things = meaning.ids or self.site.members(meaning.cls or "")
        return bool(things) and all(map(fits, things)) and self._category(meaning) == kind

    def _category(self, meaning: Meaning) -> str:
        if meaning.ids:
            return self.view.category(meaning.ids[-1]) or ""
        return self.site.category_of(meaning.cls or "")

    def _other(self, np: NounPhrase, last: Meaning, fits: Test) -> Meaning:
        """Such as "the blue one", "another one", "two": one of the class spoken of last."""
        cls = last.cls or self.view.cls(last.ids[-1])
        refs = (Ref(1, "class", cls),)
        if np.det in ("the",) or np.other or np.looks or (np.states and np.det != "a"):
            base = replace(np, refs=refs, one=False, pronoun=None)
            siblings = self._siblings(cls, np)
            if siblings is not None:
                base = replace(base, refs=(Ref(1, "class", siblings),))
            found = [
                t for t in self.lookup.candidates(base, fits) if not (np.other and t in last.ids)
            ]
            if np.plural:
                return Meaning(ids=tuple(sorted(found)))
            if len(found) == 1:
                return Meaning(ids=(found[0],))
            if not found:
                raise Unable(f"I know of no such {self.site.class_title(cls)}: {np.text}.")
            raise self.lookup.wording.which(base, found)
        if np.count is not None or np.det in ("another", "more", "a") or np.text == "one":
            return Meaning(cls=cls, having=last.having, count=np.count or 1)
        return last

    def _siblings(self, cls: str, np: NounPhrase) -> str | None:
        """A class above, if only there something looks as said ("the green one" of mugs)."""
        return cls

    def spoken_of(self, np: NounPhrase) -> NounPhrase:
        """What "the other plates" leaves out: those that were spoken of before."""
        last = self.spoken.last(lambda t: t in self.lookup.candidates(replace(np, other=False)))
        if last is None or not last.ids:
            raise Unclear(f'Which ones do you mean by "{np.text}"?', kind="thing", slot=slot_of(np))
        refs = tuple(Ref(0, "thing", i) for i in last.ids)
        return NounPhrase(np.text, np.start, np.end, det="the", plural=True, refs=refs, key=np.key)
