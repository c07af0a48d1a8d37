"""What the plug-in tells of itself, and what it can be told, over HTTP from inside vLLM's engine process.

    GET    /agents             pins, what became of earlier ones, blocks, cost per step
    POST   /agents/NAME/wait   a program that is away waits for this: {"tool", "body", "expected_s"}
    POST   /agents/NAME/save   its KV goes into a file with the next step: {"key"}
    DELETE /agents/NAME        a program went away: its pin goes
    POST   /kv/KEY             the program whose KV is in this file may come: it is found
    DELETE /kv/KEY             the file goes

It listens where ``RETINUE_AGENTS`` says (``host:port``), and asks for the bearer token of vLLM itself
(``VLLM_API_KEY``) if there is one. Engine processes of one server (data parallel) count the port up.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import unquote

ADDRESS_VARIABLE = "RETINUE_AGENTS"
KEY_VARIABLE = "VLLM_API_KEY"
_AGENTS = "/agents"
_KV = "/kv"
# Keys are names of files.
_KEY = re.compile("[0-9a-z-]{1,64}")
_LONGEST_BODY = 4096

_log = logging.getLogger(__name__)


class Told(Protocol):
    """What the door speaks for: `services.llm.vllm_plugin.scheduling.AgentScheduling`."""

    def agents(self) -> dict[str, Any]:
        """All that there is to know."""
        ...

    def forget(self, program: str) -> None:
        """A program went away."""
        ...

    def announce(self, program: str, wait: dict[str, Any]) -> None:
        """A program waits for this."""
        ...

    def put_out(self, program: str, key: str) -> int:
        """Write its KV into a file."""
        ...

    def take_in(self, key: str) -> int:
        """KV may be found in a file."""
        ...

    def discard(self, key: str) -> None:
        """A file goes."""
        ...


class AgentsDoor:
    """A small server in a thread of its own; the scheduler never waits for it.

    Args:
        address: ``host:port``.
        index: Added to the port.
        scheduling: Whom it speaks for.

    Raises:
        OSError: If the address is taken or not this machine's.
        ValueError: If it is no address.
    """

    def __init__(self, address: str, index: int, scheduling: Told) -> None:
        host, _, port = address.rpartition(":")

        class Visit(_Visit):
            key = os.environ.get(KEY_VARIABLE, "")
            told = scheduling

        self._server = ThreadingHTTPServer((host, int(port) + index), Visit)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


class _Visit(BaseHTTPRequestHandler):
    key: str
    told: Told

    def do_GET(self) -> None:
        if self._known() and self._is(self.path == _AGENTS):
            self._answer(200, self.told.agents())

    def do_DELETE(self) -> None:
        kind, name, _ = self._place()
        if self._known() and self._is(kind in {_AGENTS, _KV} and bool(name)):
            if kind == _AGENTS:
                self.told.forget(name)
            else:
                self.told.discard(name)
            self._answer(200, {"name": name})

    def do_POST(self) -> None:
        kind, name, what = self._place()
        if not self._known():
            return
        value = self._body()
        try:
            if value is None:
                self._answer(400, {"error": "Send a JSON object."})
            elif (kind, what) == (_AGENTS, "wait"):
                self.told.announce(name, value)
                self._answer(200, {"name": name})
            elif (kind, what) == (_AGENTS, "save") and _KEY.fullmatch(str(value.get("key"))):
                self._answer(200, {"tokens": self.told.put_out(name, value["key"])})
            elif (kind, what) == (_KV, "") and _KEY.fullmatch(name):
                self._answer(200, {"tokens": self.told.take_in(name)})
            else:
                self._is(False)
        except LookupError:
            self._answer(404, {"error": "There is no such KV, or it is not carried here."})

    def _place(self) -> tuple[str, str, str]:
        """The path's kind, name and what is to be done."""
        _, _, rest = self.path.partition("/")
        kind, _, rest = rest.partition("/")
        name, _, what = rest.partition("/")
        return f"/{kind}", unquote(name), what

    def log_message(self, *_: Any) -> None:
        """Visits are not logged: somebody asks every second."""

    def _known(self) -> bool:
        given = self.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if self.key and not hmac.compare_digest(given.encode(), self.key.encode()):
            self._answer(401, {"error": "The key is wrong or missing; send it as a bearer token."})
            return False
        return True

    def _is(self, found: bool) -> bool:
        if not found:
            self._answer(404, {"error": f"There is {_AGENTS} here, and {_KV}/KEY."})
        return found

    def _body(self) -> dict[str, Any] | None:
        try:
            length = int(self.headers.get("Content-Length", "0"))
            value = json.loads(self.rfile.read(length)) if 0 < length <= _LONGEST_BODY else None
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    def _answer(self, status: int, value: dict[str, Any]) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def open_door(index: int, scheduling: Told) -> AgentsDoor | None:
    """The door that the environment asks for; None if it asks for none, or it cannot be opened."""
    address = os.environ.get(ADDRESS_VARIABLE)
    if not address:
        return None
    try:
        return AgentsDoor(address, index, scheduling)
    except (OSError, ValueError) as error:
        # The engine serves without it; whoever watches sees no pins.
        _log.error("%s=%s cannot be opened: %s", ADDRESS_VARIABLE, address, error)
        return None
