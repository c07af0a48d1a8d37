"""Seals what is personal before it reaches the log, and opens it as long as the keys are there."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event, Payload
from stem_memory.privacy.acquaintance import Acquaintance
from stem_memory.privacy.box import close_box, open_box
from stem_memory.privacy.contracts import Sealed, SealedPart
from stem_memory.privacy.keys import Keyring, pseudonym
from stem_memory.privacy.personal import fill
from stem_memory.privacy.rules import PrivacyRules

_BODY: TypeAdapter[Payload] = TypeAdapter(Payload)
_NEVER_SEALED = {"frame_aligned", "privacy_changed", "sealed", "skills_declared"}


class Vault:
    """Seals and opens the bodies of events. Feed it every event of the log through `seal`.

    Args:
        keys: Where keys are kept. Every person has one; things under a rule of retention share one
            for their class, place and stretch of time.
    """

    def __init__(self, keys: Keyring) -> None:
        self.keys = keys
        self._known = Acquaintance()
        self._rules = PrivacyRules()

    @classmethod
    def beside(cls, store: Path) -> Vault | None:
        """The vault of a memory file; None: it has no keys, so it is kept in clear."""
        keys = Keyring.beside(store)
        return cls(keys) if keys.path.exists() else None

    def remember(self, state: MemoryState) -> tuple[str, ...]:
        """Take over whom and what a memory knows, and carry out what its log says of keys.

        Returns the names of keys that were still there and are destroyed now.
        """
        self._known.remember(state)
        # A copy: the state goes on folding, and so does this.
        self._rules = deepcopy(state.projections.privacy)
        return self.keys.destroy(self._rules.destroyed)

    def seal(self, event: Event) -> Payload:
        """The body as it may lie in the log: the very same if nothing in it is personal."""
        body = event.body
        self._known.learn(body)
        if body.kind == "privacy_changed":
            self._rules.apply(body, event.t)
        if body.kind in _NEVER_SEALED:
            return body
        if not self._rules.retention and not self._known.may_concern_somebody(body):
            return body
        cutter = self._known.cutter(body, event.t, self._rules)
        template = cutter.cut(body.model_dump(mode="json"))
        if not cutter.pieces:
            return body
        parts = []
        for index, piece in enumerate(cutter.pieces):
            keys = [self.keys.make(name) for name in piece.keys]
            parts.append(
                SealedPart(
                    keys=tuple(pseudonym(key) for key in keys),
                    shape=piece.shape,
                    box=close_box(piece.text, keys, _place(event, index)),
                )
            )
        text = json.dumps(template, ensure_ascii=False)
        return Sealed(of=body.kind, template=text, parts=tuple(parts))

    def names_somebody(self, text: str) -> bool:
        """Whether a text names anybody that this memory knows."""
        return self._known.names_somebody(text)

    def open(self, event: Event) -> Event:
        """The event as it was, or with what is left of it where keys are gone."""
        return unsealed(event, self.keys)


def is_whole(event: Event, keys: Keyring | None) -> bool:
    """Whether every piece of an event can still be opened."""
    if not isinstance(event.body, Sealed):
        return True
    wanted = {key for part in event.body.parts for key in part.keys}
    return keys is not None and all(keys.named(key) is not None for key in wanted)


def unsealed(event: Event, keys: Keyring | None = None) -> Event:
    """A sealed event with the pieces that these keys open; any other event as it is.

    Without its keys an id becomes a pseudonym, a text empty, and an element is left out: a body of
    the same kind, that folds as if the personal had never been recorded.
    """
    sealed = event.body
    if not isinstance(sealed, Sealed):
        return event

    def opened(index: int) -> str | None:
        part = sealed.parts[index]
        found = [keys.named(alias) if keys is not None else None for alias in part.keys]
        there = [key for key in found if key is not None]
        if len(there) < len(found):
            return None
        return open_box(part.box, there, _place(event, index))

    def left(index: int) -> Any:
        part = sealed.parts[index]
        return {"element": None, "id": part.keys[0], "text": ""}[part.shape]

    body = fill(sealed.template, opened, left)
    return event.model_copy(update={"body": _BODY.validate_python(body, strict=False)})


def _place(event: Event, index: int) -> str:
    return f"{event.origin}/{event.seq}/{index}"
