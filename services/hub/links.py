"""The devices of a site: who may call, and each one's connection."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from cerebellum.daemon.messages import (
    BACKLOG,
    FROM_DEVICE,
    SUBPROTOCOL,
    VERSION,
    Beat,
    Bye,
    FromDevice,
    Hello,
    Sync,
    ToDevice,
    Welcome,
)
from devices.clock import Clock, WallClock
from devices.sanity import nonsense
from services.errors import ServiceError
from services.hub.linked import LinkedBody, is_urgent
from services.hub.secret_file import write_secret
from services.hub.standing import Standing
from services.session.inputs import Inputs

BEAT_S, SILENCE_S = 1.0, 2.0
_HELLO_S = 10.0
# Tokens of one start of the site; the next start's are larger.
_STARTS = 1 << 32


class Unwelcome(ServiceError):
    """A device can not take part, or not go on: the sentence is its last word from here."""


class Links:
    """Every device of a site, whether it is connected or not.

    Args:
        inputs: The door to the session.
        standing: How the site stands.
        now: The site's time (s).
        speed: Seconds of the site per second.
        starts: The file that counts the site's starts.
        clock: The machine's clock.
    """

    def __init__(
        self,
        inputs: Inputs,
        standing: Callable[[], Standing],
        now: Callable[[], float],
        speed: float,
        starts: Path,
        clock: Clock | None = None,
    ) -> None:
        self._inputs = inputs
        self._standing = standing
        self._now = now
        self._speed = speed
        self._clock = clock or WallClock()
        self._bodies: dict[str, LinkedBody] = {}
        number = _next_start(starts)
        self._tokens = itertools.count(number * _STARTS + 1)

    def settle(self) -> None:
        """A round is recorded."""
        for body in self._bodies.values():
            body.settle()

    def latencies(self) -> dict[str, float]:
        """How long (s) the last stop took until each body held still, as far as they said."""
        found = {id_: body.stop_latency_s for id_, body in self._bodies.items()}
        return {id_: latency for id_, latency in found.items() if latency is not None}

    def silences(self) -> dict[str, float]:
        """For how long (s) nothing was heard of each."""
        return {id_: round(body.silent_s, 3) for id_, body in self._bodies.items()}

    def expel(self, device: str) -> None:
        """It was taken out of the fleet; to come back it is enrolled anew."""
        body = self._bodies.pop(device, None)
        if body is not None:
            body.refuse("it was taken out of the fleet")

    async def serve(self, socket: WebSocket, device: str, may: Callable[[], bool]) -> None:
        """One connection of a device whose key was checked, from hello to its end.

        Args:
            socket: The connection, not yet accepted.
            device: Whose key it has.
            may: Whether the key is still worth something.
        """
        await socket.accept(SUBPROTOCOL if SUBPROTOCOL in socket.scope["subprotocols"] else None)
        queue: asyncio.Queue[ToDevice | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def put(word: ToDevice | None) -> None:
            # Who takes nothing any more is not waited for.
            queue.put_nowait(None if queue.qsize() > BACKLOG else word)

        def send(word: ToDevice) -> None:
            loop.call_soon_threadsafe(put, word)

        try:
            hello = await _hello(socket)
            body = self.admit(hello, device)
        except (WebSocketDisconnect, RuntimeError, TimeoutError):
            return
        except (ValidationError, Unwelcome) as error:
            await _farewell(socket, _told(error))
            return
        put(self.welcome())
        body.attach(hello, send)
        writing = asyncio.create_task(_write(socket, queue))
        try:
            # What an older connection still brings is older than what this device says by now.
            while (word := await _next(socket)) is not None and body.is_attached(send):
                for answer in self.hear(body, word, may):
                    put(answer)
        except (ValidationError, Unwelcome) as error:
            await _farewell(socket, _told(error))
        finally:
            body.detach(send)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    def admit(self, hello: Hello, device: str) -> LinkedBody:
        """Let a device take part whose key was checked.

        Raises:
            Unwelcome: It can not.
        """
        why = self._objection(hello, device)
        if why is not None:
            raise Unwelcome(why)
        body = self._bodies.get(hello.id)
        if body is None or (body.card, body.finishes) != (hello.card, hello.finishes):
            if body is not None:
                body.refuse("it is another body now")
            body = LinkedBody(hello, self._clock, SILENCE_S, self._tokens.__next__)
            self._bodies[hello.id] = body
            self._inputs.join_body(body)
        return body

    def welcome(self) -> Welcome:
        """The site's first words."""
        return Welcome(
            now_s=self._now(),
            speed=self._speed,
            beat_s=BEAT_S,
            silence_s=SILENCE_S,
            plan=self._standing().plan,
        )

    def hear(
        self, body: LinkedBody, word: FromDevice, may: Callable[[], bool]
    ) -> tuple[ToDevice, ...]:
        """Take in what a device says; what it is answered at once.

        Raises:
            Unwelcome: It makes no sense, or the device may not take part any more.
        """
        why = _nonsense(word, body)
        if why is not None:
            raise Unwelcome(why)
        if isinstance(word, Beat) and not may():
            raise Unwelcome("its key was taken back")
        body.hear(word)
        if is_urgent(word):
            self._inputs.wake()
        if isinstance(word, Beat):
            return (Sync(local_s=word.local_s, now_s=self._now()),)
        return ()

    def _objection(self, hello: Hello, device: str) -> str | None:
        """Why a device can not take part, if so."""
        if hello.version != VERSION:
            return f"it speaks version {hello.version} of the protocol, and this site {VERSION}"
        if hello.id != device:
            return f"its key is that of {device}, and it calls itself {hello.id}"
        known = self._bodies.get(device)
        if known is not None and (known.spec is None) != (hello.spec is None):
            return f"{device} was here with other hardware: give this one an id of its own"
        return None


