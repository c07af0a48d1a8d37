"""Full-text search over what was said, wanted, reported and seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from devices.noun import Noun
from stem_memory import contracts as log
from stem_memory.belief.journal import Change
from stem_memory.belief.naming import id_words, in_words
from stem_memory.belief.talk import BRAIN
from stem_memory.history.row import Connection
from stem_memory.notes.contracts import NoteBrought, NoteProposed
from stem_memory.view import MemoryView

_OTHERS = re.compile(r" \{[^{}]*\}")
_TOKEN = re.compile(r"\w+")
# Words that say nothing of what a question is about; a question of nothing else is asked as it is.
_COMMON = frozenset(
    _TOKEN.findall(
        "a an and are as at be by can did do does for from had has have he her him his how i in is "
        "it its me my not of on or our please she so that the their them there they this to us was "
        "we were what when where which who will with would you your"
    )
)


class Text(NamedTuple):
    """A sentence for the index: what kind it is and what or whom it is about."""

    kind: str
    about: str
    text: str


# A sentence with its time and the position of its event.
Told = tuple[str, str, str, float, int]


class Hit(NamedTuple):
    """What a search found, with its rank (BM25; smaller is better)."""

    text: str
    kind: str
    about: str
    t: float
    event: int
    rank: float


class Found(Noun):
    """One answer of a search: a sentence, when it was so, and its place in the log."""

    text: str
    kind: str
    about: str
    t: float
    event: int
    score: float


def texts_of(event: log.Event, changes: Iterable[Change], memory: MemoryView) -> Iterator[Text]:
    """The sentences an event adds: its own, and where it found things to be now."""
    body = event.body
    if isinstance(body, log.Observed):
        for heard in body.observation.heard:
            yield Text("said", heard.who, heard.text)
    elif isinstance(body, log.Spoken):
        yield Text("said", body.body, body.text)
    elif isinstance(body, log.Said):
        yield Text("said", body.who, body.text)
    elif isinstance(body, log.Replied):
        yield Text("said", BRAIN, body.text)
    elif isinstance(body, log.AnswerGiven):
        yield Text("answer", body.goal, body.answer.text)
    elif isinstance(body, log.GoalPosted):
        yield Text("goal", body.goal.id, body.goal.text)
    elif isinstance(body, log.GoalUnderstood):
        yield Text("goal", body.goal, body.summary)
    elif isinstance(body, log.GoalQuestioned):
        yield Text("question", body.goal, " ".join((body.question, *body.options)))
    elif isinstance(body, log.GoalAnswered):
        yield Text("answer", body.goal, body.text)
    elif isinstance(body, log.GoalClosed) and body.reason:
        yield Text("goal", body.goal, f"{body.status}: {body.reason}")
    elif isinstance(body, log.StepEnded) and body.outcome != "done":
        why = f"{id_words(body.reason)} {body.detail}".strip()
        yield Text("failure", body.body, f"{id_words(body.skill)} {body.outcome}: {why}")
    elif isinstance(body, NoteProposed | NoteBrought):
        note = body.note
        yield Text("note", note.id, f"{note.symptom}; {note.cause}; {note.fix.text}")
    elif isinstance(body, log.Asserted) and body.reason:
        yield Text("statement", body.thing, body.reason)
    for change in changes:
        if change.verdict == "changed":
            yield Text("fact", change.thing, sentence(change, memory))


def sentence(change: Change, memory: MemoryView) -> str:
    """A change in words: what the thing is called, what else in braces, and what is so of it."""
    first, *others = memory.names(change.thing) or (id_words(change.thing),)
    names = f"{first} {{{', '.join(others)}}}" if others else first
    if change.attr == "location":
        if change.value is None:
            return f"{names} not there"
        return f"{names} {in_words(change.relation or 'at')} {id_words(str(change.value))}"
    return f"{names} {id_words(change.attr)} {change.value}"


def shown(text: str) -> str:
    """A sentence of the index as people read it: without the other names, which only help to find."""
    return _OTHERS.sub("", text)


def query_of(words: str) -> str:
    """Words as a full-text query: every word quoted, any may match; best matches rank first."""
    tokens = list(dict.fromkeys(_TOKEN.findall(words.lower())))
    telling = [token for token in tokens if token not in _COMMON]
    return " OR ".join(f'"{token}"' for token in telling or tokens)


def write_words(connection: Connection, told: Iterable[Told]) -> None:
    """Put sentences into the index."""
    connection.executemany(
        "INSERT INTO words (kind, about, text, t, event) VALUES (?, ?, ?, ?, ?)", told
    )


def find_words(
    connection: Connection, words: str, at_most: int, position: int | None = None
) -> tuple[Hit, ...]:
    """The best matches (BM25, Robertson and Zaragoza 2009), best first."""
    query = query_of(words)
    if not query:
        return ()
    known = "" if position is None else "AND event <= ? "
    rows = connection.execute(
        "SELECT text, kind, about, t, event, rank FROM words WHERE words MATCH ? "
        f"{known}ORDER BY rank, event DESC LIMIT ?",
        (query, *([] if position is None else [position]), at_most),
    )
    return tuple(Hit(*row) for row in rows)
