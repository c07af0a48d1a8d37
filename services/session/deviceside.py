"""Bodies that are no part of the simulated world: each a `Device` behind an actor of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devices.contracts import Command, Observation, Receipt
from services.errors import ActorDied
from services.runtime.local import Handle, Runtime
from services.session.devices import DeviceNews

# A device on the host's clock is asked for news so often (s).
TICK_S = 0.05


@dataclass(frozen=True)
class DeviceReports:
    """What all devices had to tell."""

    observations: tuple[Observation, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    heard: tuple[str, ...] = ()


class DeviceSide:
    """The devices of a session. Seconds of the session.

    Args:
        runtime: Where they live.
        handles: A `services.session.devices.DeviceActor` for each, by the body's id.
        is_host: Whether they live on the host's clock.
    """

    def __init__(self, runtime: Runtime, handles: Mapping[str, Handle], is_host: bool) -> None:
        self._runtime = runtime
        self._handles = dict(sorted(handles.items()))
        self._is_host = is_host
        self._waiting: list[tuple[str, DeviceNews]] = []
        self._next: dict[str, float | None] = {}
        self._trouble: dict[str, str] = {}
        self.ids = frozenset(handles)

    def give(self, now: float, commands: Mapping[str, tuple[Command, ...]]) -> None:
        """Hand commands over. What comes of them is told by `poll`."""
        self._waiting += self._stepped(now, {body: (items,) for body, items in commands.items()})

    def poll(self, now: float) -> DeviceReports:
        """What happened until now."""
        if not self._handles:
            return DeviceReports()
        news = [*self._waiting, *self._stepped(now, dict.fromkeys(self._handles, ((),)))]
        self._waiting = []
        return DeviceReports(
            observations=tuple(n.observation for _, n in news if n.observation is not None),
            receipts=tuple(receipt for _, n in news for receipt in n.receipts),
            heard=tuple(dict.fromkeys(body for body, n in news if n.heard)),
        )

    def trouble(self, body: str) -> str:
        """Why the device could not be reached when that last happened; "" if it never did."""
        return self._trouble.get(body, "")

    def next_s(self, now: float) -> float | None:
        """When a device has to be asked for news at the latest; None: not by itself."""
        if any(n.observation is not None or n.receipts for _, n in self._waiting):
            return now
        times = [t for t in self._next.values() if t is not None]
        if self._is_host and self._handles:
            times.append(now + TICK_S)
        return min(times, default=None)

    def _stepped(
        self, now: float, arguments: Mapping[str, tuple[Any, ...]]
    ) -> list[tuple[str, DeviceNews]]:
        calls = {b: self._handles[b].call("step", now, *arguments[b]) for b in sorted(arguments)}
        found: list[tuple[str, DeviceNews]] = []
        for body, call in calls.items():
            try:
                news: DeviceNews = self._runtime.gather([call])[0]
            except ActorDied as error:
                # Like a device that does not answer: its silence is noticed, the others go on.
                news = DeviceNews(heard=False, trouble=str(error))
            self._next[body] = news.next_s
            if news.trouble:
                self._trouble[body] = news.trouble
            found.append((body, news))
        return found
