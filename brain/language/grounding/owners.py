"""Possession: nobody writes it down but the names of things ("Ruth's glasses")."""

from __future__ import annotations

from dataclasses import replace

from brain.language.grounding.spoken import Spoken
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.tokens import key_of


class Owners:
    """Whose things are, as far as their names tell."""

    def __init__(self, spoken: Spoken) -> None:
        self.spoken = spoken
        self.site = spoken.site
        self.view = spoken.view

    def is_owned(self, np: NounPhrase, thing: str) -> bool:
        """Whose a thing is, only its names can say; a thing named after somebody else is not."""
        if np.owner is None:
            return True
        owner = self._owner(np.owner)
        if owner is None and np.owner == "them":
            return True
        words = self.site.words_of(thing)
        people = [p for p in self.site.ids if self.view.category(p) == "person"]
        mine = owner is not None and bool(words & self.person_words(owner))
        others = any(words & self.person_words(p) for p in people if p != owner)
        return mine or not others

    def owned(self, np: NounPhrase) -> NounPhrase:
        """Such as "my glasses" said by Ruth: "Ruth's glasses", where a thing has that name."""
        if np.owner is None:
            return np
        owner = self._owner(np.owner)
        names = self.view.names(owner) if owner is not None else ()
        for name in names:
            refs = self.site.index.get((*key_of(name), *np.key))
            if refs:
                return replace(np, refs=tuple(sorted(refs)), owner=None, det="the", plural=False)
        return np

    def _owner(self, words: str) -> str | None:
        if words == "me":
            return self.spoken.who
        return self.spoken.last_person() if words == "them" else self._person_named(words)

    def person_words(self, person: str) -> frozenset[str]:
        """The words of a person's names."""
        return self.site.words_of(person) - {"the"}

    def _person_named(self, words: str) -> str | None:
        for ref in self.site.index.get(tuple(words.split()), ()):
            if ref.kind == "thing" and self.view.category(ref.id) == "person":
                return ref.id
        return None
