"""A sealed piece of text: readable as long as every one of its keys is there.

AES-SIV (RFC 5297) needs no random nonce: the same text of the same event under the same keys is the
same box, so a retried event is still the same event.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV


@lru_cache(maxsize=64)
def _cipher(keys: tuple[bytes, ...]) -> AESSIV:
    """One cipher that can be made only from all of the keys."""
    # A compiled library; memories without sealed events never load it.
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    return AESSIV(hmac.digest(b"retinue box", b"".join(keys), hashlib.sha512))


def forget_keys() -> None:
    """Drop ciphers made so far: a destroyed key must not live on in this process."""
    _cipher.cache_clear()


def close_box(text: str, keys: Sequence[bytes], place: str) -> str:
    """Seal a text. `place` names where it belongs; it opens nowhere else."""
    return base64.b64encode(_cipher(tuple(keys)).encrypt(text.encode(), [place.encode()])).decode()


def open_box(box: str, keys: Sequence[bytes], place: str) -> str | None:
    """The text; None if the box was not sealed with these keys for this place."""
    from cryptography.exceptions import InvalidTag

    try:
        plain = _cipher(tuple(keys)).decrypt(base64.b64decode(box), [place.encode()])
    except (InvalidTag, ValueError):
        return None
    return plain.decode()
