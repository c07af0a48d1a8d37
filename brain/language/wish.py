"""A wish read by grammar: words, clauses, references, conditions."""

from __future__ import annotations

from dataclasses import replace

from brain.language.again import Again
from brain.language.conditions.asks import Asks
from brain.language.conditions.orders import Orders
from brain.language.grounding.doubt import Misfit, Unable, Unclear, Unread
from brain.language.grounding.ground import Grounding
from brain.language.grounding.spoken import Spoken
from brain.language.guess import Guesser
from brain.language.parsing.clauses import Clause, Item
from brain.language.parsing.corrections import corrected_wish, follow_up
from brain.language.parsing.forms import FormReader
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.parsing.pickup import only_picks_up, picked_up
from brain.language.parsing.unless import bound
from brain.language.past import Past
from brain.language.words.heads import VerbHead
from brain.language.words.lexicon import among, lexicon
from brain.language.words.reading import words_of
from brain.language.words.site import Site
from brain.language.words.times import time_said
from brain.language.words.urgency import urgency_of
from devices.facts import At, Be, Condition, Known, Value
from stem_memory.tasks import Query
from stem_memory.view import MemoryView

_QUIET = among("statement isnt there remark lack spilled")


class Wish:
    """One wish of one speaker, read in the light of the past.

    `text` is what it says without time and urgency, which are `within_s` (seconds from when it is said)
    and `priority`; None where nothing is said of them.
    """

    def __init__(
        self, text: str, who: str, view: MemoryView, past: Past, head: VerbHead | None = None
    ) -> None:
        self.text, self.within_s, self.priority = urgency_of(text)
        self.past = past
        words = lexicon().taught(view.skills())
        self.site = Site(view, words)
        answers = dict(past.answers)
        self.ground = Grounding(
            Spoken(self.site, who, past.things, answers, _moved(past.conditions))
        )
        self.orders = Orders(self.site, self.ground)
        self.asks = Asks(self.site, self.ground, self.orders, self.text)
        self._forms = FormReader(self.site, words)
        self._states = words.words["states"]
        reader = self._forms.reader
        self._guesser = Guesser(self.site, reader, self.orders, head) if head else None
        self.guessed = False
        tokens = words_of(self.text, self.site)
        again = follow_up(tokens) if past.conditions else 0
        self._meant_otherwise = again > 0 and not self._forms.reader.starts_clause(tokens, again)
        tokens = tokens[again:] if self._meant_otherwise else tokens
        self.tokens = corrected_wish(tokens, self._forms.reader)
        self.clauses = self._forms.read(self.tokens)

    def conditions(self) -> list[Condition]:
        """What the wish makes true.

        Raises:
            Doubt: It is unclear, impossible, or can not be read.
        """
        clauses = [
            c
            for c in self.clauses
            if c.items
            or c.uncovered
            or c.readings
            or c.particles
            or c.unless
            or c.form != "verbless"
        ]
        if not clauses:
            raise Unclear("What can I do for you?", kind="wish")
        clauses = bound(clauses)
        self._require_now(clauses)
        found: list[Condition] = []
        last: Clause | None = None
        for index, clause in enumerate(clauses):
            if index + 1 < len(clauses) and only_picks_up(
                clause, clauses[index + 1], self.orders.frame
            ):
                clauses[index + 1] = picked_up(clause, clauses[index + 1], self.orders.frame)
                continue
            quiet = self._is_context(clause, clauses[index + 1 :])
            if quiet:
                self.asks.context(clause)
                continue
            self.ground.spoken.begin_clause()
            clause = self._along(self._completed(clause, last, bool(found)), last)
            found += self._of(clause)
            last = clause
        if not found:
            raise Unclear("What shall I do?", kind="wish")
        return _without_contradiction(_unique(found))

    def queries(self, found: list[Condition]) -> tuple[Query, ...]:
        """What it asks, of the conditions that it was found to mean."""
        return self.asks.queries.among(found)

    def looked_for(self, found: list[Condition]) -> None:
        """Take what others found to be looked at or for as asked: where it is, what is there."""
        for condition in found:
            if isinstance(condition, Known):
                self.asks.queries.looked_at(condition)

    def _require_now(self, clauses: list[Clause]) -> None:
        for clause in clauses:
            tokens = self.tokens[clause.start : clause.end]
            if clause.form != "tell" and (said := time_said(tokens, self.text)):
                raise Unable(f'I can not wait for a time ("{said}"): tell me when it is time.')

    # -- what belongs together ---------------------------------------------------------------

    def _is_context(self, clause: Clause, rest: list[Clause]) -> bool:
        """Whether the clause only says why, before (or after) what is wished."""
        orders = [c for c in rest if c.form in ("do", "be", "need", "tell") and c.readings]
        if clause.form in _QUIET and orders:
            return True
        if clause.form == "verbless" and clause.uncovered and orders:
            return self._is_remark(clause)
        return False

    def _is_remark(self, clause: Clause) -> bool:
        words = [t.text for t in self.tokens[clause.start : clause.end]]
        return bool(
            {
                "is",
                "are",
                "am",
                "was",
                "has",
                "have",
                "looks",
                "feels",
                "low",
                "need",
                "needs",
                "want",
                "wants",
                "been",
                "got",
                "do",
                "does",
                "will",
                "finished",
                "dropped",
                "made",
                "left",
                "broke",
            }
            & set(words)
        )

    def _completed(self, clause: Clause, last: Clause | None, _: bool) -> Clause:
        """A clause without verb takes it, and what else it lacks, from the one before."""
        if (
            clause.form == "do"
            and not clause.items
            and not clause.uncovered
            and self.ground.spoken.here
        ):
            it = NounPhrase("it", clause.start, clause.end, pronoun="things")
            return replace(clause, items=(Item((it,)),))
        if clause.form != "verbless" or clause.uncovered:
            return clause
        if last is None:
            return self._terse(clause)
        if last.form in ("do", "need", "be") and clause.items:
            return self._like(clause, last)
        return self._terse(clause)

    def _along(self, clause: Clause, last: Clause | None) -> Clause:
        """Such as "come to the study and bring the letter": it is brought to where one goes."""
        if last is None or last.verb != "come" or clause.verb != "bring":
            return clause
        places = [i for i in last.items if i.prep == "to"]
        if (
            not places
            or any(i.prep in ("to", "for") for i in clause.items)
            or len(clause.items) > 1
        ):
            return clause
        return replace(clause, items=(*clause.items, places[0]))

    def _like(self, clause: Clause, last: Clause) -> Clause:
        mine = list(clause.items)
        theirs = list(last.items)
        if mine[0].prep is None:
            place = [i for i in theirs if i.prep is not None or self._leads(i, theirs)]
            has_place = any(i.prep is not None for i in mine) or self._leads(mine[0], mine)
            items = (
                mine
                if has_place
                else [*self._leading(theirs), *mine, *[i for i in place if i.prep]]
            )
        else:
            objects = [i for i in theirs if i.prep is None and not self._leads(i, theirs)]
            items = [*objects, *mine]
        readings = last.readings
        said = tuple(w for w in clause.particles if w in self._states)
        note = last.note
        if said and last.form == "be":
            note = self._states[said[0]]
        elif said and said != last.particles:
            # "switch the tv off and the radio on"
            verbs = self._forms.lexicon.verbs.get(last.verb.split()[0], ())
            readings = tuple(a for words, a in verbs if words == said[:1]) or readings
        return replace(
            last,
            items=tuple(items),
            uncovered=(),
            unless=clause.unless,
            gapped=True,
            start=clause.start,
            end=clause.end,
            readings=readings,
            particles=said or last.particles,
            note=note,
        )

    def _leads(self, item: Item, items: list[Item]) -> bool:
        """Whether the item is the one who gets it ("bring ANA a tea")."""
        plain = [i for i in items if i.prep is None]
        return len(plain) > 1 and item is plain[0] and self.orders.frame.is_goal(item.nouns[0])

    def _leading(self, items: list[Item]) -> list[Item]:
        return [i for i in items if i.prep is None and self._leads(i, items)]

    def _terse(self, clause: Clause) -> Clause:
        """Such as "two coffees to table 4", "3 waters table 4", "table 5 clear", "lights off"."""
        if not clause.items and any(word in self._states for word in clause.particles):
            it = NounPhrase("it", clause.start, clause.end, pronoun="things")
            clause = replace(clause, items=(Item((it,)),))
        if not clause.items:
            return clause
        stated = self._stated(clause)
        if stated is not None:
            return stated
        if clause.verb and clause.readings:
            return clause
        items = clause.items
        nouns = [np for item in items for np in item.nouns]
        if any(r.kind == "class" and self.asks._is_mess(r.id) for r in nouns[0].refs):
            return replace(clause, form="there")
        again = replace(clause, form="again", readings=("again",))
        sent = self._sent(items, nouns)
        if sent is None and self.past.conditions:
            if nouns[0].pronoun == "things" and "same" in nouns[0].text:
                return again
            sent = self._sent_first(items, nouns)
            is_place = len(items) == 1 and self.orders.frame.is_goal(nouns[0])
            if sent is None and len(nouns) == 1 and (self._again(clause) or is_place):
                return again
        sent = sent or self._sent_first(items, nouns) or items
        if self.past.conditions and self._follows_up(clause):
            return again
        return replace(clause, items=sent, form="need", readings=("need",), verb="bring")

    def _stated(self, clause: Clause) -> Clause | None:
        """Such as "lights off", "window open": the state that is said after the thing."""
        for word in clause.particles:
            word = "off" if word == "out" else word
            if word in self._states and word in ("on", "off", "open", "shut", "closed"):
                attr, value = self._states[word]
                note = (attr, value)
                return replace(clause, form="be", readings=("be",), note=note, particles=())
        return None

    def _sent(self, items: tuple[Item, ...], nouns: list[NounPhrase]) -> tuple[Item, ...] | None:
        """Such as "3 waters table 4": the place comes last, without a word before it."""
        is_goal = self.orders.frame.is_goal
        if len(items) >= 2:
            last = items[-1]
            if items[0].prep is None and is_goal(last.nouns[0]) and last.prep is None:
                return (*items[:-1], replace(last, prep="to"))
        elif len(nouns) >= 2 and is_goal(nouns[-1]) and not is_goal(nouns[0]):
            return (Item(tuple(nouns[:-1])), Item((nouns[-1],), "to", "to"))
        return None

    def _sent_first(
        self, items: tuple[Item, ...], nouns: list[NounPhrase]
    ) -> tuple[Item, ...] | None:
        """Such as "table 4, 3 waters": the place comes first."""
        is_goal = self.orders.frame.is_goal
        if len(items) > 1 or len(nouns) < 2 or not is_goal(nouns[0]):
            return None
        if any(is_goal(n) for n in nouns[1:]):
            return None
        return (Item(tuple(nouns[1:])), Item((nouns[0],), "to", "to"))

    def _again(self, clause: Clause) -> bool:
        np = clause.items[0].nouns[0]
        return (np.pronoun == "things" and "same" in np.text) or np.one

    def _follows_up(self, clause: Clause) -> bool:
        """Whether the wish only adds to the last one ("and the oranges as well")."""
        first = self.tokens[0].text if self.tokens else ""
        last = self.tokens[-1].text if self.tokens else ""
        text = " ".join(t.text for t in self.tokens)
        marked = (
            self._meant_otherwise
            or first in ("and", "also", "same", "now")
            or last in ("too", "also")
            or text.endswith("as well")
        )
        return marked or self._again(clause)

    # -- one clause --------------------------------------------------------------------------

    def _of(self, clause: Clause) -> list[Condition]:
        if clause.form == "when":
            raise Unable(
                f'I can not wait for conditions ("{clause.verb} ..."): tell me when it is time.'
            )
        if clause.form == "not" or clause.negated:
            raise Unable("I do nothing of the kind, as you say. Tell me what to do instead.")
        if clause.uncovered and "beyond" in clause.readings:
            raise self._beyond(clause)
        if clause.uncovered:
            return self._guess(clause)
        if clause.form != "tell" and "beyond" not in clause.readings:
            clause = self.orders.frame.pass_over_nothing(clause)
        if clause.form == "again":
            again = Again(self.past, self.ground, self.orders, self.asks)
            return again.conditions(clause, otherwise=self._meant_otherwise)
        if clause.form == "tell":
            return self.asks.tell(clause)
        if clause.readings == ("know",):
            return self.asks.know(clause)
        if clause.form == "remark":
            return self._guess(clause)
        if clause.form in _QUIET:
            return self.asks.remark(clause)
        return self._first_fit(clause)

    def _guess(self, clause: Clause) -> list[Condition]:
        """What the clause means by the sound of it; without an encoder, nothing."""
        if self._guesser is None:
            raise Unread(" ".join(clause.uncovered) or clause.verb)
        found = self._guesser.conditions(self.tokens, clause)
        self.guessed = True
        return found

    def _first_fit(self, clause: Clause) -> list[Condition]:
        """The first meaning of the verb that fits what it is said of."""
        misfits: list[Misfit] = []
        here = list(self.ground.spoken.here)
        for action in clause.readings:
            if action == "beyond":
                raise self._beyond(clause)
            if action == "cancel":
                raise Unable("There is nothing to call off that I know of.")
            try:
                if action == "check":
                    return self.asks.check(clause)
                if action == "find":
                    return self.asks.find(clause)
                if action == "tell":
                    raise Misfit("nobody to tell")
                return self.orders.conditions(action, clause)
            except Misfit as misfit:
                misfits.append(misfit)
                self.ground.spoken.here[:] = here
        self._check_nouns(clause)
        if not clause.readings:
            return self._guess(clause)
        if not clause.items:
            raise Unclear(f"{clause.verb[:1].upper()}{clause.verb[1:]} what?")
        long = [m.reason for m in misfits if len(m.reason.split()) > 5 and m.reason[0].isupper()]
        if long:
            raise Unable(long[0])
        what = " and ".join(np.text for item in clause.items for np in item.nouns)
        raise Unable(f"I do not know how to {clause.verb} {what}.")

    def _check_nouns(self, clause: Clause) -> None:
        for item in clause.items:
            for np in item.nouns:
                self.ground.lookup.check(np)

    def _beyond(self, clause: Clause) -> Unable:
        return Unable(f"None of the robots here can {clause.verb}.")


def _without_contradiction(conditions: list[Condition]) -> list[Condition]:
    """The conditions, of which no two want the same thing to be different ("on, actually off").

    Raises:
        Unclear: If two do.
    """
    wanted: dict[tuple[str, str], Value] = {}
    for condition in conditions:
        if isinstance(condition, Be):
            for thing in condition.what.ids:
                if wanted.setdefault((thing, condition.attr), condition.value) != condition.value:
                    raise Unclear("You ask for one thing and its opposite. Which is it?")
    return conditions


def _moved(conditions: tuple[Condition, ...]) -> tuple[str, ...]:
    """The things that conditions are about."""
    found = (c.what.ids for c in conditions if isinstance(c, At | Be))
    return tuple(dict.fromkeys(i for ids in found for i in ids))


def _unique(conditions: list[Condition]) -> list[Condition]:
    found: list[Condition] = []
    for condition in conditions:
        if condition not in found:
            found.append(condition)
    return found
