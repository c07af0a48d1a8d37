"""Serves the endpoint until it is told to stop. The only file that imports ``uvicorn``."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from brain.model import Embedder
from services.errors import UserError
from services.llm.cluster.cluster import Cluster
from services.llm.gateway.app import Gateway, GatewayLimits

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


async def serve(
    cluster: Cluster,
    embedder: Embedder | None,
    limits: GatewayLimits,
    bound: socket.socket,
    ready: Callable[[Callable[[], None]], None],
) -> None:
    """Start the engines, answer requests, and close everything at the end.

    Args:
        cluster: The engines, not started.
        embedder: Makes sentence vectors.
        limits: What is accepted.
        bound: Where to listen.
        ready: Called when the first request may come, with a function that stops the endpoint.

    Raises:
        EngineMissing: If an engine cannot start.
    """
    config = uvicorn.Config(
        Gateway(cluster, embedder, limits).app(),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_CLOSE_LIMIT_S,
    )
    try:
        await cluster.start()
        await _Server(config, ready).serve(sockets=[bound])
    finally:
        await cluster.close()
        bound.close()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[Callable[[], None]], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready(self._stop)

    def _stop(self) -> None:
        self.should_exit = True
