"""What a request tells of its program: in the body, else in headers, else by its conversation.

The headers are for clients that must not send unknown fields, because other servers would refuse them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from services.llm.engines.contracts import Hint
from services.llm.gateway.contracts import PRIORITIES, BadInput, ChatBody

# Servers and clients that route by conversation use this header (vLLM among them).
_SESSION = "x-session-id"
_LAST_STEP = "x-last-step"
_TOOL = "x-tool"
_BODY = "x-body"
_EXPECTED = "x-expected-tool-seconds"
_PRIORITY = "x-priority"
_DEADLINE = "x-deadline"
_LONGEST_NAME = 256


def hint_of(
    body: ChatBody,
    headers: Mapping[str, str],
    conversation: tuple[dict[str, Any], ...],
    recognise: Callable[[str, tuple[dict[str, Any], ...]], str],
) -> Hint:
    """Read it.

    Args:
        body: The request.
        headers: Its headers.
        conversation: Its messages as engines take them.
        recognise: Names the program of a model and a conversation, if the caller does not.

    Raises:
        BadInput: If a header is wrong.
    """
    named = body.program or _name(headers, _SESSION)
    expected, deadline = body.expected_tool_seconds, body.deadline
    if expected is None and _EXPECTED in headers:
        expected = _seconds(headers, _EXPECTED)
    if deadline is None and _DEADLINE in headers:
        deadline = _seconds(headers, _DEADLINE)
        if deadline == 0.0:
            raise BadInput(f"The header {_DEADLINE!r} is wrong: give more than 0 seconds.")
    return Hint(
        program=named or recognise(body.model, conversation),
        last_step=body.last_step or headers.get(_LAST_STEP) == "1",
        tool=body.tool or _name(headers, _TOOL),
        body=body.body or _name(headers, _BODY),
        expected_s=expected,
        priority=body.priority or _priority(headers),
        deadline_s=deadline,
        implied=not named,
    )


def _name(headers: Mapping[str, str], header: str) -> str:
    value = headers.get(header, "")
    if len(value) > _LONGEST_NAME:
        raise BadInput(f"The header {header!r} is longer than {_LONGEST_NAME} characters.")
    return value


def _priority(headers: Mapping[str, str]) -> int:
    text = headers.get(_PRIORITY, "0")
    try:
        value = int(text)
    except ValueError:
        value = PRIORITIES[1] + 1
    low, high = PRIORITIES
    if not low <= value <= high:
        raise BadInput(
            f"The header {_PRIORITY!r} is wrong: give a whole number from {low} to {high}."
        )
    return value


def _seconds(headers: Mapping[str, str], header: str) -> float:
    try:
        value = float(headers[header])
    except ValueError:
        value = math.nan
    if not 0.0 <= value < math.inf:
        raise BadInput(f"The header {header!r} is wrong: give seconds, such as 4.5.")
    return value
