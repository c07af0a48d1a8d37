"""The roster: who is heard, who has a lease, and who fell silent. A plain class, no threads.

A lease is a request with a deadline. A body that is not heard for `lapse_s`, or that lets a
deadline pass by `grace_s` without a word, is declared lost: its leases are forfeited and the brain
gives its steps to others. When it is heard again it is back, and told to drop what it still does.
A body that finishes what it does while nobody hears it keeps its leases until they end: what it does
must not be done by others meanwhile.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from devices.noun import Noun
from stem_memory.contracts import BodyBack, BodyLost, Payload


class RosterConfig(Noun):
    """Heartbeats every `heartbeat_s`; silence of `lapse_s` (under two heartbeats) is a loss."""

    heartbeat_s: float = 2.0
    lapse_s: float = 3.5
    grace_s: float = 10.0


@dataclass
class Lease:
    """One request that a body answers for until its deadline (seconds).

    `is_rest`: the body rests meanwhile and works for nobody, as on a dock.
    """

    request: str
    body: str
    deadline_s: float
    is_rest: bool = False


@dataclass
class Roster:
    """Liveness and leases of every body. All times are the session's seconds."""

    config: RosterConfig = field(default_factory=RosterConfig)
    _heard: dict[str, float] = field(default_factory=dict)
    _lost: set[str] = field(default_factory=set)
    _leases: dict[str, Lease] = field(default_factory=dict)
    _forfeited: dict[str, list[str]] = field(default_factory=dict)
    _finishing: set[str] = field(default_factory=set)

    def enrol(self, body: str, now: float, finishes: bool = False) -> None:
        """A body joined; it counts as heard. `finishes`: also out of touch it does what it was told."""
        self._heard[body] = now
        (self._finishing.add if finishes else self._finishing.discard)(body)

    def leave(self, body: str) -> None:
        """A body is no longer part of this; nobody listens for it."""
        self._heard.pop(body, None)
        self._lost.discard(body)
        for request in [r for r, lease in self._leases.items() if lease.body == body]:
            del self._leases[request]

    def miss(self, body: str) -> None:
        """A body is lost, as was said before; when it is heard it is back."""
        self._heard.setdefault(body, 0.0)
        self._lost.add(body)

    def grant(self, request: str, body: str, deadline_s: float, is_rest: bool = False) -> None:
        """A request went to a body."""
        self._leases[request] = Lease(request, body, deadline_s, is_rest)

    def release(self, request: str) -> None:
        """A request ended. Unknown ones are fine: the end may be reported twice."""
        self._leases.pop(request, None)

    def listen(self, now: float, heard: tuple[str, ...]) -> list[Payload]:
        """Take note of who answered now; returns who is back and who is lost, in a fixed order."""
        news: list[Payload] = []
        for body in sorted(heard):
            self._heard[body] = now
        for body in sorted(self._heard):
            silent = now >= self._lapses_at(body) - 1e-6
            mute = body not in self._lost and self._overdue(body, now)
            if body in self._lost and body in heard and not mute:
                self._lost.discard(body)
                news.append(BodyBack(body=body))
            elif body not in self._lost and (silent or mute):
                self._lost.add(body)
                self._forfeit(body)
                news.append(BodyLost(body=body, last_heard_s=round(self._heard[body], 3)))
        return news

    def lost(self) -> frozenset[str]:
        """Bodies that are lost now."""
        return frozenset(self._lost)

    def leases(self) -> tuple[Lease, ...]:
        """Leases that run now."""
        return tuple(self._leases.values())

    def next_check(self) -> float | None:
        """When silence must be looked for at the latest; None while nobody holds a lease."""
        holders = {lease.body for lease in self._leases.values()} - self._lost
        return min(map(self._lapses_at, holders), default=None)

    def _lapses_at(self, body: str) -> float:
        """When a body that stays silent counts as lost."""
        ends = [x.deadline_s for x in self._leases.values() if x.body == body]
        rest = max(ends, default=-math.inf) + self.config.grace_s
        lapse = self._heard[body] + self.config.lapse_s
        return max(lapse, rest) if body in self._finishing else lapse

    def _overdue(self, body: str, now: float) -> bool:
        limit = now - self.config.grace_s
        return any(x.body == body and x.deadline_s < limit for x in self._leases.values())

    def forfeited(self, body: str) -> tuple[str, ...]:
        """Requests the body lost while it was silent and must drop now; asked once."""
        return tuple(self._forfeited.pop(body, ()))

    def _forfeit(self, body: str) -> None:
        for request in [r for r, lease in self._leases.items() if lease.body == body]:
            del self._leases[request]
            self._forfeited.setdefault(body, []).append(request)
