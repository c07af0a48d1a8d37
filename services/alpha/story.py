"""The ledger for people: what was said and why now, what was not said and why not."""

from __future__ import annotations

from collections.abc import Sequence

from devices.glasses.contracts import Fault, Recovered
from services.alpha.contracts import (
    Evidence,
    Heard,
    Intervention,
    LedgerEntry,
    Outcome,
    SpeechOver,
    Suppressed,
    WishPosted,
)


def as_story(ledger: Sequence[LedgerEntry]) -> str:
    """One paragraph for each entry, in order of time."""
    return "".join(f"{line}\n" for entry in ledger for line in lines_of(entry))


def lines_of(entry: LedgerEntry) -> list[str]:
    """The lines of one entry."""
    if isinstance(entry, Intervention):
        return _said(entry)
    if isinstance(entry, Suppressed):
        head = f"{_clock(entry.t)}  silent ({entry.skill}, {entry.subject})"
        lines = [head, f"           why not: {entry.code.replace('_', ' ')}: {entry.why_not}"]
        if entry.text:
            lines.append(f"           it would have been: “{entry.text}”")
        return lines + _seen(entry.evidence)
    if isinstance(entry, SpeechOver):
        if entry.how == "done":
            return []
        return [f"{_clock(entry.t)}  {entry.how} {entry.intervention}: {entry.why}"]
    if isinstance(entry, Outcome):
        what = entry.outcome.replace("_", " ")
        return [
            f"{_clock(entry.t)}  {what} ({entry.intervention}): "
            f"{entry.skill} now speaks at a score of {entry.threshold:.2f}"
        ]
    if isinstance(entry, WishPosted):
        return [f"{_clock(entry.t)}  to the robots, for {entry.who}: “{entry.text}”"]
    if isinstance(entry, Heard):
        who = entry.words.by or "the wearer"
        return [f"{_clock(entry.words.t)}  {who}: “{entry.words.text}” ({entry.taken_for})"]
    return [_missing(entry)]


def _said(entry: Intervention) -> list[str]:
    late = entry.deadline_s - entry.ends_s
    lines = [
        f"{_clock(entry.began_s)}  {entry.id} {entry.skill}: “{entry.text}”",
        f"           why now: {entry.why_now}",
        f"           score {entry.score:.2f}"
        + ("; asked" if entry.asked else f", threshold {entry.threshold:.2f}")
        + f"; said until {_clock(entry.ends_s).strip()}, {late:.1f} s before it was too late"
        + (f"; {_chain(entry.chain)}" if entry.chain else ""),
    ]
    return lines + _seen(entry.evidence)


def _chain(chain: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in chain.items())


def _seen(evidence: tuple[Evidence, ...]) -> list[str]:
    if not evidence:
        return []
    parts = [
        f"{item.slot} = {_value(item)} ({item.confidence:.2f}, {item.source})" for item in evidence
    ]
    return ["           seen: " + "; ".join(parts)]


def _value(item: Evidence) -> str:
    if not isinstance(item.value, tuple):
        return str(item.value)
    return " ".join("".join(map(str, v)) if isinstance(v, tuple) else str(v) for v in item.value)


def _missing(entry: Fault | Recovered) -> str:
    sign = "missing" if isinstance(entry, Fault) else "back"
    return f"{_clock(entry.t)}  {sign}: {entry.sentence}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60.0)
    return f"{int(minutes):4d}:{rest:05.2f}"
