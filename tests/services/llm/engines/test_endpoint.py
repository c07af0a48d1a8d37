"""The client of one server."""

import asyncio
from contextlib import suppress

import pytest

from services.llm.engines.contracts import ChatCall
from services.llm.engines.endpoint import Endpoint
from services.llm.engines.errors import EngineDied

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
_PIECE = b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n'
_LIMIT_S = 30.0


@pytest.mark.parametrize("sent", [b"", _HEAD, _HEAD + _PIECE])
def test_whoever_waits_for_a_server_that_says_nothing_more_is_told_when_it_is_given_up(sent):
    asked = asyncio.Event()

    async def silent(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        await writer.drain()
        asked.set()
        # Until the client goes away.
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    async def body():
        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            endpoint = Endpoint(f"http://127.0.0.1:{port}", "key")

            async def ask():
                words = ({"role": "user", "content": "x"},)
                return [piece async for piece in endpoint.chat("m", ChatCall(messages=words))]

            answer = asyncio.create_task(ask())
            await asked.wait()
            await endpoint.close()
            with pytest.raises(EngineDied, match="does not answer"):
                await asyncio.wait_for(answer, _LIMIT_S)

    asyncio.run(body())
