"""Output on terminals that do not know every character: what they lack is written plainly."""

from __future__ import annotations

import codecs
import io
import unicodedata
from typing import TextIO

_PLAIN = {
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("–—━─│┃", "-"),
    **dict.fromkeys("·•▸", "*"),
    "…": "...",
    "✓": "+",
    "✗": "x",
    "⊘": "-",
    "‖": "=",
    "×": "x",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
}


def write_plainly(*streams: TextIO) -> None:
    """Let streams write what their encoding lacks in plain characters, where they failed before."""
    codecs.register_error("retinue.plain", _plain)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="retinue.plain")


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_of(character) for character in lacking), error.end


def _of(character: str) -> str:
    """What comes nearest in ASCII; a question mark if nothing does."""
    found = _PLAIN.get(character)
    if found is None:
        letters = unicodedata.normalize("NFKD", character)
        found = letters.encode("ascii", "ignore").decode("ascii")
    return found or "?"
