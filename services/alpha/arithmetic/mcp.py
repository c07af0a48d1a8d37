"""Tools of others over the Model Context Protocol, by its standard-stream transport.

One JSON-RPC 2.0 message a line, as the specification of 2025-06-18 says: initialize, list the tools,
call them. A server that dies or does not answer makes its tools unavailable, and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import queue
import shlex
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from devices.child import start
from services.alpha.arithmetic.trouble import ToolUnavailable
from services.alpha.contracts import Content
from services.errors import UserError

PROTOCOL = "2025-06-18"
START_S = 10.0
CALL_S = 5.0
_MOST_PAGES = 20


class McpServer:
    """One tool server, run as a child process."""

    def __init__(self, command: str) -> None:
        """Start the server and shake hands.

        Raises:
            UserError: it does not start, or does not speak the protocol.
        """
        self.command = command
        self._number = 0
        self._lock = threading.Lock()
        self._inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
        try:
            self._process = start(
                shlex.split(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                errors="replace",
            )
        except (OSError, ValueError) as error:
            raise UserError(f"the tool server {command!r} does not start: {error}") from None
        self._listener = threading.Thread(target=self._listen, name="mcp", daemon=True)
        self._listener.start()
        try:
            client = {"name": "retinue", "version": "0.1"}
            hello = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": client}
            self._request("initialize", hello, START_S)
            self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        except (ToolUnavailable, ValueError) as error:
            self.close()
            raise UserError(
                f"the tool server {command!r} does not answer as one ({error}): is it an MCP server?"
            ) from None

    def tools(self) -> dict[str, Callable[..., Mapping[str, Content]]]:
        """The server's tools by name, as functions of keywords."""
        found: dict[str, Callable[..., Mapping[str, Content]]] = {}
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = self._request("tools/list", {"cursor": cursor} if cursor else {}, START_S)
            for tool in page.get("tools", []):
                found[str(tool["name"])] = self._function(str(tool["name"]))
            cursor = page.get("nextCursor")
            if not cursor:
                break
        return found

    def call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Content]:
        """Call a tool; its text is under "text", structured content beside it.

        Raises:
            ValueError: the tool reports an error.
            ToolUnavailable: the server is gone or silent.
        """
        reply = self._request("tools/call", {"name": name, "arguments": dict(arguments)}, CALL_S)
        texts = [part["text"] for part in reply.get("content", []) if part.get("type") == "text"]
        text = " ".join(" ".join(texts).split())
        if reply.get("isError"):
            raise ValueError(text or f"the tool {name} reports an error")
        structured = reply.get("structuredContent") or {}
        plain = {k: v for k, v in structured.items() if isinstance(v, bool | int | float | str)}
        return {"text": text, **plain}

    def close(self) -> None:
        """End the server: its input closes; if that does not end it, it is terminated."""
        assert self._process.stdin is not None
        # Closing writes what is left, and the other end may be gone already.
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(2.0)
        self._listener.join(1.0)

    def _function(self, name: str) -> Callable[..., Mapping[str, Content]]:
        return lambda **arguments: self.call(name, arguments)

    def _request(self, method: str, params: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        """Send and wait. Requests go one by one, so an answer is ours or an old one, left behind."""
        with self._lock:
            self._number += 1
            number = self._number
            self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": dict(params)})
            while True:
                try:
                    message = self._inbox.get(timeout=timeout_s)
                except queue.Empty:
                    raise ToolUnavailable("The tool server does not answer.") from None
                if message is None:
                    self._inbox.put(None)
                    raise ToolUnavailable("The tool server has ended.")
                if message.get("id") != number or "method" in message:
                    continue
                if "error" in message:
                    raise ValueError(str(message["error"].get("message", "it reports an error")))
                result: dict[str, Any] = message.get("result", {})
                return result

    def _send(self, message: Mapping[str, Any]) -> None:
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            raise ToolUnavailable("The tool server has ended.") from None

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                try:
                    message = json.loads(line)
                except ValueError:
                    continue  # a line that is no message: servers log to the wrong stream
                if isinstance(message, dict):
                    self._inbox.put(message)
        self._inbox.put(None)


def open_servers(commands: Sequence[str]) -> tuple[McpServer, ...]:
    """Start a tool server for each command.

    Raises:
        UserError: one does not start; those before it are ended.
    """
    servers: list[McpServer] = []
    try:
        for command in commands:
            servers.append(McpServer(command))
    except UserError:
        for server in servers:
            server.close()
        raise
    return tuple(servers)
