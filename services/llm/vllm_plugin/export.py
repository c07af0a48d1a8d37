"""What the plug-in tells of itself, and what it can be told, over HTTP from inside vLLM's engine process.

    GET    /agents             pins, what became of earlier ones, blocks, cost per step
    POST   /agents/NAME/wait   a program that is away waits for this: {"tool", "body", "expected_s"}
    DELETE /agents/NAME        a program went away: its pin goes

It listens where ``RETINUE_AGENTS`` says (``host:port``), and asks for the bearer token of vLLM itself
(``VLLM_API_KEY``) if there is one. Engine processes of one server (data parallel) count the port up.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

ADDRESS_VARIABLE = "RETINUE_AGENTS"
KEY_VARIABLE = "VLLM_API_KEY"
_PATH = "/agents"
_LONGEST_BODY = 4096

_log = logging.getLogger(__name__)


class AgentsDoor:
    """A small server in a thread of its own; the scheduler never waits for it.

    Args:
        address: ``host:port``.
        index: Added to the port.
        tell: Makes what is told.
        forget: Called with a program that went away.
        announce: Called with a program and what it waits for.

    Raises:
        OSError: If the address is taken or not this machine's.
        ValueError: If it is no address.
    """

    def __init__(
        self,
        address: str,
        index: int,
        tell: Callable[[], dict[str, Any]],
        forget: Callable[[str], None],
        announce: Callable[[str, dict[str, Any]], None],
    ) -> None:
        host, _, port = address.rpartition(":")
        key = os.environ.get(KEY_VARIABLE, "")

        class Visit(_Visit):
            pass

        Visit.key, Visit.tell = key, staticmethod(tell)
        Visit.forget, Visit.announce = staticmethod(forget), staticmethod(announce)
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
    tell: Callable[[], dict[str, Any]]
    forget: Callable[[str], None]
    announce: Callable[[str, dict[str, Any]], None]

    def do_GET(self) -> None:
        if self._known() and self._is(self.path == _PATH):
            self._answer(200, self.tell())

    def do_DELETE(self) -> None:
        if self._known() and self._is(self.path.startswith(f"{_PATH}/")):
            program = unquote(self.path[len(_PATH) + 1 :])
            self.forget(program)
            self._answer(200, {"program": program, "forgotten": True})

    def do_POST(self) -> None:
        place = self.path.removeprefix(f"{_PATH}/").removesuffix("/wait")
        if not self._known() or not self._is(self.path == f"{_PATH}/{place}/wait"):
            return
        wait = self._body()
        if wait is None:
            self._answer(400, {"error": "Send a JSON object with tool, body and expected_s."})
            return
        self.announce(unquote(place), wait)
        self._answer(200, {"program": unquote(place)})

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
            self._answer(404, {"error": f"Only {_PATH} is here."})
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


def open_door(
    index: int,
    tell: Callable[[], dict[str, Any]],
    forget: Callable[[str], None],
    announce: Callable[[str, dict[str, Any]], None],
) -> AgentsDoor | None:
    """The door that the environment asks for; None if it asks for none, or it cannot be opened."""
    address = os.environ.get(ADDRESS_VARIABLE)
    if not address:
        return None
    try:
        return AgentsDoor(address, index, tell, forget, announce)
    except (OSError, ValueError) as error:
        # The engine serves without it; whoever watches sees no pins.
        _log.error("%s=%s cannot be opened: %s", ADDRESS_VARIABLE, address, error)
        return None
