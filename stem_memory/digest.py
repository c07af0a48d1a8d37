"""The canonical form of folded state, so that two memories can be compared by one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

_DECIMALS = 6


def canonical(value: Any) -> Any:
    """Plain JSON data with sorted keys to come, floats rounded to 6 decimals, no minus zero."""
    if isinstance(value, float):
        return round(value, _DECIMALS) + 0.0
    if isinstance(value, BaseModel):
        return canonical(
            {name: item for name, item in value if not _is_left_out(value, name, item)}
        )
    if isinstance(value, Mapping):
        return {str(key): canonical(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [canonical(item) for item in value]
    return value


def _is_left_out(model: BaseModel, name: str, value: Any) -> bool:
    """Whether the field says nothing: older memories have not got it."""
    rule = type(model).model_fields[name].exclude_if
    return rule is not None and rule(value)


def sha256(value: Any) -> str:
    """The SHA-256 of the canonical form, in hex."""
    text = json.dumps(
        canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()
