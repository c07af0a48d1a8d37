"""What a note is about, as an id and as words."""

from __future__ import annotations

import re

from stem_memory.digest import sha256
from stem_memory.notes.contracts import Note

_WORD = re.compile(r"[^\W_]+")
_SUFFIXES = ("ingly", "edly", "ing", "ied", "ies", "ed", "es", "s", "ly")


def signed(note: Note) -> Note:
    """The note with the id of its content.

    The sentences are left out: two hosts that say the same in other words mean the same note.
    Advice is its sentence.
    """
    fix = note.fix if note.fix.kind == "advice" else note.fix.model_copy(update={"text": ""})
    parts = [note.skill, note.reason, fix, note.body_class, note.thing_class, note.place]
    return note.model_copy(update={"id": f"note-{sha256(parts)[:16]}"})


def terms(text: str) -> list[str]:
    """The words of a text, in lower case and without endings, for comparing."""
    return [_stem(word) for word in _WORD.findall(text.lower())]


def note_terms(note: Note) -> list[str]:
    """The words of a note, what it is about twice: that weighs more than how it is told."""
    about = f"{note.skill} {note.reason} {note.thing_class} {note.place} {note.body_class}"
    told = f"{note.symptom} {note.cause} {note.fix.text} {note.fix.skill} {note.fix.target_class}"
    return [*terms(about), *terms(about), *terms(told)]


def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        stem = word.removesuffix(suffix)
        if stem != word and len(stem) >= 3:
            return stem + ("y" if suffix in ("ied", "ies") else "")
    return word
