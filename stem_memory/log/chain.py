"""The hash chain of the log: each entry's hash covers its content and the hash before it."""

from __future__ import annotations

import hashlib
import json
from math import isfinite

from pydantic_core import PydanticSerializationError, to_json

from stem_memory.contracts import Event
from stem_memory.errors import EventUnfit

GENESIS = "0" * 64


def body_text(event: Event) -> str:
    """The event's body as JSON. EventUnfit if reading it back would not give the same event."""
    try:
        text = to_json(event.body).decode()
        # The words may stand inside a string, where they are harmless; look again only then.
        if not isfinite(event.t) or "NaN" in text or "Infinity" in text:
            json.dumps([event.t, event.body.model_dump()], allow_nan=False)
    except (PydanticSerializationError, ValueError):
        raise EventUnfit(
            f"The event {event.origin}/{event.seq} ({event.body.kind}) has a number that is not "
            "finite or text that is not Unicode; mend it before recording."
        ) from None
    return text


def link(before: str, origin: str, seq: int, stamp: int, t: float, body: str) -> str:
    """The hash (SHA-256, hex) of an entry that follows the entry with hash `before`."""
    head = f"{before}\n{origin}\n{seq}\n{stamp}\n{t!r}\n"
    return hashlib.sha256((head + body).encode()).hexdigest()
