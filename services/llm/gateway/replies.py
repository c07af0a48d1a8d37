"""Answers in the form of OpenAI's protocol: whole, in chunks, and errors."""

from __future__ import annotations

import json
from typing import Any

from services.llm.engines.contracts import Piece, Usage


class Answer:
    """Puts the pieces of one answer together.

    Args:
        ident: The answer's id.
        model: The model's name.
        created: Unix time.
    """

    def __init__(self, ident: str, model: str, created: int) -> None:
        self._head = {"id": ident, "created": created, "model": model}
        self._message: dict[str, Any] = {"role": "assistant", "content": None}
        self._logprobs: list[Any] = []
        self._reason = "stop"
        self._first = True
        self.usage = Usage()

    def add(self, piece: Piece) -> None:
        """Add a piece to the whole."""
        for key, value in piece.delta.items():
            if key == "tool_calls":
                _merge_calls(self._message.setdefault("tool_calls", []), value)
            elif key != "role" and isinstance(value, str):
                self._message[key] = (self._message.get(key) or "") + value
        if piece.logprobs:
            self._logprobs.extend(piece.logprobs.get("content") or ())
        self._reason = piece.finish_reason or self._reason
        self.usage = piece.usage or self.usage

    def whole(self) -> dict[str, Any]:
        """The completion, once all pieces are added."""
        choice = {
            "index": 0,
            "message": self._message,
            "finish_reason": self._reason,
            "logprobs": {"content": self._logprobs} if self._logprobs else None,
        }
        head = {**self._head, "object": "chat.completion"}
        return {**head, "choices": [choice], "usage": _usage(self.usage)}

    def chunk(self, piece: Piece) -> dict[str, Any]:
        """A piece as a chunk of a stream; the first also tells the role."""
        delta = dict(piece.delta)
        if self._first:
            delta = {"role": "assistant", "content": "", **delta}
            self._first = False
        choice: dict[str, Any] = {
            "index": 0,
            "delta": delta,
            "finish_reason": piece.finish_reason,
            "logprobs": piece.logprobs,
        }
        return {**self._head, "object": "chat.completion.chunk", "choices": [choice]}

    def usage_chunk(self) -> dict[str, Any]:
        """The chunk that ends a stream for clients that asked for the usage."""
        head = {**self._head, "object": "chat.completion.chunk"}
        return {**head, "choices": [], "usage": _usage(self.usage)}


def event(value: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def error(sentence: str, kind: str, code: int) -> dict[str, Any]:
    """An error object."""
    return {"error": {"message": sentence, "type": kind, "param": None, "code": code}}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def _merge_calls(calls: list[dict[str, Any]], parts: list[dict[str, Any]]) -> None:
    for part in parts:
        index = part.get("index", len(calls))
        while len(calls) <= index:
            calls.append({"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
        call, function = calls[index], part.get("function") or {}
        call["id"] = part.get("id") or call["id"]
        call["function"]["name"] += function.get("name") or ""
        call["function"]["arguments"] += function.get("arguments") or ""
