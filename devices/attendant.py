"""One device and whoever looks after it: what it tells becomes what a session takes.

Seconds of the session, metres.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from devices.catalogue import body_kinds
from devices.contracts import (
    BodyCard,
    BodySpec,
    Command,
    Drive,
    Observation,
    Pose,
    Receipt,
    Sighting,
)
from devices.device import Device, Timed
from devices.errors import DeviceError, Refused, SafetyStop, Unreachable
from devices.noun import Noun
from devices.roadmap import Roadmap
from devices.sanity import nonsense
from devices.site import SitePlan

# The least time (s) that passes until a device is asked again.
_INSTANT_S = 0.001
# A body that moved no further (m) since it arrived is still there; and how much further than it
# reaches a place may be (m), for poses are not exact.
STILL_M = 0.1
# A report that tells nothing new but where a moving body is by now is taken so often (s), and one of
# a body at rest.
MOVING_S = 0.5
RESTING_S = 10.0
# Charge (0..1) that has to be gone before that is news.
CHARGE = 0.01


class DeviceSpec(Noun):
    """A device that takes part as the body `id`: `address` is what the driver of its `kind` takes.

    `is_timed`: it takes its time from the session. Any other lives on the host's clock, and so must
    the session.
    """

    id: str
    kind: str
    address: str
    is_timed: bool = False


class Joined(NamedTuple):
    """Who joined: with which card, and what it reported first."""

    spec: BodySpec
    card: BodyCard
    observation: Observation | None


class DeviceNews(Noun):
    """What one device had to tell when it was asked.

    `heard` is False while it cannot be reached; what it ended meanwhile is told when it is heard
    again. `next_s` is when it will have something to tell by itself, None: not by itself, or a device
    on the host's clock. `trouble` says why it cannot be reached, in one sentence, once each time.
    """

    observation: Observation | None = None
    receipts: tuple[Receipt, ...] = ()
    heard: bool = True
    next_s: float | None = None
    trouble: str = ""


class Attendant:
    """Looks after one device of a session. Whatever that does, no call of this fails once it has joined.

    Args:
        spec: Which device.
        plan: The site, so that a device that only knows its pose is in a room of it.
    """

    def __init__(self, spec: DeviceSpec, plan: SitePlan | None = None) -> None:
        self._spec = spec
        self._plan = plan
        self._device: Device | None = None
        self._card: BodyCard | None = None
        self._stamp: Stamp | None = None
        # Receipts that were not told yet.
        self._ended: list[Receipt] = []
        self._is_troubled = False

    def join(self, now: float) -> Joined:
        """Open the device. Its first report is told again by the first `step`.

        Raises:
            Refused: Its driver will not open it.
            Unreachable: Nobody answers at its address.
        """
        spec = self._spec
        kind = body_kinds().get(spec.kind)
        if kind is None:
            raise Refused(f"no body of kind {spec.kind!r} is installed here: install its package")
        try:
            self._device = device = kind.open(spec.address)
            if isinstance(device, Timed):
                device.advance(now)
            self._card = card = device.describe()
            report = device.observe()
        except Refused as error:
            raise Refused(f"{spec.id} ({spec.kind}): {error}") from error
        except DeviceError as error:
            raise Unreachable(f"{spec.id} ({spec.kind}): {error}") from error
        except Exception as error:
            raise Unreachable(
                f"{spec.id} ({spec.kind}): its driver failed with {_told(error)}"
            ) from error
        wrong = nonsense(report, card)
        if wrong is not None:
            raise Unreachable(f"{spec.id} ({spec.kind}): it reported {wrong}")
        self._stamp = Stamp(spec.id, card, isinstance(device, Timed), self._plan)
        state = report.state
        body = BodySpec(id=spec.id, kind=card.kind, pose=state.pose, battery=state.battery)
        first = self._stamp.observation(report, now)
        self._stamp.forget()
        return Joined(body, card, first)

    def step(self, now: float, commands: tuple[Command, ...] = ()) -> DeviceNews:
        """Hand over commands, and learn what happened until `now` (s)."""
        device, stamp = self._device, self._stamp
        if device is None or stamp is None:
            return self._unheard("it has not joined", None)
        why = ""
        if isinstance(device, Timed):
            why = _attempt(lambda: device.advance(now))
        for command in commands:
            why = self._give(device, stamp, command, now) or why
        why = _attempt(lambda: self._take_receipts(device, stamp, now)) or why
        report: Observation | None = None
        if not why:
            why, report = self._look(device, stamp, now)
        next_s = self._next_s(device, now)
        if why:
            return self._unheard(why, next_s)
        self._is_troubled = False
        ended, self._ended = tuple(self._ended), []
        return DeviceNews(observation=report, receipts=ended, next_s=next_s)

    def stop(self) -> None:
        """The device's own emergency stop. It holds until the device is opened anew."""
        if self._device is not None:
            _attempt(self._device.stop)

    def close(self) -> None:
        """End all motion and let go of the device."""
        if self._device is not None:
            _attempt(self._device.close)

    def _give(self, device: Device, stamp: Stamp, command: Command, now: float) -> str:
        """Have the device begin. What it does not begin has ended. Why it cannot be reached, if so."""
        try:
            device.act(command)
        except Refused as error:
            self._fail(command, now, "refused", str(error))
        except SafetyStop as error:
            self._fail(command, now, "stopped", str(error))
        except Unreachable as error:
            self._fail(command, now, "unreachable", str(error))
        except Exception as error:  # noqa: BLE001 - a stranger's driver may raise anything
            why = _told(error)
            self._fail(command, now, "broken_device", why)
            return why
        else:
            stamp.sent(command)
        return ""

    def _fail(
        self,
        command: Command,
        now: float,
        reason: Literal["refused", "stopped", "unreachable", "broken_device"],
        detail: str,
    ) -> None:
        self._ended.append(
            Receipt(
                command=command.id,
                body=self._spec.id,
                t=round(now, 3),
                outcome="failed",
                reason=reason,
                detail=detail,
            )
        )

    def _take_receipts(self, device: Device, stamp: Stamp, now: float) -> None:
        self._ended += [stamp.receipt(receipt, now) for receipt in device.receipts()]

    def _look(self, device: Device, stamp: Stamp, now: float) -> tuple[str, Observation | None]:
        """What it reports, if that is news; or why it cannot be reached."""
        raw: list[Observation] = []
        why = _attempt(lambda: raw.append(device.observe()))
        if why:
            return why, None
        assert self._card is not None
        wrong = nonsense(raw[0], self._card)
        if wrong is not None:
            return f"it reported {wrong}", None
        if stamp.is_news(raw[0], now):
            return "", stamp.observation(raw[0], now)
        return "", None

    def _unheard(self, why: str, next_s: float | None) -> DeviceNews:
        is_new, self._is_troubled = not self._is_troubled, True
        return DeviceNews(heard=False, next_s=next_s, trouble=why if is_new else "")

    def _next_s(self, device: Device, now: float) -> float | None:
        if not isinstance(device, Timed):
            return None
        due: list[float | None] = []
        _attempt(lambda: due.append(device.next_s()))
        if not due or due[0] is None:
            return None
        return max(due[0], round(now + _INSTANT_S, 3))


def _attempt(call: Callable[[], object]) -> str:
    """Make a call of a device; why it cannot be reached, if so."""
    try:
        call()
    except DeviceError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - a stranger's driver may raise anything
        return _told(error)
    return ""


def _told(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


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
