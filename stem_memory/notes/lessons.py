"""From a log to candidate notes: failures that repeat, and what ended them.

A failed attempt is compared with the attempt of the same goal that succeeded at the same: the same
skill on the same thing (or another of its class) after it. What was different is the fix. One case
is an anecdote; a lesson is drawn from `repeats` of them. A kind of body that failed for one reason
with things of several classes, and never succeeded at that skill, fails at the skill, not at the things.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event
from stem_memory.notes.attempts import Attempt, attempts
from stem_memory.notes.contracts import Fix, Note, NoteProposed
from stem_memory.notes.signature import signed

BY = "lessons"
# Going somewhere and looking are done before everything; they prepare nothing in particular.
_ALWAYS_DONE = {"navigate", "look", "scan", "say", "charge"}


def lessons(
    events: Iterable[Event], repeats: int = 2, before: MemoryState | None = None
) -> tuple[NoteProposed, ...]:
    """Candidate notes from a log, in the order in which they first repeated themselves.

    Args:
        events: A log from its start; several runs may follow one another if their goals differ.
        repeats: How many recovered failures of one kind make a lesson.
        before: What was believed before the first of the events, if the log does not start there.
    """
    taught: dict[str, tuple[Note, list[str]]] = {}
    drawn: list[str] = []
    tried = list(attempts(events, before))
    cases = list(_cases(tried))
    for failure, note in (*cases, *_in_general(cases, tried)):
        _, episodes = taught.setdefault(note.id, (note, []))
        if failure.episode not in episodes:
            episodes.append(failure.episode)
        if len(episodes) == repeats:
            drawn.append(note.id)
    return tuple(
        NoteProposed(note=taught[id_][0], by=BY, episodes=tuple(taught[id_][1])) for id_ in drawn
    )


def _cases(tried: list[Attempt]) -> Iterator[tuple[Attempt, Note]]:
    for index, failure in enumerate(tried):
        if failure.success:
            continue
        later = [a for a in tried[index + 1 :] if a.goal == failure.goal]
        recovery = next((a for a in later if a.success and _same_end(a, failure)), None)
        if recovery is None:
            continue
        between = [a for a in later if a.ended_s <= recovery.started_s and a is not recovery]
        yield failure, _note(failure, _fix(failure, recovery, between))


def _in_general(
    cases: list[tuple[Attempt, Note]], tried: list[Attempt]
) -> Iterator[tuple[Attempt, Note]]:
    """The cases in which a kind of body can not do a skill at all, whatever it is done to."""
    able = {(a.body_class, a.skill) for a in tried if a.success}
    classes: dict[tuple[str, str, str], set[str]] = {}
    found = []
    for failure, note in cases:
        who = (failure.body_class, failure.skill, failure.reason)
        if note.fix.kind == "other_body" and (failure.body_class, failure.skill) not in able:
            classes.setdefault(who, set()).add(failure.thing_class)
            found.append((who, failure))
    for who, failure in found:
        if len(classes[who]) > 1:
            fix = Fix(kind="other_body", text=f"let anybody but a {failure.body_class} do it")
            anything = replace(failure, thing_class="", place_class="")
            yield failure, _note(anything, fix)


def _same_end(a: Attempt, b: Attempt) -> bool:
    alike = a.thing == b.thing or (a.thing_class == b.thing_class and a.thing_class != "")
    return a.skill == b.skill and alike and (a.place_class == b.place_class or a.thing == b.thing)


def _fix(failure: Attempt, recovery: Attempt, between: list[Attempt]) -> Fix:
    """What was different when it worked: the most specific difference there is."""
    prepared = next((a for a in between if a.success and _prepares(a, failure)), None)
    if prepared is not None:
        target = prepared.thing_class or prepared.place_class
        return Fix(
            kind="prepare",
            skill=prepared.skill,
            target_class=target,
            text=f"{prepared.skill} the {target} first",
        )
    if recovery.thing != failure.thing:
        return Fix(
            kind="other_source",
            target_class=failure.thing_class,
            text=f"use another {failure.thing_class}",
        )
    if recovery.body_class != failure.body_class:
        return Fix(
            kind="other_body",
            body_class=recovery.body_class,
            text=f"let a {recovery.body_class} do it",
        )
    # Powers of two, so that equal experiences make equal notes.
    wait = max(0.0, recovery.started_s - failure.ended_s)
    rounded = 0.0 if wait < 1.0 else float(1 << (int(wait) - 1).bit_length())
    return Fix(
        kind="again",
        wait_s=rounded,
        text=f"try again within {rounded:g} s" if rounded else "try again at once",
    )


def _prepares(done: Attempt, failure: Attempt) -> bool:
    """Whether it was added to the plan because of the failure and is about the same spot."""
    near = {failure.thing, failure.place} - {""}
    return (
        done.first_revision > failure.revision
        and done.skill not in _ALWAYS_DONE
        and done.skill != failure.skill
        and bool(near & {done.thing, done.place})
    )


def _note(failure: Attempt, fix: Fix) -> Note:
    what = failure.thing_class or ("it" if failure.place_class else "anything")
    where = f" at the {failure.place_class}" if failure.place_class else ""
    why = failure.reason.replace("_", " ") or "no evidence that it worked"
    return signed(
        Note(
            id="",
            skill=failure.skill,
            reason=failure.reason,
            symptom=f"{failure.body_class} fails to {failure.skill} {what}{where}: {why}",
            cause=why,
            fix=fix,
            body_class=failure.body_class if fix.kind == "other_body" else "",
            thing_class=failure.thing_class,
            place=failure.place_class,
        )
    )
