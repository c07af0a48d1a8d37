"""Tool calls for models whose chat template knows no tools: told in words, answered in forced JSON.

The tools are described in the system message, the answer is held to a JSON schema (either a call of one
tool or a plain response), and earlier calls and results are written into the conversation as text.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncGenerator
from typing import Any

from services.llm.engines.contracts import ChatCall, Piece
from services.llm.engines.errors import EngineRefused

_FIELDS = ("tools", "tool_choice", "parallel_tool_calls")


def wants_tools(call: ChatCall) -> bool:
    """Whether the call offers tools, or its conversation has used some."""
    offered = bool(call.options.get("tools")) and call.options.get("tool_choice") != "none"
    return offered or any(m["role"] == "tool" or m.get("tool_calls") for m in call.messages)


def in_words(call: ChatCall) -> ChatCall:
    """The same call for a model that knows no tools.

    Raises:
        EngineRefused: If ``tool_choice`` names a tool that is not offered.
    """
    options = {k: v for k, v in call.options.items() if k not in _FIELDS}
    messages = [_plain(message) for message in call.messages]
    tools = call.options.get("tools") or []
    choice = call.options.get("tool_choice") or "auto"
    if tools and choice != "none":
        functions = _chosen([tool["function"] for tool in tools], choice)
        forms = [_call_schema(function) for function in functions]
        if choice == "auto":
            forms.append(_RESPONSE_SCHEMA)
        options["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"anyOf": forms}, "strict": True},
        }
        text = _described(functions, choice == "auto")
        if messages[0]["role"] in {"system", "developer"}:
            messages[0] = {**messages[0], "content": f"{_text(messages[0])}\n\n{text}"}
        else:
            messages.insert(0, {"role": "system", "content": text})
    return ChatCall(messages=tuple(messages), options=options)


def offers_tools(call: ChatCall) -> bool:
    """Whether the answer to this call is to be read with `from_json`."""
    return bool(call.options.get("tools")) and call.options.get("tool_choice") != "none"


async def from_words(pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[Piece, None]:
    """The pieces of an answer to `in_words` as those of the call it was made from."""
    text = ""
    async for piece in pieces:
        text += piece.delta.get("content") or ""
        if piece.finish_reason is not None:
            for part in from_json(text, piece):
                yield part


def from_json(text: str, last: Piece) -> list[Piece]:
    """The pieces of an answer that was forced into JSON.

    Args:
        text: The whole answer.
        last: The engine's last piece.
    """
    try:
        answer = json.loads(text)
    except json.JSONDecodeError:
        # The answer was cut off by its token limit: what there is goes out as text.
        return [Piece(delta={"content": text}), last]
    if "response" in answer:
        return [Piece(delta={"content": answer["response"]}), last]
    call = {
        "index": 0,
        "id": f"call_{secrets.token_hex(8)}",
        "type": "function",
        "function": {"name": answer["name"], "arguments": json.dumps(answer["arguments"])},
    }
    return [
        Piece(delta={"tool_calls": [call]}),
        Piece(finish_reason="tool_calls", usage=last.usage),
    ]


_RESPONSE_SCHEMA = {
    "type": "object",
    "properties": {"response": {"type": "string"}},
    "required": ["response"],
    "additionalProperties": False,
}


def _chosen(functions: list[dict[str, Any]], choice: Any) -> list[dict[str, Any]]:
    if not isinstance(choice, dict):
        return functions
    name = choice.get("function", {}).get("name")
    found = [function for function in functions if function["name"] == name]
    if not found:
        raise EngineRefused(f"tool_choice names {name!r}, which is not among the tools.")
    return found


def _call_schema(function: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "name": {"const": function["name"]},
            "arguments": function.get("parameters") or {"type": "object"},
        },
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


def _described(functions: list[dict[str, Any]], may_answer: bool) -> str:
    listed = "\n".join(json.dumps(function, ensure_ascii=False) for function in functions)
    answer = ' or, if no tool is needed, {"response": "your answer"}' if may_answer else ""
    return (
        f"You can call these tools:\n{listed}\n"
        f'Reply with JSON only: {{"name": "tool", "arguments": {{...}}}}{answer}.'
    )


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    if message["role"] == "tool":
        return {"role": "user", "content": f"Result of the tool: {_text(message)}"}
    if message.get("tool_calls"):
        calls = [call["function"] for call in message["tool_calls"]]
        written = "\n".join(
            f'{{"name": {json.dumps(call["name"])}, "arguments": {call["arguments"]}}}'
            for call in calls
        )
        return {"role": "assistant", "content": f"{_text(message)}\n{written}".strip()}
    return message


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)
