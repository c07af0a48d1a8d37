"""Which notes speak to a situation, best first.

A note speaks to a situation if every field of it that is not empty fits. Those that fit are ranked
by how much they have in common with the words of the situation (Okapi BM25, S. Robertson and
H. Zaragoza, 2009; with an embedder, fused with cosine similarity by reciprocal ranks, G. Cormack
et al., 2009), by how exactly they fit, and by what trials say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from math import hypot, log

from devices.noun import Noun
from stem_memory.notes.contracts import Note, NoteStatus
from stem_memory.notes.projection import NoteProjection, NoteRecord
from stem_memory.notes.signature import note_terms, terms

Embedder = Callable[[Sequence[str]], Sequence[Sequence[float]]]
_K1, _B, _RRF = 1.2, 0.75, 60.0
_STANDING: dict[NoteStatus, float] = {"validated": 1.0, "candidate": 0.5, "retired": 0.0}


class Situation(Noun):
    """What is about to be done: a skill, by a body of these kinds, on a thing of these classes.

    Each tuple goes from near to far: ("mug", "cup", "clearable"); places are ids and classes of
    fixture and room. Empty: not known, which fits only notes that do not care. `text` is anything
    else that may help, such as an error message; `episode` names the attempt, for trials.
    """

    skill: str
    reason: str = ""
    body_classes: tuple[str, ...] = ()
    thing_classes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    text: str = ""
    episode: str = ""


class Recalled(Noun):
    """A note for a situation. `apply` False: leave the fix out this time, to learn its worth."""

    note: Note
    status: NoteStatus
    score: float
    apply: bool
    gain: float
    episodes: int


def recall(
    book: NoteProjection,
    situation: Situation,
    at_most: int = 5,
    embed: Embedder | None = None,
    retired: bool = False,
) -> tuple[Recalled, ...]:
    """The notes that speak to a situation, best first.

    Args:
        book: All notes.
        situation: What is about to be done.
        at_most: How many notes are wanted.
        embed: Texts to vectors; without it words alone decide on likeness.
        retired: Whether notes that did not stand their trial are shown too.
    """
    fitting = [
        (record, exactness)
        for record in book.records.values()
        if (retired or record.status != "retired")
        and (exactness := fit(record.note, situation)) is not None
    ]
    likeness = _likeness([record.note for record, _ in fitting], situation, embed)
    found = [
        _recalled(book, record, round(like + exact + _STANDING[record.status], 6), situation)
        for (record, exact), like in zip(fitting, likeness, strict=True)
    ]
    found.sort(key=lambda r: (-r.score, r.note.id))
    return tuple(found[:at_most])


def _recalled(
    book: NoteProjection, record: NoteRecord, score: float, situation: Situation
) -> Recalled:
    apply = record.status != "retired" and (
        not situation.episode or book.applies(record.note.id, situation.episode)
    )
    return Recalled(
        note=record.note,
        status=record.status,
        score=score,
        apply=apply,
        gain=record.trial.gain()[0],
        episodes=record.trial.episodes,
    )


def fit(note: Note, situation: Situation) -> float | None:
    """How exactly a note fits, 0..1; None: not at all. Near classes fit better than far ones."""
    if note.skill and note.skill != situation.skill:
        return None
    if note.reason and situation.reason and note.reason != situation.reason:
        return None
    exact = 0.25 * bool(note.skill)
    for wanted, known in (
        (note.body_class, situation.body_classes),
        (note.thing_class, situation.thing_classes),
        (note.place, situation.places),
    ):
        if wanted and wanted not in known:
            return None
        if wanted:
            exact += 0.25 / (1 + known.index(wanted))
    return exact


def _likeness(
    notes: Sequence[Note], situation: Situation, embed: Embedder | None
) -> tuple[float, ...]:
    """How alike each note and the situation are, 0..1 within these notes."""
    if not notes:
        return ()
    words = _bm25([note_terms(note) for note in notes], terms(_words(situation)))
    best = max(words) or 1.0
    if embed is None:
        return tuple(score / best for score in words)
    vectors = embed([_words(situation), *(f"{n.symptom} {n.cause}" for n in notes)])
    meaning = [_cosine(vectors[0], vector) for vector in vectors[1:]]
    fused = [
        1.0 / (_RRF + a) + 1.0 / (_RRF + b)
        for a, b in zip(_ranks(words), _ranks(meaning), strict=True)
    ]
    return tuple(score / max(fused) for score in fused)


def _words(situation: Situation) -> str:
    named = (*situation.body_classes, *situation.thing_classes, *situation.places)
    return " ".join((situation.skill, situation.reason, *named, situation.text))


def _bm25(documents: Sequence[Sequence[str]], query: Sequence[str]) -> list[float]:
    average = sum(map(len, documents)) / len(documents) or 1.0
    counts = [Counter(document) for document in documents]
    scores = [0.0] * len(documents)
    for term in dict.fromkeys(query):
        holding = sum(term in count for count in counts)
        rare = log(1.0 + (len(documents) - holding + 0.5) / (holding + 0.5))
        for i, count in enumerate(counts):
            often = count[term]
            length = 1.0 - _B + _B * len(documents[i]) / average
            scores[i] += rare * often * (_K1 + 1.0) / (often + _K1 * length)
    return scores


def _ranks(scores: Sequence[float]) -> list[int]:
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    ranks = [0] * len(scores)
    for rank, i in enumerate(order, 1):
        ranks[i] = rank
    return ranks


def _cosine(a: Sequence[float], b: Sequence[float]) -> float:
    lengths = hypot(*a) * hypot(*b)
    return sum(x * y for x, y in zip(a, b, strict=True)) / lengths if lengths else 0.0
