"""Items of cubes in words, as a prompt has them."""

from __future__ import annotations

from stem_memory.belief.naming import id_words
from stem_memory.cubes.contracts import EventItem, FactItem, Item, NoteItem
from stem_memory.history.mention import mentions
from stem_memory.log.store import EventStore


def item_words(store: EventStore, item: Item) -> str | None:
    """One item as a sentence; None: it is a blob, or what it refers to is not here."""
    if isinstance(item, NoteItem):
        record = store.state.notes().records.get(item.note)
        return None if record is None else f"{record.note.symptom}; {record.note.fix.text}."
    if not isinstance(item, FactItem | EventItem):
        return None
    row = store.connection.execute(
        "SELECT id FROM event WHERE origin = ? AND seq = ?", (item.origin, item.seq)
    ).fetchone()
    if row is None:
        return None
    if isinstance(item, EventItem):
        texts = store.connection.execute(
            "SELECT text FROM words WHERE event = ? AND kind <> 'fact' ORDER BY rowid", (row[0],)
        ).fetchall()
        return " ".join(text for (text,) in texts) or None
    said = next(
        (
            mention
            for entry in store.read(row[0] - 1, row[0])
            for mention in mentions(entry.event.body, item.thing, item.attr)
        ),
        None,
    )
    if said is None:
        return None
    name = next(iter(store.state.names(item.thing)), id_words(item.thing))
    value = "not there" if said.value is None else id_words(str(said.value))
    where = "at" if item.attr == "location" else id_words(item.attr)
    return f"The {name} is {where} {value}, says {id_words(said.source)}."
