"""What one body has noticed so far: its own state, and the things it saw. Metres and seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from devices.contracts import BodyState, Observation, Sighting

# Times this close (s) are the same: clocks tick in milliseconds, deadlines are any number.
INSTANT_S = 1e-6


@dataclass(frozen=True)
class Seen:
    """A sighting and when it was made (s)."""

    t: float
    sighting: Sighting


@dataclass
class Senses:
    """The newest of everything a body reported. Knows nothing that the body did not see."""

    now: float = 0.0
    state: BodyState | None = None
    seen: dict[str, Seen] = field(default_factory=dict)
    viewed: dict[str, float] = field(default_factory=dict)
    shut: set[str] = field(default_factory=set)

    def is_past(self, t: float) -> bool:
        """Whether the time `t` (s) has come."""
        return self.now >= t - INSTANT_S

    def notice(self, report: Observation) -> None:
        """Take in one report."""
        self.state = report.state
        for sighting in report.sightings:
            self.seen[sighting.id] = Seen(report.t, sighting)
            if sighting.category == "door":
                self._notice_door(sighting)
        for holder in report.viewed:
            self.viewed[holder] = report.t

    def is_missing(self, thing: str, holder: str, since: float) -> bool:
        """Whether the holder was fully in view since then, and the thing was not there."""
        looked = self.viewed.get(holder)
        if looked is None or looked < since:
            return False
        seen = self.seen.get(thing)
        return seen is None or seen.t < looked

    def _notice_door(self, door: Sighting) -> None:
        if door.states.get("open") is False:
            self.shut.add(door.id)
        else:
            self.shut.discard(door.id)
