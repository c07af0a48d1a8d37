"""Why a command cannot be carried out, and why a goal is not met."""

from __future__ import annotations

from dataclasses import dataclass

from devices.facts import At, Be, Clear, Condition, Facts, Selector, Told, holds, select


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason code (see `devices.contracts.Receipt`) and a sentence."""

    reason: str
    detail: str


def unmet(conditions: tuple[Condition, ...], facts: Facts) -> tuple[str, ...]:
    """A sentence for each bound condition that is not true."""
    return tuple(_wish(condition, facts) for condition in conditions if not holds(condition, facts))


def _wish(condition: Condition, facts: Facts) -> str:
    if isinstance(condition, Clear):
        return f"{condition.where} is clear of {condition.cls}"
    if isinstance(condition, Told):
        return f"{condition.who} was told: {condition.message}"
    what = _named(condition.what, facts)
    if isinstance(condition, Be):
        value = str(condition.value).lower()
        return f"{_number(condition.count)}{what} has {condition.attr} {value}"
    if isinstance(condition, At):
        return f"{_number(condition.count)}{what} is {condition.relation} {condition.where}"
    return f"{condition.attr} of {what} is known since {condition.since:g} s"


def _number(count: int | None) -> str:
    return "" if count is None else f"{count} of "


def _named(what: Selector, facts: Facts) -> str:
    if what.ids:
        return ", ".join(what.ids)
    having = "".join(f" with {name} {str(v).lower()}" for name, v in sorted(what.having.items()))
    return f"{what.cls or 'anything'}{having} ({len(select(what, facts))} there)"
