"""A language model reads what the grammar could not: its answer is data, checked like any other.

The answer is bound to a JSON schema whose enums are the ids and classes that memory knows, so the
model can not name what does not exist. Then each condition has to pass what orders pass (somebody
here can do it), and everything it names has to have been said: of a made-up table nothing comes.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from brain.language.grounding.doubt import Unread
from brain.language.words.fleet import Fleet
from brain.language.words.site import Site
from brain.language.words.tokens import Token
from brain.model import LanguageModel, Message, ModelRequest
from devices.facts import At, Be, Clear, Condition, Known, Relation, Selector, Told, Value
from stem_memory.tasks import Goal

MAX_TOKENS = 400
#: What a goal that was read waits for, until a plan says more.
FLEET = "fleet"
_NONE = ""
_INSTRUCTIONS = """You turn a person's wish to a team of robots into goal conditions.
Answer with JSON only. Use only ids and classes from the lists. One condition for each thing wished:
- at: things are brought to `where` (a fixture, room or person). `ids` for things that exist and are
  meant, or `cls` with `count` for any of a class; `fill` for a drink in a cup or glass.
- be: the state `attr` of things becomes `value` (true or false), such as clean, hot, sliced, open, power.
- clear: used things are taken off the fixture `where`.
- told: the person `where` is told `message`.
- known: somebody looks at, or for, the things `ids`.
If the wish is unclear, can not be done by robots, or names something that is not in the lists, set
`understood` to false and leave `conditions` empty. Never guess."""


class _Draft(BaseModel):
    """One condition as the model writes it; what does not apply is empty."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["at", "be", "clear", "told", "known"]
    ids: list[str] = []
    cls: str = _NONE
    fill: str = _NONE
    count: int = 0
    where: str = _NONE
    attr: str = _NONE
    value: bool = True
    message: str = _NONE


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    understood: bool
    conditions: list[_Draft] = []


def consult(
    model: LanguageModel, text: str, who: str, tokens: list[Token], site: Site, goal: Goal
) -> list[Condition]:
    """The conditions that the model reads in the wish, as far as memory bears them out.

    The goal is the agent job at the model's backend: it waits for the fleet (`FLEET`) afterwards.

    Raises:
        Unread: The model does not understand either, or names what was not said or can not be.
        ModelError: The model can not be used.
    """
    request = ModelRequest(
        messages=(
            Message(role="system", content=_INSTRUCTIONS),
            Message(role="user", content=_question(text, who, site)),
        ),
        schema_=_schema(site),
        max_tokens=MAX_TOKENS,
        program=goal.id,
        tool=FLEET,
        priority=goal.priority,
        deadline_s=_left(goal, site.view.now()),
    )
    reply = model.reply(request)
    try:
        answer = _Answer.model_validate_json(reply.text)
    except ValidationError:
        raise Unread(text) from None
    if not answer.understood or not answer.conditions:
        raise Unread(text)
    checker = _Checker(site, who, tokens, text)
    return [checker.condition(draft) for draft in answer.conditions]


def _left(goal: Goal, now: float) -> float | None:
    """Seconds until the goal is worthless; None for never, or if it is late already."""
    if goal.deadline_s is None or goal.deadline_s <= now:
        return None
    return goal.deadline_s - now


def _question(text: str, who: str, site: Site) -> str:
    view = site.view
    things = {thing: list(view.names(thing)[:2]) for thing in site.ids}
    return json.dumps(
        {"things": things, "classes": sorted(site.classes), "speaker": who, "wish": text},
        ensure_ascii=False,
    )


