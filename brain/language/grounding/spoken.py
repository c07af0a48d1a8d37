"""What was spoken of before, in this wish and earlier ones: what "it", "them", "her" can mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from brain.language.grounding.doubt import Unclear
from brain.language.grounding.meaning import Meaning
from brain.language.words.site import Site

Test = Callable[[str], bool]


def anything(_: str) -> bool:
    """Fits everything."""
    return True


class Spoken:
    """Who speaks, and what of.

    Args:
        site: The names.
        who: The speaker's id.
        earlier: Things that earlier wishes of this speaker were about, the latest last.
        answers: What was answered to questions about slots: slot -> ids, a class, or a number.
        together: The things of the last wish alone.
    """

    def __init__(
        self,
        site: Site,
        who: str,
        earlier: Sequence[str] = (),
        answers: dict[str, tuple[str, ...]] | None = None,
        together: Sequence[str] = (),
    ) -> None:
        self.site = site
        self.view = site.view
        self.who = who
        self.earlier = list(earlier)
        self.together = together
        self.answers = answers or {}
        self.here: list[Meaning] = []
        # Where in it each clause begins.
        self.starts: list[int] = [0]

    def speaker(self) -> str:
        """The person who speaks."""
        if self.view.category(self.who) == "person":
            return self.who
        if "speaker" in self.answers:
            return self.answers["speaker"][0]
        raise Unclear("Who is it for?", kind="who", slot="speaker")

    def note(self, meaning: Meaning) -> Meaning:
        """Remember what was just spoken of."""
        self.here.append(meaning)
        return meaning

    def begin_clause(self) -> None:
        """What is noted from now on was said in a clause of its own."""
        self.starts.append(len(self.here))

    def last(self, fits: Test = anything) -> Meaning | None:
        """What was spoken of last that fits: "it", "them"."""
        for meaning in reversed(self.here):
            things = meaning.ids or ((meaning.cls,) if meaning.cls else ())
            if meaning.cls and not meaning.ids:
                members = self.site.members(meaning.cls)
                if members and any(fits(m) for m in members):
                    return meaning
            elif things and all(fits(t) for t in things):
                return meaning
        for thing in reversed(self.earlier):
            if fits(thing):
                return Meaning(ids=(thing,))
        return None

    def last_person(self) -> str | None:
        """The person spoken of last: "her", "him"."""
        people = [i for m in self.here for i in m.ids if self.view.category(i) == "person"]
        people = people or [i for i in self.earlier if self.view.category(i) == "person"]
        return people[-1] if people else None
