"""Bodies of a simulated world as `devices.device.Device`: what a driver author tests against.

The world's time is virtual: it moves only when it is told to, and for all its bodies at once.
Whatever drives a real body through the Device protocol drives one of these unchanged.
"""

from __future__ import annotations

from devices.contracts import BodyCard, Command, Halt, Observation, Receipt
from devices.errors import Refused, SafetyStop, Unreachable
from sim_worlds.contracts import Commands, WorldStep
from sim_worlds.errors import WorldMisuse
from sim_worlds.world import World

# The world's clock has this many decimals (of a second).
MILLISECONDS = 3


class SimSite:
    """A world and the devices in it. Resets the world.

    Args:
        world: Nobody else may step it from then on.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        survey = world.survey()
        cards = {card.kind: card for card in survey.cards}
        self._devices = {
            spec.id: SimDevice(self, spec.id, cards[spec.kind]) for spec in survey.bodies
        }
        self._take_in(world.reset())

    @property
    def now(self) -> float:
        """The present time of the world, seconds."""
        return self._now

    def device(self, body: str) -> SimDevice:
        """The body of this name.

        Raises:
            WorldMisuse: There is none.
        """
        if body not in self._devices:
            known = ", ".join(self._devices)
            raise WorldMisuse(f"there is no body `{body}` in this world; take one of {known}")
        return self._devices[body]

    def advance_to(self, now: float) -> None:
        """It is `now` (s) for every body. A time that is past changes nothing."""
        until = round(now, MILLISECONDS)
        while self._now < until:
            self._take_in(self._world.step((), until))

    def next_s(self) -> float | None:
        """When the next thing happens in the world, seconds; None: never, unless told to."""
        return self._next_s

    def give(self, body: str, command: Command) -> None:
        """Hand over a command without letting time pass."""
        self._take_in(self._world.step((Commands(body=body, commands=(command,)),), self._now))

    def _take_in(self, news: WorldStep) -> None:
        self._now, self._next_s = news.now, news.next_s
        for name, device in self._devices.items():
            device.take_in(
                online=name in news.heard,
                reports=[o for o in news.observations if o.body == name],
                ended=[r for r in news.receipts if r.body == name],
            )


class SimDevice:
    """One body of a simulated world; a `devices.device.Device`, and `Timed`."""

    def __init__(self, site: SimSite, body: str, card: BodyCard) -> None:
        self._site = site
        self._body = body
        self._card = card
        self._online = True
        self._last: Observation | None = None
        self._ended: list[Receipt] = []
        self._own_halts = 0
        self._is_stopped = False
        self._is_closed = False

    def advance(self, now: float) -> None:
        """It is `now` (s), for the whole world."""
        self._site.advance_to(now)

    def next_s(self) -> float | None:
        """When the next thing happens in the world, to this body or another one."""
        return self._site.next_s()

    def describe(self) -> BodyCard:
        """What the body can do."""
        return self._card

    def observe(self) -> Observation:
        """The newest report.

        Raises:
            Unreachable: The body is off line or the device is closed.
        """
        self._check_reachable()
        if self._last is None:
            raise Unreachable(f"`{self._body}` has not reported yet; let time pass")
        return self._last

    def act(self, command: Command) -> None:
        """Begin a command.

        Raises:
            Refused: The body's card does not list the skill.
            SafetyStop: The device was stopped and the command is not `halt`.
            Unreachable: The body is off line or the device is closed.
        """
        self._check_reachable()
        if not isinstance(command, Halt):
            if self._is_stopped:
                raise SafetyStop(f"`{self._body}` is stopped; open it anew to release it")
            if command.skill not in self._card.skills:
                raise Refused(f"`{self._body}` cannot {command.skill}; give it to another body")
        self._site.give(self._body, command)

    def receipts(self) -> tuple[Receipt, ...]:
        """The commands that ended since the last call.

        Raises:
            Unreachable: The body is off line or the device is closed.
        """
        self._check_reachable()
        ended, self._ended = tuple(self._ended), []
        return ended

    def stop(self) -> None:
        """Halt, and accept nothing but `halt` from then on."""
        self._is_stopped = True
        self._halt()

    def close(self) -> None:
        """Halt and let go of the body."""
        self._halt()
        self._is_closed = True

    def take_in(self, online: bool, reports: list[Observation], ended: list[Receipt]) -> None:
        """Called by the site with what the body sent."""
        self._online = online
        if reports:
            self._last = reports[-1]
        # The halts of `stop` and `close` are nobody's commands.
        self._ended += [r for r in ended if not r.command.startswith(self._halt_prefix)]

    @property
    def _halt_prefix(self) -> str:
        return f"{self._body}/own-halt-"

    def _halt(self) -> None:
        if self._is_closed:
            return
        self._own_halts += 1
        self._site.give(self._body, Halt(id=f"{self._halt_prefix}{self._own_halts}"))

    def _check_reachable(self) -> None:
        if self._is_closed:
            raise Unreachable(f"the device `{self._body}` is closed; open it again")
        if not self._online:
            raise Unreachable(f"`{self._body}` does not answer; try again later")
