"""Serves the endpoint until it is told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable

from brain.model import Embedder
from services.http_server import Server
from services.llm.cluster.cluster import Cluster
from services.llm.gateway.app import Gateway, GatewayLimits


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
    server: Server
    app = Gateway(cluster, embedder, limits).app()
    server = Server(app, lambda: ready(server.stop))
    try:
        await cluster.start()
        await server.serve(sockets=[bound])
    finally:
        await cluster.close()
        bound.close()
