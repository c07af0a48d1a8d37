"""A sealed piece of text: readable as long as every one of its keys is there.

AES-SIV (RFC 5297) needs no random nonce: the same text of the same event under the same keys is the
same box, so a retried event is still the same event.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence


def close_box(text: str, keys: Sequence[bytes], place: str) -> str:
    """Seal a text. `place` names where it belongs; it opens nowhere else."""
    # The cipher is a compiled library; memories without sealed events never load it.
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    return base64.b64encode(
        AESSIV(_together(keys)).encrypt(text.encode(), [place.encode()])
    ).decode()


def open_box(box: str, keys: Sequence[bytes], place: str) -> str | None:
    """The text; None if the box was not sealed with these keys for this place."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    try:
        plain = AESSIV(_together(keys)).decrypt(base64.b64decode(box), [place.encode()])
    except (InvalidTag, ValueError):
        return None
    return plain.decode()


def _together(keys: Sequence[bytes]) -> bytes:
    """One key that can be made only from all of them."""
    return hmac.digest(b"retinue box", b"".join(keys), hashlib.sha512)
