"""A clause that the lexicon has no words for, read by ear: a guessed action over the things named.

Two checks that know nothing of each other stand before it: the verb head must be sure, and what is
named must fit the action. A noun that nobody knows here is never passed over.
"""

from __future__ import annotations

from brain.language.conditions.orders import Orders
from brain.language.grounding.doubt import Misfit, Unread
from brain.language.parsing.clauses import Clause, ClauseReader, Item
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.heads import OTHER, VerbHead
from brain.language.words.lexicon import among
from brain.language.words.site import Site
from brain.language.words.tokens import Token
from devices.facts import Condition

# Below this the head is wrong too often (see `retinue bench wishes`).
SURE = 0.65
# Actions a guess may stand for; what is told or looked for is in the words themselves.
_GUESSED = among("move put clear wash wipe heat slice switch_on switch_off open close restock")
_PLAIN = (
    ("switchable", "lamp"),
    ("wipeable", "table"),
    ("heatable", "soup"),
    ("sliceable", "bread"),
    ("washable", "cup"),
    ("food", "soup"),
)
# Words that turn a wish into another one: who does not understand them does nothing.
_WEIGHTY = among(
    "or nor not no never if unless until till tomorrow yesterday later tonight every without only up down less least most half either neither nothing nobody instead before after while when am pm clock hour hours minutes minute seconds monday tuesday wednesday thursday friday saturday sunday weekend week month year morning evening afternoon night than"
)
_DETERMINERS = among("the a an my this that these those some our your")


class Guesser:
    """Reads clauses with the verb head."""

    def __init__(self, site: Site, reader: ClauseReader, orders: Orders, head: VerbHead) -> None:
        self._site = site
        self._reader = reader
        self._orders = orders
        self._head = head

    def conditions(self, tokens: list[Token], clause: Clause) -> list[Condition]:
        """What the clause probably makes true.

        Raises:
            Unread: The head is not sure, or what it thinks does not fit.
            Doubt: It fits, but something is unclear.
            ModelError: The encoder can not be used.
        """
        words = " ".join(clause.uncovered) or clause.verb
        inner = tokens[clause.start : clause.end]
        if _WEIGHTY & {t.text for t in inner}:
            raise Unread(words)
        text, items = self._heard(inner, words)
        action, chance = self._head.guess(text)
        if chance < SURE or action == OTHER or action not in _GUESSED:
            raise Unread(words)
        objects = [item for item in items if item.prep is None]
        if len(items) != len(objects) and not objects:
            raise Unread(words)
        guessed = Clause(
            (action,), action, tuple(items), start=clause.start, end=clause.end, actor=clause.actor
        )
        try:
            return self._orders.conditions(action, guessed)
        except Misfit:
            raise Unread(words) from None

    def _heard(self, tokens: list[Token], words: str) -> tuple[str, list[Item]]:
        """The clause with plain nouns for names, and the things named in it."""
        heard: list[str] = []
        items: list[Item] = []
        named = False
        i = 0
        while i < len(tokens):
            if tokens[i].is_mark:
                i += 1
                continue
            prep = self._reader.preposition(tokens, i)
            at = prep[2] if prep is not None else i
            noun = self._reader.nouns.known(tokens, at) if at < len(tokens) else None
            if noun is not None and not self._is_name(noun, tokens[at]):
                noun = None
            if noun is None and tokens[i].text in _DETERMINERS:
                unknown = self._reader.nouns.read(tokens, i, loose=True)
                if unknown is not None and (unknown.unknown or unknown.half_known):
                    raise Unread(words)
            if noun is None:
                # "the banana peel": what follows a name may be another name.
                if named and not self._head.knows(tokens[i].text):
                    raise Unread(words)
                heard.append(tokens[i].text)
                named = False
                i += 1
                continue
            named = True
            heard += [t.text for t in tokens[i:at]]
            heard.append(self._plain(noun))
            items.append(Item((noun,), prep[0] if prep else None, prep[1] if prep else ""))
            i = noun.end
        if not items:
            raise Unread(words)
        return " ".join(heard), items

    def _is_name(self, noun: NounPhrase, first: Token) -> bool:
        """Whether the words surely name something here, and are no verb that looks like a noun."""
        if noun.pronoun or noun.one:
            return noun.pronoun in ("things", "speaker", "she_he")
        bare = noun.det is None and noun.count is None and noun.end == noun.start + 1
        return not (bare and (first.text in self._reader.lexicon.verbs or noun.refs[0].rank == 2))

    def _plain(self, noun: NounPhrase) -> str:
        if noun.pronoun in ("speaker", "she_he"):
            return "me"
        if noun.pronoun or not noun.refs:
            return "it"
        best = noun.refs[0]
        view = self._site.view
        is_class = best.kind == "class"
        category = self._site.category(best)
        if category in ("person", "room", "door", "body"):
            return {"person": "the guest", "room": "the kitchen", "door": "the door"}.get(
                category, "the robot"
            )
        line = self._site.line(best.id if is_class else view.cls(best.id))
        if is_class and self._site.drink(best.id):
            return "the coffee"
        if "spill" in line:
            return "the spill"
        for cls, word in _PLAIN:
            if cls in line:
                return f"the {word}"
        return "the cupboard" if category == "fixture" else "the box"