async def _hello(socket: WebSocket) -> Hello:
    async with asyncio.timeout(_HELLO_S):
        return Hello.model_validate_json(await _text(socket))


async def _text(socket: WebSocket) -> str:
    try:
        return await socket.receive_text()
    except KeyError:
        raise Unwelcome("a message is text") from None


async def _next(socket: WebSocket) -> FromDevice | None:
    """What the device says next; None: it is gone."""
    try:
        word = FROM_DEVICE.validate_json(await _text(socket))
    except (WebSocketDisconnect, RuntimeError):
        return None
    return None if isinstance(word, Bye) else word


async def _write(socket: WebSocket, queue: asyncio.Queue[ToDevice | None]) -> None:
    while (word := await queue.get()) is not None:
        await socket.send_text(word.model_dump_json())
        if isinstance(word, Bye):
            break
    await socket.close(1008)


async def _farewell(socket: WebSocket, why: str) -> None:
    try:
        await socket.send_text(Bye(reason=why).model_dump_json())
        await socket.close(1008)
    except (WebSocketDisconnect, RuntimeError):
        return


def _nonsense(word: FromDevice, body: LinkedBody) -> str | None:
    """What is wrong with a message that has the right form."""
    if not _is_finite(word.model_dump()):
        return "it says a number that is none"
    report = getattr(word, "observation", None)
    if report is not None:
        wrong = nonsense(report, body.card)
        return None if wrong is None else f"it reported {wrong}"
    return None


def _is_finite(value: object) -> bool:
    """Whether every number in it is one that can be reckoned with."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    return not isinstance(value, list | tuple) or all(map(_is_finite, value))


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return f"the message is none of this protocol ({where}: {first['msg']})"[:500]
    return str(error)


def _next_start(path: Path) -> int:
    """Count one more start."""
    number = int(path.read_text(encoding="utf-8")) + 1 if path.is_file() else 1
    write_secret(path, str(number).encode())
    return number
