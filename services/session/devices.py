"""Bodies that no world simulates: a `Device` each, opened by its driver, behind an actor of its own."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from devices.catalogue import body_kinds
from devices.contracts import BodyCard, BodySpec, Command, Observation, Receipt
from devices.device import Device, Timed
from devices.errors import DeviceError, Refused, SafetyStop, Unreachable
from devices.noun import Noun
from devices.sanity import nonsense
from devices.site import SitePlan
from services.errors import UserError
from services.session.stamp import Stamp

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FORM = 'ID=KIND:ADDRESS, for example "toy=pipe:python -m devices.drivers.toy --x 2 --y 2"'
# The least time (s) that passes until a device is asked again.
_INSTANT_S = 0.001


class DeviceSpec(Noun):
    """A device that takes part as the body `id`: `address` is what the driver of its `kind` takes.

    `is_timed`: it takes its time from the session. Any other lives on the host's clock, and so must
    the session.
    """

    id: str
    kind: str
    address: str
    is_timed: bool = False


def parse_device(text: str) -> DeviceSpec:
    """Read ID=KIND:ADDRESS.

    Raises:
        UserError: It has another form, or there is no such kind with a driver.
        Refused: An installed kind of body cannot be used.
    """
    name, is_named, rest = text.partition("=")
    kind, is_kind, address = rest.partition(":")
    name, kind, address = name.strip(), kind.strip(), address.strip()
    if not (is_named and is_kind and name and kind):
        raise UserError(f"--device {text!r} is not of the form {_FORM}")
    if not _ID.fullmatch(name):
        raise UserError(
            f"--device {text!r}: {name!r} is no id; take lower-case letters, digits and hyphens"
        )
    drivers = {known: body for known, body in body_kinds().items() if body.driver is not None}
    if kind not in drivers:
        near = difflib.get_close_matches(kind, drivers, n=1)
        hint = f"do you mean {near[0]}?" if near else f"take one of {', '.join(drivers)}"
        raise UserError(f"--device {text!r}: there is no driver for a {kind!r}; {hint}")
    if not address:
        raise UserError(f"--device {text!r}: say where it is, after {kind}:")
    return DeviceSpec(id=name, kind=kind, address=address, is_timed=drivers[kind].is_timed)


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


class DeviceActor:
    """One device of a session. Whatever it does, no call of this fails once it has joined.

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
