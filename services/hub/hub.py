"""The hub: a site's session in a thread of its own, and the one place through which calls reach it.

Whatever somebody tells the site is a record under a key before it is answered: the answer means that it
is on the disk and that the brain has thought about it. Who gets no answer says it again under the same
key, to this process or to the one that takes its place, and is heard once.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from services.errors import ServiceError
from services.hub.contracts import EventView
from services.hub.links import Links
from services.hub.standing import Standing, said_content
from services.session.contracts import RunConfig
from services.session.diary import Diary
from services.session.folder import RunFolder
from services.session.inputs import Directive, Inputs, Words
from services.session.live import live
from stem_memory.contracts import Event, Instructed, Said
from stem_memory.log.store import EventStore
from stem_memory.privacy.vault import Vault

OnRound = Callable[[float, tuple[Event, ...], Diary], None]
# Whoever reads events slower than they come loses the connection, not the site its memory.
_BACKLOG = 1000
_STARTS = "starts"
_BATCH = 500
# Whoever said something is answered after so long (s) though nobody knows yet what it means.
_THINKING_S = 60.0
# So often (s) a reader is told that the connection is still there.
_SILENCE_S = 10.0


class Closing(ServiceError):
    """The site is going down: what was not answered may be said again when it is up."""


class KeyTaken(ServiceError):
    """Something else was said under this key before."""


class TooSlow(ServiceError):
    """A reader of events is too far behind; it comes again with the last position it has."""


class Hub:
    """A site while it is up. Everything but the session runs on the event loop that made it.

    Args:
        config: What the site is.
        folder: Its folder.
        on_round: Told of each round, in the session's thread.
    """

    def __init__(self, config: RunConfig, folder: RunFolder, on_round: OnRound) -> None:
        self.config = config
        self._folder = folder
        self._shown = on_round
        self._inputs = Inputs()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)
        self._ready = asyncio.Event()
        self._ended = asyncio.Event()
        self._standing: Standing | None = None
        # The site's time in the last round, and when that was.
        self._round_s = (0.0, time.monotonic())
        self.links = Links(
            self._inputs, lambda: self.standing, self.now, config.speed, folder.path / _STARTS
        )
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._contents: dict[str, str] = {}
        self._readers: set[asyncio.Queue[EventView | None]] = set()
        self._drains = False
        self._news = asyncio.Event()
        self.failure: BaseException | None = None

    async def start(self) -> None:
        """Begin the session and wait for its first round. Raises what keeps it from beginning."""
        self._thread.start()
        up = asyncio.ensure_future(self._ready.wait())
        over = asyncio.ensure_future(self._ended.wait())
        await asyncio.wait((up, over), return_when=asyncio.FIRST_COMPLETED)
        for task in (up, over):
            task.cancel()
        if self.failure is not None:
            raise self.failure

    @property
    def standing(self) -> Standing:
        """How the site stands."""
        if self._standing is None:
            raise Closing("the site is not up yet: try again in a moment")
        return self._standing

    def now(self) -> float:
        """The site's time (s)."""
        site_s, host_s = self._round_s
        return round(site_s + (time.monotonic() - host_s) * self.config.speed, 3)

    @contextlib.contextmanager
    def memory(self) -> Iterator[EventStore]:
        """The site's memory, open for reading in the thread that asks."""
        path = self._folder.own_memory
        with EventStore.reader(path, Vault.beside(path)) as store:
            yield store

    def end(self) -> None:
        """Have every body halt, and the session close in order. Returns at once."""
        self._inputs.end()

    def drain(self) -> None:
        """Take no more words; end when every goal has come to its end."""
        self._drains = True
        self._end_if_drained()

    async def ended(self) -> None:
        """Wait until the session has closed."""
        await self._ended.wait()
        await asyncio.to_thread(self._thread.join)

    async def tell(self, item: Words | Directive) -> None:
        """Tell the site something. Returns once it is on the disk and has been thought about.

        Args:
            item: What to tell it, under a key.

        Raises:
            KeyTaken: Something else was said under that key.
            Closing: The site is going down, and it is not known whether it was heard.
        """
        key, content = item.key, content_of(item)
        known = self.standing.content(key) if self.standing.knows(key) else self._contents.get(key)
        if known is not None and known != content:
            raise KeyTaken("something else was said under this Idempotency-Key: take a new one")
        if self.standing.knows(key):
            return
        if self._ended.is_set() or self._inputs.is_ending:
            raise Closing("the site is going down: say it again when it is up")
        if self._drains and isinstance(item, Words):
            raise Closing("the site takes no more wishes: it goes down when the open ones are done")
        if key not in self._waiting:
            self._waiting[key] = self._loop.create_future()
            self._contents[key] = content
            self._inputs.put(item)
        await asyncio.shield(self._waiting[key])

    async def thought_about(self, goals: Iterable[str]) -> None:
        """Wait until the brain knows what goals mean, asks, or has closed them; not for ever."""
        named = tuple(goals)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_THINKING_S):
                while not self._ended.is_set() and not all(map(self.standing.is_clear, named)):
                    await self._news.wait()

    async def events(self, after: int | None) -> AsyncIterator[EventView | None]:
        """Events behind a position (None: from now on) as they are recorded; None now and then,
        while nothing happens.

        Raises:
            TooSlow: The reader is too far behind.
        """
        queue: asyncio.Queue[EventView | None] = asyncio.Queue(_BACKLOG)
        position = self.standing.position if after is None else after
        while batch := self.standing.since(position, _BATCH):
            for event in batch:
                yield event
            position = batch[-1].id
        # Nothing was awaited since the log was read to its end, so nothing is missed.
        self._readers.add(queue)
        try:
            while not self._ended.is_set():
                news: EventView | None = None
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_SILENCE_S):
                        news = await queue.get()
                yield news
                if queue not in self._readers and queue.empty():
                    raise TooSlow("too far behind")
        finally:
            self._readers.discard(queue)

    # -- the session -----------------------------------------------------------------------------

    def _run(self) -> None:
        """The session's thread."""
        try:
            live(self.config, self._folder, self._inputs, self._on_round)
        except BaseException as error:  # noqa: BLE001 - handed to whoever keeps the site up
            self.failure = error
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._close)

    def _on_round(self, now: float, events: tuple[Event, ...], diary: Diary) -> None:
        self._round_s = (now, time.monotonic())
        self.links.settle()
        self._shown(now, events, diary)
        # What somebody said is answered with what came of it: not before its round is over.
        keys = [e.body.key for e in events if isinstance(e.body, Said | Instructed) and e.body.key]
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._catch_up, keys)

    def _catch_up(self, keys: Iterable[str] = ()) -> None:
        if self._standing is None:
            self._standing = Standing(self._folder.own_memory)
            self._ready.set()
            return
        for event in self._standing.catch_up():
            for queue in list(self._readers):
                if queue.full():
                    self._readers.discard(queue)
                else:
                    queue.put_nowait(event)
        for key in keys:
            self._contents.pop(key, None)
            future = self._waiting.pop(key, None)
            if future is not None and not future.done():
                future.set_result(None)
        self._news.set()
        self._news = asyncio.Event()
        self._end_if_drained()

    def _end_if_drained(self) -> None:
        if self._drains and self.standing.diary.is_settled:
            self._inputs.end()

    def _close(self) -> None:
        """The session is over: nobody waits for it any longer."""
        if self._standing is not None:
            self._catch_up([key for key in self._waiting if self._standing.knows(key)])
        self._ended.set()
        self._news.set()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(
                    Closing("the site went down before it was answered: say it again when it is up")
                )
        self._waiting.clear()
        for queue in self._readers:
            if queue.empty():
                queue.put_nowait(None)


def content_of(item: Words | Directive) -> str:
    """What is told, to tell it from something else under the same key."""
    if isinstance(item, Words):
        return said_content(item.text, item.goal, item.conditions)
    return item.instruction.model_dump_json()
