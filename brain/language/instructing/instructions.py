"""What people tell the fleet to do with goals and robots: cancel, pause, go on, stop, change, hurry.

Asked before anything else is made of words. Pure over memory's view: which goals are open, what they
are about, who asked for them, which robots are stopped. Words that are no instruction are left to
`brain.interpret`; an instruction that is not clear is asked about, and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from brain.contracts import Instruct, Unheeded
from brain.language.instructing.acts import Act, Acts, joined, stopped
from brain.language.instructing.halt import after_stop, is_stop
from brain.language.instructing.patterns import (
    Phrase,
    Spans,
    alone,
    listed,
    may_instruct,
    phrases,
    spelled,
)
from brain.language.parsing.corrections import follow_up
from brain.language.words.lexicon import Words, said
from brain.language.words.reading import words_of
from brain.language.words.tokens import Token
from brain.language.words.urgency import urgency_of
from stem_memory.instructions import Cancel, Change, Stop
from stem_memory.view import MemoryView

# Longest set phrase before and after an instruction, in words.
_AROUND = 6
# In the order in which they are tried.
_KINDS = (
    "stop",
    "release",
    "undo",
    "cancel",
    "pause",
    "resume",
    "change",
    "rather",
    "hurry",
    "slow",
)
_ENDS = (".", "!", "?", ";")
_GOAL = re.compile(r"g\d+")
_RANGE = re.compile(r"\bg(\d+)\s*(?:-|–|to|through)\s*g?(\d+)\b", re.IGNORECASE)
_MOST = 100
_NUMBERED = re.compile(
    r"\b(?:goal|order|task|wish|request|job|number)\s+(?:number\s+|no\.?\s*|#\s*)?(\d+)\b(?!\s*:)",
    re.IGNORECASE,
)


def instruction_of(text: str, who: str, view: MemoryView, now: float) -> Instruct | Unheeded | None:
    """What the words tell the fleet to do with goals and robots; None: they are no instruction.

    Args:
        text: As it was said.
        who: The id of the speaker.
        view: What memory knows.
        now: The time, in seconds; deadlines are told from it.
    """
    rest = after_stop(text)
    if rest is not None:
        return _result([stopped((), rest)], "")
    if not may_instruct(text):
        return None
    return _Hearing(text, who, view, now).result()


def _result(acts: Sequence[Act], rest: str) -> Instruct | Unheeded:
    whole = joined(acts)
    # A stop is never held up by what is unclear beside it.
    halts = any(isinstance(told, Stop) for told in whole.instructions)
    if halts or all(act.is_done for act in acts):
        return Instruct(instructions=whole.instructions, reply=whole.reply, rest=rest)
    return Unheeded(reply=next(act.reply for act in acts if not act.is_done))


class _Hearing:
    """One utterance of one speaker."""

    def __init__(self, text: str, who: str, view: MemoryView, now: float) -> None:
        self._acts = Acts(view, who, now)
        text = spelled(text, self._acts.site.vocabulary)
        self._text = _NUMBERED.sub(self._by_id, _RANGE.sub(_counted_up, text))
        self._tokens = self._read(self._text)

    def _by_id(self, found: re.Match[str]) -> str:
        """Such as "order 2" is "g2", where there is one."""
        goal = f"g{found[1]}"
        return goal if goal in self._acts.goals.records else found[0]

    def _read(self, text: str) -> list[Token]:
        """The tokens of a text, in which a goal's id is one word."""
        tokens = words_of(text, self._acts.site)
        ids = {i.lower(): i for i in self._acts.goals.records}
        found: list[Token] = []
        for token in tokens:
            word = _word_at(text, token.start, token.end).lower()
            goal = ids.get(word) or (word if _GOAL.fullmatch(word) else None)
            if goal is None:
                found.append(token)
            elif not found or found[-1].text != goal or found[-1].end < token.start:
                found.append(replace(token, text=goal, key=goal, number=None))
        return found

    def result(self) -> Instruct | Unheeded | None:
        """What was said comes to this."""
        acts, rest = self._several(self._tokens)
        if not any(act.is_done for act in acts):
            stop = self._stop_amid()
            acts = [stop] if stop is not None else acts
        if not acts:
            due = self._due()
            acts = [due] if due is not None else []
        return _result(acts, rest) if acts else None

    # -- one after the other -----------------------------------------------------------------

    def _several(self, tokens: list[Token]) -> tuple[list[Act], str]:
        """The instructions at the beginning, and what is said beyond them (a wish of its own)."""
        unclear: Act | None = None
        for end, size in [(len(tokens), 0), *self._joints(tokens)]:
            act = self._whole(tokens[:end])
            if act is None:
                continue
            tail = tokens[end + size :]
            if not act.is_done:
                counts = not act.alone or self._is_noise(tail)
                unclear = unclear or (act if counts else None)
                continue
            if self._is_noise(tail):
                return [act], ""
            back = self._put_back(tokens[:end], tail)
            if back is not None:
                return [back], ""
            before, goals = self._acts.goals.spoken, self._acts.goals
            goals.spoken = _goals_of(act)
            more, rest = self._several(tail)
            goals.spoken = before
            if more and not _is_changed(act, more):
                return [act, *more], rest
            mark = tokens[end].text if size else ""
            begins = mark in _ENDS or self._acts.is_wish(tail)
            halts = next((i for i in act.instructions if isinstance(i, Stop)), None)
            if halts is not None:
                return [stopped(halts.bodies, self._wish(tail))], ""
            if begins and not self._is_prelude(tokens[:end]):
                return [act], self._wish(tail)
        return ([unclear] if unclear is not None else []), ""

    def _joints(self, tokens: list[Token]) -> list[tuple[int, int]]:
        """Where something else may begin, the last first: the place, and how many tokens join it."""
        reader = self._acts.reader
        found = []
        for i in range(1, len(tokens) - 1):
            size = reader.joint(tokens, i) or int(tokens[i].is_mark)
            while (
                size
                and i + size < len(tokens)
                and (tokens[i + size].is_mark or reader.joint(tokens, i + size))
            ):
                size += max(reader.joint(tokens, i + size), 1)
            if size and i + size < len(tokens):
                found.append((i, size))
        return found[::-1]

    def _is_noise(self, tokens: Sequence[Token]) -> bool:
        texts = tuple(t.text for t in tokens if not t.is_mark)
        return (
            all(t.is_mark for t in tokens) or texts in listed("after") or texts in listed("before")
        )

    def _put_back(self, head: list[Token], tail: Sequence[Token]) -> Act | None:
        """The cancellation in `head` with the roll-back that the tail asks for; None: it asks none."""
        texts = tuple(t.text for t in tail if not t.is_mark)
        for size in range(len(texts), 0, -1):
            after = texts[size:]
            if texts[:size] in listed("back") and (not after or after in listed("after")):
                return self._whole(head, roll_back=True)
        return None

    def _is_prelude(self, tokens: Sequence[Token]) -> bool:
        """Whether the words say of what comes after them how it is meant ("hurry up, ...")."""
        texts = tuple(t.text for t in tokens if not t.is_mark)
        return any(
            texts[start:] in alone(kind)
            for kind in ("pause", "hurry", "slow")
            for start in range(len(texts))
        )

    def _wish(self, tokens: Sequence[Token]) -> str:
        """What was said beyond the instruction, as a wish."""
        words = list(tokens)
        while words and (words[-1].is_mark or words[-1].text == "instead"):
            words.pop()
        return self._text[words[0].start : words[-1].end] if words else ""

    def _stop_amid(self) -> Act | None:
        """A stop that is said with more in the same breath: "stop, you are hurting me"."""
        tokens = self._tokens
        for i, size in [*self._joints(tokens)[::-1]]:
            head, tail = tokens[:i], tokens[i + size :]
            if is_stop(_plain(head)):
                return self._acts.stop(tail) or stopped((), self._wish(tail))
            if is_stop(_plain(tail)) and not listed("messages") & {(t.text,) for t in head}:
                return stopped((), self._wish(head))
        return None

    # -- one instruction ---------------------------------------------------------------------

    def _whole(self, tokens: list[Token], *, roll_back: bool = False) -> Act | None:
        """What all of the tokens come to, with polite words around; None: they are no instruction."""
        unclear: Act | None = None
        for start, end in self._trimmed(tokens):
            act = self._exactly(tokens[start:end], roll_back=roll_back)
            if act is not None and act.is_done:
                return act
            unclear = unclear or act
        return unclear

    def _trimmed(self, tokens: list[Token]) -> Iterator[tuple[int, int]]:
        """The tokens without more and more of what may be said around."""
        starts = [0, *self._cuts(tokens, forwards=True)]
        ends = [len(tokens), *self._cuts(tokens, forwards=False)]
        for start in starts:
            for end in ends:
                if start < end and not all(t.is_mark for t in tokens[start:end]):
                    yield start, end

    def _cuts(self, tokens: list[Token], *, forwards: bool) -> list[int]:
        known = self._acts.site.lexicon
        around = listed("before") | known.openers if forwards else listed("after") | known.fillers
        found: list[int] = []
        at = 0 if forwards else len(tokens)
        while 0 <= at <= len(tokens):
            sizes = range(_AROUND, 0, -1)
            mark = tokens[at : at + 1] if forwards else tokens[max(at - 1, 0) : at]
            size = 1 if mark and mark[0].is_mark else 0
            for n in sizes:
                part = tokens[at : at + n] if forwards else tokens[max(at - n, 0) : at]
                if len(part) == n and tuple(t.text for t in part) in around:
                    size = n
                    break
            if not size:
                break
            at += size if forwards else -size
            found.append(at)
        return found

    def _exactly(self, tokens: list[Token], *, roll_back: bool) -> Act | None:
        texts = tuple(t.text for t in tokens if not t.is_mark)
        act = self._alone(texts, roll_back=roll_back)
        if act is not None:
            return act
        unclear: Act | None = None
        for kind in _KINDS:
            for phrase in phrases(kind):
                if not phrase.literals <= set(texts):
                    continue
                for spans in phrase.spans(tokens):
                    act = self._filled(phrase, spans, tokens, roll_back=roll_back)
                    if act is not None and act.is_done:
                        return act
                    unclear = unclear or act
        return unclear or self._meant_otherwise(tokens)

    def _alone(self, texts: Words, *, roll_back: bool) -> Act | None:
        """Instructions that do not say what is meant by them."""
        acts = self._acts
        if is_stop(" ".join(texts)):
            return stopped(())
        if texts in said("cancel") and acts.asked() is not None:
            return acts.cancel_latest(sure=True, roll_back=roll_back)
        if texts in alone("cancel"):
            return acts.cancel_latest(sure=texts[0] in ("cancel", "abort"), roll_back=roll_back)
        if texts in alone("undo"):
            return acts.cancel_latest(sure=texts[0] in ("undo", "cancel"), roll_back=True)
        if texts in alone("pause"):
            return acts.pause_latest()
        if texts in alone("release"):
            return acts.go_on() or acts.nothing_to_go_on()
        if texts in alone("hurry"):
            return acts.hurry_latest()
        if texts in alone("slow"):
            return acts.slow_latest()
        return None

    def _filled(
        self, phrase: Phrase, spans: Spans, tokens: list[Token], *, roll_back: bool
    ) -> Act | None:
        """What a phrase comes to with these words in its slots."""
        acts = self._acts
        meant = tokens[slice(*spans.get("~", (0, 0)))]
        if phrase.kind == "stop":
            return acts.stop(meant)
        if phrase.kind == "release":
            return acts.release(meant)
        if phrase.kind == "rather":
            new = tokens[slice(*spans["="])]
            return acts.change_latest(self._said(new), new)
        message = phrase.words[0] == "~" and (meant[0].text,) in listed("messages")
        named = None if message else acts.goals.read(meant)
        if named is None:
            return None
        if phrase.kind == "change" and named.is_last:
            new = tokens[slice(*spans["="])]
            return acts.change_latest(self._said(new), new)
        if phrase.words[-1] == "instead" and not named.is_definite:
            return None
        if phrase.kind == "change":
            return acts.change(named, self._said(tokens[slice(*spans["="])]), sure=phrase.sure)
        if phrase.kind in ("cancel", "undo"):
            back = roll_back or phrase.kind == "undo"
            return acts.cancel(named, sure=phrase.sure, roll_back=back)
        if phrase.kind == "pause" and "hold" in phrase.literals and acts.is_place(named):
            return None
        if phrase.kind == "pause":
            return acts.pause(named, sure=phrase.sure)
        if phrase.kind == "resume":
            return acts.resume(named, sure=phrase.sure)
        if phrase.kind == "slow":
            return acts.slow(named, sure=phrase.sure)
        first = bool(phrase.literals & {"first", "priority", "prioritise", "start"})
        return acts.hurry(named, sure=phrase.sure, first=first)

    def _meant_otherwise(self, tokens: list[Token]) -> Act | None:
        """Such as "no wait, table 5": the last wish, said better."""
        mark = follow_up(tokens)
        if not mark and len(tokens) > 2 and tokens[0].text == "no" and tokens[1].is_mark:
            mark = 2
        rest = tokens[mark:]
        if not mark or not rest or self._acts.reader.starts_clause(rest, 0):
            return None
        act = self._acts.change_latest(self._said(rest), rest)
        return act if act is not None and act.is_done else None

    def _said(self, tokens: Sequence[Token]) -> str:
        return self._text[tokens[0].start : tokens[-1].end]

    # -- deadlines ---------------------------------------------------------------------------

    def _due(self) -> Act | None:
        """Such as "the coffees within two minutes": a time for what is wished already."""
        text, within, priority = urgency_of(self._text)
        if within is None:
            return None
        tokens = self._read(text)
        acts = self._acts
        latest = acts.goals.latest(acts.goals.open)
        if self._is_noise(tokens) and latest is not None:
            return acts.due_for((latest,), within, priority)
        for start, end in self._trimmed(tokens):
            piece = tokens[start:end]
            texts = tuple(t.text for t in piece if not t.is_mark)
            if texts in alone("due") and latest is not None:
                return acts.due_for((latest,), within, priority)
            for phrase in phrases("due"):
                for spans in phrase.spans(piece):
                    named = acts.goals.read(piece[slice(*spans["~"])])
                    act = acts.due(named, within, priority) if named is not None else None
                    if act is not None:
                        return act
        return None


def _is_changed(act: Act, more: Sequence[Act]) -> bool:
    """Whether a goal that the act ends is changed after it: "scratch that, bring tea instead"."""
    ended = {g for i in act.instructions if isinstance(i, Cancel) for g in i.goals}
    changes = [i for after in more for i in after.instructions if isinstance(i, Change)]
    return any(change.goal in ended for change in changes)


def _counted_up(found: re.Match[str]) -> str:
    """Such as "g1-g3" is "g1 and g2 and g3"."""
    first, last = int(found[1]), int(found[2])
    if not first < last < first + _MOST:
        return found[0]
    return " and ".join(f"g{number}" for number in range(first, last + 1))


def _goals_of(act: Act) -> tuple[str, ...]:
    """The goals that the act is about."""
    found: list[str] = []
    for told in act.instructions:
        found += [told.goal] if isinstance(told, Change) else getattr(told, "goals", ())
    return tuple(found)


def _plain(tokens: Sequence[Token]) -> str:
    return " ".join(t.text for t in tokens if not t.is_mark)


def _word_at(text: str, start: int, end: int) -> str:
    """The whole word around a token, which may be but a part of it ("g" and "1" of "g1")."""
    while start and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return text[start:end]
