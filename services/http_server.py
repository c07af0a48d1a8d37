"""Serves an ASGI application until it is told to stop. The only file that imports ``uvicorn``."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from services.errors import UserError

_CLOSE_LIMIT_S = 3


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on this address; port 0 takes a free one.

    Raises:
        UserError: If the address is not this machine's, or is taken.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        raise UserError(
            f"cannot listen on {host} port {port} ({error.strerror}); choose another --port or --host"
        ) from None
    return bound


class Server(uvicorn.Server):
    """Answers requests on a socket until `stop`.

    Args:
        app: What answers.
        ready: Called when the first request may come.
        on_signal: Called when the program is told to end, instead of ending at once; a second signal
            ends it.
        cert: The certificate to show, with its chain; None: nothing is encrypted.
        key: Its key, unless that is in the same file.
    """

    def __init__(
        self,
        app: Any,
        ready: Callable[[], None],
        on_signal: Callable[[], None] | None = None,
        cert: Path | None = None,
        key: Path | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_CLOSE_LIMIT_S,
                ssl_certfile=cert,
                ssl_keyfile=key,
            )
        )
        self._ready = ready
        self._on_signal = on_signal

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    def stop(self) -> None:
        """Take no more requests, and end."""
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal is told to whoever wants to end in order."""
        told, self._on_signal = self._on_signal, None
        if told is None:
            super().handle_exit(sig, frame)
        else:
            told()
