"""A pair of glasses that takes part in a session: on its clock, with its memory, among its robots.

The session asks when something happens next (`next_s`), lets the glasses come to the present
(`advance`), and hands on what they have for others: the wearer's words. What the wearer sees is in the
session's memory when `advance` returns. Stand-alone glasses go through the same turns (`Pipeline`).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection
from pathlib import Path

from devices.glasses.contracts import Words
from devices.glasses.sources import is_live
from services.alpha.contracts import LedgerEntry, WearerProfile
from services.alpha.orders import GlassesConfig
from services.alpha.output.unit import OutputConfig
from services.alpha.pipeline import Pipeline, Units
from services.alpha.session import (
    HostClock,
    hush,
    look_costs,
    make_input,
    prepared,
    spawn_units,
    write_ledger,
)
from services.alpha.words_in import Inbox, Script, Together
from services.errors import ActorDied, UserError
from services.memory.client import MemoryClient
from services.runtime.local import Runtime

# How long the glasses at a live source may be left alone when they have nothing to do.
GLANCE_S = 0.02
# Instants are whole milliseconds.
_EPS = 5e-4


def wearer_in(source: str, config: GlassesConfig, people: Collection[str]) -> WearerProfile:
    """Who wears the glasses of a source, who must be one of the people of the session.

    Raises:
        UserError: The source can not be used, or its wearer is nobody there.
    """
    wearer = prepared(source, config)[0].wearer
    if wearer.id not in people:
        raise UserError(
            f"the glasses of {source} are worn by {wearer.id!r}, who is nobody in this world: "
            f"its people are {', '.join(sorted(people))}; say whose they are with WHO=SOURCE"
        )
    return wearer


class GlassesParty:
    """One pair of glasses among the parties of a session. All times are the session's, in seconds.

    Make it, `open` it once memory holds the site and its people, then `advance` it in every round
    and `say` to the wearer what is for them; `finish` and `close` it at the end.

    Args:
        source: A trace, or anything else that `retinue glasses run` takes.
        config: Settings; that there are robots and which memory it is is filled in.
        runtime: Where the five units live. It stays open.
        memory: The session's.
        output: Where the glasses speak and show; its files are written to the folder it names.
        begins_s: When the glasses' clock is at 0.
        words: What the wearer says at known times, besides what a trace says itself; in the seconds
            of the glasses.

    Raises:
        UserError, DeviceError: Something is wrong with the source or the settings.
    """

    def __init__(
        self,
        source: str,
        config: GlassesConfig,
        runtime: Runtime,
        memory: MemoryClient,
        output: OutputConfig | None = None,
        begins_s: float = 0.0,
        words: tuple[Words, ...] = (),
    ) -> None:
        config, said, self._missing = prepared(source, config)
        self._source = source
        self._config = config.model_copy(update={"fleet": True, "memory": str(memory.path)})
        self._runtime = runtime
        self._memory = memory
        self._output = output or OutputConfig(voice="none")
        self._begins_s = begins_s
        self._words = (*said, *words)
        # What comes at a live source, from the threads that hear it.
        self.inbox = Inbox(lambda text: hush(text, self._units))
        self._units: list[Units] = []
        self._pipeline: Pipeline | None = None
        self._told = 0

    @property
    def wearer(self) -> WearerProfile:
        """Who wears them."""
        return self._config.wearer

    @property
    def body(self) -> str:
        """The id of the glasses as a body, and the origin of what they record."""
        return f"glasses-{self.wearer.id}"

    @property
    def is_live(self) -> bool:
        """Whether the source goes on by itself: it needs a session on the host's clock."""
        return is_live(self._source)

    def open(self) -> None:
        """Make the five units and let them begin; memory then knows the glasses as a body.

        Returns when all that is recorded of it is in memory.
        """
        live = HostClock(time.monotonic()) if self.is_live else None
        started = live.started if live is not None else 0.0
        show = self._output.film or self._output.window or self._output.stills
        prefix = f"{self.body} "
        if self._output.folder:
            Path(self._output.folder).mkdir(parents=True, exist_ok=True)
        units = spawn_units(
            self._runtime,
            self._config,
            self._output,
            lambda host: host.spawn(
                f"{prefix}input", make_input, self._config, self._source, started, show
            ),
            self._memory.port,
            self._begins_s,
            prefix,
        )
        self._units.append(units)
        self._pipeline = Pipeline(
            units,
            Together((Script(self._words), self.inbox)),
            self._config.costs,
            look_costs(self._config),
            live=live,
            show=show,
            missing=self._missing,
            ahead=True,
        )
        self._pipeline.begin()

    def next_s(self) -> float | None:
        """The next instant at which something happens, as far as known; None: all is over.

        It is not over for good: what `say` brings has an instant, too.
        """
        pipeline = self._opened()
        instant = pipeline.next_s()
        if instant is None:
            return None
        if self.is_live and not pipeline.has_news:
            instant += GLANCE_S
        return round(self._begins_s + instant, 3)

    def advance(self, until: float) -> tuple[LedgerEntry, ...]:
        """Go through every instant up to `until`; at a live source, through the present one.

        Returns:
            What the ledger has since the last call: `WishPosted` are words for the session, in
            seconds of the glasses (see `session_s`).
        """
        pipeline = self._opened()
        if self.is_live:
            pipeline.turn()
        else:
            while (instant := self.next_s()) is not None and instant <= until + _EPS:
                pipeline.turn()
        fresh = tuple(pipeline.ledger[self._told :])
        self._told = len(pipeline.ledger)
        return fresh

    def say(self, text: str, t: float) -> None:
        """Have the wearer told something at `t`: spoken, shown and in the ledger, as all they hear.

        It is said in the turn of that instant, when nothing else is being said that they asked for.
        """
        self._opened().tell(max(0.0, t - self._begins_s), text)

    def session_s(self, t: float) -> float:
        """The session's time of an instant of the glasses."""
        return round(self._begins_s + t, 3)

    def finish(self, folder: Path | None = None) -> tuple[LedgerEntry, ...]:
        """Complete the files and return the whole ledger.

        A unit that has died completes nothing; the ledger is whole up to its death.

        Args:
            folder: Where the ledger is written; the folder of the other files, unless given.
        """
        pipeline = self._opened()
        for units in self._units:
            with contextlib.suppress(ActorDied):
                units.ask(units.output, "finish", pipeline.counts.now)
        ledger = tuple(pipeline.ledger)
        if folder is None and self._output.folder:
            folder = Path(self._output.folder)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            write_ledger(folder, ledger)
        return ledger

    def close(self) -> None:
        """Let go of the source, the voice and the memory. Closing twice is harmless."""
        self._pipeline = None
        while self._units:
            units = self._units.pop()
            for unit in (units.input, units.output, units.arithmetic, units.memory):
                # What a dead one held went with its process.
                with contextlib.suppress(ActorDied):
                    units.ask(unit, "close")

    def _opened(self) -> Pipeline:
        if self._pipeline is None:
            raise RuntimeError("the glasses are not open")
        return self._pipeline
