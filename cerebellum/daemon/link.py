"""The daemon's link: it calls the site, tells and hears, and calls again when the connection is lost."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from random import Random
from typing import Literal

from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from cerebellum.daemon.enrol import untrusted
from cerebellum.daemon.member import Calling, Member, Rejected
from cerebellum.daemon.messages import (
    BACKLOG,
    MAX_BYTES,
    SUBPROTOCOL,
    TO_DEVICE,
    FromDevice,
    ToDevice,
)
from cerebellum.daemon.onboard import Hardware
from cerebellum.daemon.outbox import Outbox
from cerebellum.daemon.timing import BackOff
from devices.clock import Clock

# The body is looked after so often (s).
TICK_S = 0.05
# A handshake or a farewell takes no longer (s).
_HANDSHAKE_S = 10.0


Line = Callable[[Literal["linked", "lost", "note"], str], None]


class Daemon:
    """One body of a site, looked after until `end`.

    Args:
        calling: Who calls whom.
        hardware: What moves.
        outbox: What it must not forget.
        clock: The machine's clock.
        random: Chance, for the time between calls.
        tell: Told what a person may want to know.
    """

    def __init__(
        self,
        calling: Calling,
        hardware: Hardware,
        outbox: Outbox,
        clock: Clock,
        random: Random,
        tell: Line,
    ) -> None:
        self._calling = calling
        self._member = Member(calling, hardware, outbox, clock)
        self._back_off = BackOff(random)
        self._tell = tell
        self._poked = asyncio.Event()
        self._to_send: asyncio.Queue[FromDevice] | None = None
        self._is_ending = False
        self._trouble = ""

    def end(self) -> None:
        """Stop the body and leave."""
        self._is_ending = True
        self._poked.set()

    async def run(self) -> None:
        """Take part until `end`.

        Raises:
            Rejected: The site will not have this device.
        """
        link = asyncio.create_task(self._keep_linked())
        try:
            while not self._is_ending and not link.done():
                for word in self._member.turn():
                    self._send(word)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK_S):
                        await self._poked.wait()
                self._poked.clear()
        finally:
            # Motors first: nobody looks after the body from here on.
            self._member.halt()
            if link.done():
                link.result()
            link.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await link

    def _send(self, word: FromDevice) -> None:
        """Say it if there is a connection. What has to arrive is said again on the next one."""
        if self._to_send is not None and not self._to_send.full():
            self._to_send.put_nowait(word)

    async def _keep_linked(self) -> None:
        while not self._is_ending:
            try:
                await self._linked()
                why = "the site closed the connection"
            except InvalidStatus as error:
                status = error.response.status_code
                if status in (401, 403):
                    raise Rejected(
                        f"{self._calling.url} does not know the key of {self._calling.id}: enrol it with "
                        "a code of `retinue device code`"
                    ) from None
                why = f"the site answers {status}"
            except InvalidURI:
                raise Rejected(f"{self._calling.url} is no address of a site") from None
            except ssl.SSLCertVerificationError as error:
                why = f"{self._calling.url} {untrusted(error)}"
            except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError) as error:
                why = str(error) or type(error).__name__
            self._to_send = None
            if why != self._trouble:
                self._trouble = why
                self._tell("lost", f"{why}; calling again")
            await asyncio.sleep(self._back_off.next_s())

    async def _linked(self) -> None:
        """One connection, from hello to its end."""
        calling = self._calling
        url = f"ws{calling.url.removeprefix('http')}/api/v1/devices/link"
        trust = ssl.create_default_context(cafile=calling.ca) if url.startswith("wss") else None
        async with connect(
            url,
            ssl=trust,
            additional_headers={"Authorization": f"Bearer {calling.key}"},
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            open_timeout=_HANDSHAKE_S,
            close_timeout=_HANDSHAKE_S,
            max_size=MAX_BYTES,
            proxy=None,
        ) as connection:
            await connection.send(self._member.hello().model_dump_json())
            async with asyncio.timeout(_HANDSHAKE_S):
                first = self._member.begin(_read(await connection.recv()))
            self._to_send = asyncio.Queue(BACKLOG)
            for word in first:
                self._send(word)
            self._back_off.reset()
            self._trouble = ""
            self._tell("linked", f"{calling.id} takes part at {calling.url}")
            await self._talk(connection)

    async def _talk(self, connection: ClientConnection) -> None:
        """Tell and hear at the same time, until either ends."""
        parts = [
            asyncio.create_task(part)
            for part in (self._tell_all(connection), self._hear(connection), self._watch())
        ]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        finally:
            self._to_send = None
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _tell_all(self, connection: ClientConnection) -> None:
        queue = self._to_send
        assert queue is not None
        while True:
            word = await queue.get()
            await connection.send(word.model_dump_json())

    async def _watch(self) -> None:
        """A connection that brings nothing is none, whatever the network says of it."""
        while True:
            patience_s = self._member.patience_s
            if patience_s <= 0.0:
                raise TimeoutError("the site is not heard any more")
            await asyncio.sleep(patience_s)

    async def _hear(self, connection: ClientConnection) -> None:
        async for frame in connection:
            note = self._member.hear(_read(frame))
            if note:
                self._tell("note", note)
            self._poked.set()


def _read(frame: str | bytes) -> ToDevice:
    """A frame as a message.

    Raises:
        Rejected: It is none: the site speaks another protocol.
    """
    try:
        return TO_DEVICE.validate_json(frame)
    except ValidationError as error:
        first = error.errors()[0]
        raise Rejected(
            f"the site says what this device does not know ({first['msg']}): bring both to the same "
            "version of Retinue"
        ) from None
