"""What a device tells, as a session takes it: under the body's id, at the session's time, in its rooms."""

from __future__ import annotations

import math

from devices.contracts import BodyCard, Command, Drive, Observation, Pose, Receipt, Sighting
from devices.roadmap import Roadmap
from devices.site import SitePlan

# A body that moved no further (m) since it arrived is still there; and how much further than it
# reaches a place may be (m), for poses are not exact.
STILL_M = 0.1
# A report that tells nothing new but where a moving body is by now is taken so often (s), and one of
# a body at rest.
MOVING_S = 0.5
RESTING_S = 10.0
# Charge (0..1) that has to be gone before that is news.
CHARGE = 0.01


class Stamp:
    """Turns what one device tells into what the session takes. Seconds of the session, metres.

    Args:
        body: The id under which it joined.
        card: What it can do.
        is_timed: Whether its times are the session's already.
        plan: The site, for a device that knows its pose only.
    """

    def __init__(self, body: str, card: BodyCard, is_timed: bool, plan: SitePlan | None) -> None:
        self._body = body
        self._card = card
        self._is_timed = is_timed
        self._plan = plan
        self._roadmap: Roadmap | None = None
        self._drives: dict[str, Drive] = {}
        # What it drove to last, and where it then stood once that is known.
        self._arrived: str | None = None
        self._stood: Pose | None = None
        self._taken: Observation | None = None
        self._taken_s = -math.inf
        self._has_ended = False

    def sent(self, command: Command) -> None:
        """Remember what the body was told, to know later where it arrived."""
        if isinstance(command, Drive):
            self._drives[command.id] = command
            self._arrived = self._stood = None

    def receipt(self, receipt: Receipt, now: float) -> Receipt:
        """A receipt of the session."""
        self._has_ended = True
        drive = self._drives.pop(receipt.command, None)
        if drive is not None and receipt.outcome == "done":
            self._arrived, self._stood = drive.to, None
        t = receipt.t if self._is_timed else round(now, 3)
        return receipt.model_copy(update={"body": self._body, "t": t})

    def is_news(self, raw: Observation, now: float) -> bool:
        """Whether a report is to be taken: it tells something, or enough time went by.

        Robots report many times a second, and memory keeps everything it is told for ever. A device
        that is told its time reports only when there is something. The first report after a command
        ended shows whether it came true.
        """
        before = self._taken
        if before is None:
            return True
        if raw == before:
            # Said again it would seem to have been seen again.
            return False
        if self._is_timed or self._has_ended or raw.heard or _gist(raw) != _gist(before):
            return True
        there, here = before.state, raw.state
        if abs(there.battery - here.battery) >= CHARGE:
            return True
        pause = MOVING_S if _gap_m(there.pose, here.pose) > STILL_M else RESTING_S
        return now - self._taken_s >= pause

    def observation(self, raw: Observation, now: float) -> Observation:
        """A report of the session, which takes it."""
        self._taken, self._taken_s, self._has_ended = raw, now, False
        state = raw.state
        if self._stood is None:
            self._stood = state.pose
        if not state.room:
            state = state.model_copy(update={"room": self._room(state.pose)})
        if state.near is None:
            state = state.model_copy(update={"near": self._near(state.pose)})
        return raw.model_copy(
            update={
                "body": self._body,
                "t": raw.t if self._is_timed else round(now, 3),
                "state": state,
                "sightings": tuple(self._own(seen, raw.body) for seen in raw.sightings),
            }
        )

    def forget(self) -> None:
        """What was taken so far is news again."""
        self._taken, self._taken_s = None, -math.inf

    def _own(self, seen: Sighting, name: str) -> Sighting:
        """A sighting in which the body goes by its id here, not by its own name."""
        place = seen.location
        if place is not None and place.holder == name:
            place = place.model_copy(update={"holder": self._body})
        new_id = self._body if seen.id == name and seen.category == "body" else seen.id
        return seen.model_copy(update={"id": new_id, "location": place})

    def _map(self) -> Roadmap | None:
        if self._roadmap is None and self._plan is not None:
            self._roadmap = Roadmap(self._plan)
        return self._roadmap

    def _room(self, pose: Pose) -> str:
        roadmap = self._map()
        return (roadmap.room_at((pose.x, pose.y)) if roadmap is not None else None) or ""

    def _near(self, pose: Pose) -> str | None:
        """What it drove to, while it stands there and can reach it."""
        to, roadmap = self._arrived, self._map()
        if to is None or self._stood is None or _gap_m(self._stood, pose) > STILL_M:
            return None
        if roadmap is None:
            return to
        try:
            return to if roadmap.in_reach(pose, self._card, to, STILL_M) else None
        except KeyError:
            # Nothing of the plan: a person, a body or a thing, which nobody else can judge.
            return to


def _gist(report: Observation) -> object:
    """What a report tells besides where the body is and how full."""
    state = report.state
    seen = {
        sighting.id: (sighting.location, sighting.states, sighting.attrs)
        for sighting in report.sightings
    }
    return (
        (state.room, state.near, state.holding, state.docked),
        seen,
        frozenset(report.viewed),
    )


def _gap_m(a: Pose, b: Pose) -> float:
    return math.dist((a.x, a.y), (b.x, b.y))
