"""The Device protocol: one body, seen through six verbs, none of which blocks.

A driver for real hardware, a simulated body and a recorded one all look like this. The caller
turns the crank: it reads `observe` and `receipts`, decides, and calls `act`. A device that is also
`Timed` lives on the caller's clock, any other on the host's.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Protocol, cast, runtime_checkable

from devices.contracts import BodyCard, Command, Observation, Receipt
from devices.errors import Refused
from devices.noun import Noun


class Device(Protocol):
    """One body. All calls come from one thread and return at once.

    A body runs one command at a time. Every command that `act` accepted ends in exactly one
    receipt, `halt` included.
    """

    def describe(self) -> BodyCard:
        """What the body can do.

        Called before anything else, also while the hardware is off, and always with the same
        answer.
        """
        ...

    def observe(self) -> Observation:
        """The newest report of the body's own state and of what its sensors see.

        Called whenever the caller wants to decide; `t` never goes back.

        Raises:
            Unreachable: the device does not answer or is closed.
        """
        ...

    def act(self, command: Command) -> None:
        """Begin a command. Called at most once for each command id, after the guard allowed it.

        A command that comes while another still runs ends at once with the receipt
        failed/"busy". `halt` is the exception: it is always accepted, takes effect at once, and the
        command it ends is receipted "stopped" as soon as the body confirms it.

        Raises:
            Refused: the body has no such skill, or the command makes no sense to it.
            SafetyStop: the emergency stop is in and the command is not `halt`.
            Unreachable: the device does not answer or is closed.
        """
        ...

    def receipts(self) -> tuple[Receipt, ...]:
        """The commands that ended since the last call, in the order they ended.

        Called often; each receipt is handed out once.

        Raises:
            Unreachable: the device does not answer or is closed.
        """
        ...

    def stop(self) -> None:
        """Emergency stop: end all motion now and accept nothing but `halt` from then on.

        Called when a person or the guard sees danger, from any state, and never raises. Only a
        person at the device releases it; the driver is then opened anew.
        """
        ...

    def close(self) -> None:
        """End motion and let go of the hardware. Called last; a second call does nothing.

        It may wait for a few seconds, so that the body can end in order.
        """
        ...


@runtime_checkable
class Timed(Protocol):
    """A device whose time is told to it, so that it can take part on a virtual clock.

    What it does is then a pure function of what it is told: no clock, no threads, no chance. Times
    are seconds of the session that it takes part in.
    """

    def advance(self, now: float) -> None:
        """It is `now`. Called before the other verbs of each round; a time that is past changes
        nothing.
        """
        ...

    def next_s(self) -> float | None:
        """When it will next have something to report on its own, a report or a receipt.

        Later than the time last told. None: only after a command, if at all.
        """
        ...


class BodyKind(Noun):
    """What a package offers under the entry-point group `retinue.devices`.

    The object behind the entry point is either a plain `BodyCard`, for a kind of body that worlds
    simulate, or a `BodyKind` that adds `driver`: "package.module:function", where
    `function(address) -> Device` opens one real body. The driver is imported only by `open`, so
    that a card is readable where the hardware's library is not installed.

    `is_timed`: the driver's devices are `Timed`, so they can take part on a virtual clock, too.
    `brings_card`: what a body of this kind can do is known once it is open. The kind's own card then
    stands for no body, and no world can simulate one.
    """

    card: BodyCard
    driver: str | None = None
    is_timed: bool = False
    brings_card: bool = False

    def open(self, address: str) -> Device:
        """Open the body at `address` (whatever the driver takes: a host, a serial port).

        Raises:
            Refused: the kind has no driver, or its driver is not installed.
            Unreachable: nobody answers at the address.
        """
        if self.driver is None:
            raise Refused(f"bodies of kind {self.card.kind!r} exist in worlds only: no driver")
        module, _, function = self.driver.partition(":")
        try:
            opener = cast(
                Callable[[str], Device], getattr(importlib.import_module(module), function)
            )
        except (ImportError, AttributeError) as error:
            raise Refused(
                f"the driver {self.driver} of {self.card.kind!r} cannot be loaded ({error}): "
                "install the package that holds it"
            ) from error
        return opener(address)