def _schema(site: Site) -> dict[str, Any]:
    ids = list(site.ids)
    states = sorted({s for card in site.classes.values() for s in card.states} - {"fill"})
    fills = sorted({fill for _, fill in site.drinks().values()})
    condition = {
        "type": "object",
        "additionalProperties": False,
        "required": ["kind"],
        "properties": {
            "kind": {"enum": ["at", "be", "clear", "told", "known"]},
            "ids": {"type": "array", "items": {"enum": ids}},
            "cls": {"enum": [_NONE, *sorted(site.classes)]},
            "fill": {"enum": [_NONE, *fills]},
            "count": {"type": "integer", "minimum": 0, "maximum": 50},
            "where": {"enum": [_NONE, *ids]},
            "attr": {"enum": [_NONE, *states]},
            "value": {"type": "boolean"},
            "message": {"type": "string"},
        },
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["understood", "conditions"],
        "properties": {
            "understood": {"type": "boolean"},
            "conditions": {"type": "array", "items": condition},
        },
    }


class _Checker:
    """Whether a drafted condition names what was said and what can be done."""

    def __init__(self, site: Site, who: str, tokens: list[Token], text: str) -> None:
        self._site = site
        self._who = who
        self._said = {t.key for t in tokens} | {t.text for t in tokens}
        self._text = text
        self._fleet = Fleet(site)

    def condition(self, draft: _Draft) -> Condition:
        """The condition, or `Unread`."""
        made = self._made(draft)
        if made is None:
            raise Unread(self._text)
        return made

    def _made(self, draft: _Draft) -> Condition | None:
        what = self._things(draft)
        known_place = bool(draft.where) and self._is_said(draft.where)
        if draft.kind == "told":
            person = self._site.view.category(draft.where) == "person" and known_place
            said = draft.message.lower() in self._text.lower() and draft.message.strip()
            return Told(who=draft.where, message=draft.message) if person and said else None
        if draft.kind == "clear":
            fixture = self._site.fixtures.get(draft.where)
            able = known_place and fixture is not None and fixture.capacity > 0
            return Clear(where=draft.where) if able else None
        if what is None:
            return None
        if draft.kind == "known":
            return Known(what=what)
        count = None if what.ids else draft.count or None
        if draft.kind == "be":
            able = all(self._fleet.can_be(t, draft.attr, draft.value) for t in self._pool(what))
            return Be(what=what, attr=draft.attr, value=draft.value, count=count) if able else None
        able = known_place and self._fleet.can_hold(draft.where)
        if not able or not all(self._fleet.can_move(t) for t in self._pool(what)):
            return None
        return At(
            what=what,
            where=draft.where,
            relation=self._relation(draft.where),
            count=count,
            fresh=count is not None,
        )

    def _things(self, draft: _Draft) -> Selector | None:
        if draft.ids:
            return (
                Selector(ids=tuple(sorted(set(draft.ids))))
                if all(self._is_said(thing) for thing in draft.ids)
                else None
            )
        if not draft.cls or not self._is_class_said(draft):
            return None
        drink = self._site.drink(draft.cls)
        cls, fill = drink if drink is not None else (draft.cls, draft.fill)
        having: dict[str, Value] = {"fill": fill} if fill else {}
        if fill and not any(fill in f.offers for f in self._site.fixtures.values()):
            return None
        return Selector(cls=cls, having=having) if self._site.members(cls) else None

    def _pool(self, what: Selector) -> tuple[str, ...]:
        return what.ids or self._site.members(what.cls or "")

    def _is_said(self, thing: str) -> bool:
        """Whether a word of the thing's names (and its number, if it has one) was said."""
        if thing == self._who:
            return True
        words = self._site.words_of(thing)
        numbers = {w for w in words if w.isdigit()}
        return bool((words - numbers) & self._said) and numbers <= self._said

    def _is_class_said(self, draft: _Draft) -> bool:
        card = self._site.card(draft.cls)
        names = {w for name in (card.names if card else ()) for w in name.lower().split()}
        return bool((names | {draft.fill, draft.cls}) & self._said)

    def _relation(self, where: str) -> Relation:
        category = self._site.view.category(where)
        if category == "person":
            return "held"
        if category == "room":
            return "at"
        return "in" if self._site.fixtures[where].inside else "on"
