"""One trial: a site with devices that really are daemons but for their sockets, in virtual time, while
things go wrong. Everything is a pure function of its seed.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Literal

from cerebellum.daemon.messages import Plant
from devices.catalogue import body_kinds
from devices.clock import ManualClock
from devices.contracts import Command
from devices.noun import Noun
from services.errors import ActorDied
from services.hub.links import Links
from services.hub.standing import Standing
from services.lab.fleet.ledger import Ledger
from services.lab.fleet.lines import Weather
from services.lab.fleet.machine import Machine
from services.lab.fleet.upsets import Upset, upsets
from services.runtime.local import Handle, LocalHandle, LocalPort, LocalRuntime, Port
from services.session.contracts import RunConfig
from services.session.diary import Diary
from services.session.folder import RunFolder
from services.session.inputs import Directive, Input, Inputs, Words
from services.session.live import live
from sim_worlds.contracts import Commands, WorldStep
from stem_memory.contracts import Event, GoalClosed, Instructed, Said
from stem_memory.instructions import Cancel, Release, Stop
from stem_memory.log.store import EventStore
from stem_memory.privacy.vault import Vault

TICK_S = 0.01
# Upsets begin within the first minute; who has not come to an end long after never will.
_UPSETS_S, _LIMIT_S = 60.0, 900.0
_WISHES = (
    "wipe table 1",
    "wipe table 3",
    "bring a glass of water to table 3",
    "bring an orange juice to table 6",
    "clear table 2",
    "bring a coffee to table 4",
    "switch on the radio",
    "where is the red mug",
)
_KINDS = {"ann": "humanoid", "ben": "humanoid", "cis": "server"}


class Result(Noun):
    """What came of a trial. `faults`: each promise that was broken, in a sentence.

    `statuses`: how many goals ended how; `disagreed`: those that the fleet thought satisfied and the
    world did not; `seconds`: of the site.
    """

    seed: int
    is_naive: bool = False
    upsets: tuple[Upset, ...]
    faults: tuple[str, ...]
    goals: int
    statuses: dict[str, int]
    disagreed: tuple[str, ...]
    requests: int
    starts: int
    seconds: float


class SiteKilled(BaseException):
    """The site's process is gone at once; nothing of it handles this."""


class _Runtime:
    """Everything in this process, where the brain dies and the disk is full when it is told so."""

    is_shared = False

    def __init__(self, trial: Trial) -> None:
        self._local = LocalRuntime()
        self._trial = trial

    def spawn(self, name: str, factory: Callable[..., Any], *args: Any) -> Handle:
        handle = self._local.spawn(name, factory, *args)
        if name == "world":
            return _Shortcut(handle, self._trial)
        return _MortalHandle(handle, self._trial) if name == "brain" else handle

    def share(self, name: str, factory: Callable[..., Any], *args: Any) -> Port:
        return _FullPort(self._local.share(name, factory, *args), self._trial)

    def gather(self, pending: Sequence[Any]) -> list[Any]:
        return self._local.gather(pending)

    def close(self) -> None:
        self._local.close()


class _MortalHandle:
    def __init__(self, handle: Handle, trial: Trial) -> None:
        self.name = handle.name
        self._handle = handle
        self._trial = trial

    def call(self, method: str, *args: Any) -> Any:
        if self._trial.brain_dies and method == "step":
            self._trial.brain_dies = False

            def fail() -> Any:
                raise ActorDied("brain", "killed")

            return fail
        return self._handle.call(method, *args)


class _Shortcut:
    """The world, whose bodies partly have their daemon beside them."""

    def __init__(self, handle: LocalHandle, trial: Trial) -> None:
        self.name = handle.name
        self._handle = handle
        self._trial = trial

    def call(self, method: str, *args: Any) -> Any:
        if method != "step":
            return self._handle.call(method, *args)
        commands, until = args
        step: WorldStep = self._handle.call("step", (*commands, *self._trial.moved()), until)()
        self._trial.sensed(step)
        return lambda: step


class _FullPort:
    is_here = True

    def __init__(self, port: LocalPort, trial: Trial) -> None:
        self.name = port.name
        self._port = port
        self._trial = trial

    def begin(self, method: str, *args: Any) -> Any:
        pending = self._port.begin(method, *args)
        return lambda: self._trial.recording(method, pending)

    def answer(self, pending: Any) -> Any:
        return pending()


class Trial:
    """One seed.

    Args:
        seed: Decides everything.
        folder: An empty folder for the site's state and the devices' disks.
        is_naive: Its devices keep nothing on a disk and know no leases: what other ways lose.
    """

    brain_dies = False

    def __init__(self, seed: int, folder: Path, is_naive: bool = False) -> None:
        self._seed, self._is_naive = seed, is_naive
        self._state = folder / "site"
        self._random = Random(seed)
        self._clock = ManualClock()
        self.ledger = Ledger()
        self._motions: dict[str, list[Command]] = {}
        self._in_world: set[str] = set()
        kinds = body_kinds()
        self._machines = {
            id_: Machine(
                id_,
                kinds[kind].card,
                self._random.random() < 0.5,
                folder,
                self._clock,
                Random(self._random.random()),
                self.ledger,
                is_naive,
                partial(self._move, id_) if self._random.random() < 0.5 else None,
                Weather(delay_s=self._random.choice((0.002, 0.02, 0.2))),
            )
            for id_, kind in _KINDS.items()
        }
        self._upsets = list(upsets(self._random, tuple(_KINDS), _UPSETS_S))
        self._planned = tuple(self._upsets)
        self._heals: list[tuple[float, Callable[[], None]]] = []
        self._words = self._said()
        self._given: dict[str, Input] = {}
        self._starts = 0
        self._inputs = Inputs()
        self._links: Links | None = None
        self._standing: Standing | None = None
        self._position = 0
        self._base_s = self._began_s = 0.0
        self._full: Literal["", "before", "after", "disk"] = ""
        self._kill_in_round = False
        self._disagreed: list[str] = []

    def run(self) -> Result:
        """Play it to its end."""
        config = RunConfig(
            world="restaurant", seed=self._seed, bodies=2, stays=True, film=False, speed=1.0,
            model="none",
        )  # fmt: skip
        folder = RunFolder.create(str(self._state), config.world)
        folder.write_config(config)
        while True:
            self._starts += 1
            self._inputs = Inputs()
            self._began_s = self._clock.now()
            try:
                live(config, folder, self._inputs, self._on_round, _Runtime(self), self._pace)
                break
            except (SiteKilled, sqlite3.OperationalError):
                self._down()
        return self._result()

    # -- the site ----------------------------------------------------------------------------------

    def now(self) -> float:
        """The site's time (s)."""
        return round(self._base_s + self._clock.now() - self._began_s, 3)

    def recording(self, method: str, pending: Callable[[], Any]) -> Any:
        """A call to whoever writes the log, which may go wrong."""
        full = self._full if method == "take" else ""
        if full:
            self._full = ""
        if full == "disk":
            raise sqlite3.OperationalError("database or disk is full")
        if full == "before":
            raise SiteKilled
        answer = pending()
        if full == "after":
            raise SiteKilled
        return answer

    def _pace(self, base_s: float) -> _Paced:
        self._base_s = base_s
        return _Paced(self)

    def _on_round(self, now: float, events: tuple[Event, ...], diary: Diary) -> None:
        is_first = self._standing is None
        if is_first:
            path = RunFolder(self._state).own_memory
            self._standing = Standing(path)
            self._reader = EventStore.reader(path, Vault.beside(path))
            self._links = Links(
                self._inputs, self._there, self.now, 1.0, self._state / "starts", self._clock
            )
        for entry in self._reader.read(after=self._position):
            self._position = entry.id
            self._recorded(entry.event, diary)
        if is_first:
            # Who got no answer says it again.
            for item in self._given.values():
                self._inputs.put(item)
        if self._links is not None:
            self._links.settle()
        if self._kill_in_round:
            self._kill_in_round = False
            raise SiteKilled

    def _recorded(self, event: Event, diary: Diary) -> None:
        what = event.body
        self.ledger.recorded(event, self._clock.now())
        if isinstance(what, Said | Instructed):
            self._given.pop(what.key, None)
        if isinstance(what, GoalClosed) and what.status == "satisfied":
            verdict = diary.verdicts.get(what.goal)
            if verdict is not None and not verdict.satisfied:
                self._disagreed.append(what.goal)

    def _there(self) -> Standing:
        assert self._standing is not None
        return self._standing

    def _down(self) -> None:
        """The site's process is gone; its devices go on."""
        self._links = None
        if self._standing is not None:
            self._standing.close()
            self._reader.close()
            self._standing = None
        up_s = self._clock.now() + self._random.uniform(0.1, 6.0)
        while self._clock.now() < up_s:
            self.tick()

    def _move(self, body: str, commands: tuple[Command, ...]) -> None:
        self._motions.setdefault(body, []).extend(commands)

    def moved(self) -> tuple[Commands, ...]:
        """What hardware was told whose daemon stands beside it; handed out once."""
        here = sorted(self._motions.keys() & self._in_world)
        return tuple(Commands(body=b, commands=tuple(self._motions.pop(b))) for b in here)

    def sensed(self, step: WorldStep) -> None:
        """What hardware reports to a daemon that stands beside it."""
        self._in_world |= {report.body for report in step.observations}
        for body, machine in self._machines.items():
            if machine.motors is None:
                continue
            seen = [o for o in step.observations if o.body == body]
            ended = tuple(r for r in step.receipts if r.body == body)
            if seen or ended:
                machine.sense(Plant(observation=seen[-1] if seen else None, receipts=ended))

    # -- time --------------------------------------------------------------------------------------

    def reach(self, until: float, inputs: Inputs) -> float:
        """Let time pass until then, or until somebody has news."""
        while self.now() < until:
            if inputs.has_news:
                return min(until, math.floor(self.now() * 1000) / 1000)
            self.tick()
        return until

    def tick(self) -> None:
        """Let a moment pass everywhere."""
        now = round(self._clock.now() + TICK_S, 3)
        self._clock.advance_to(now)
        while self._upsets and self._upsets[0].t <= now:
            self._happen(self._upsets.pop(0), now)
        for due, heal in [item for item in self._heals if item[0] <= now]:
            self._heals.remove((due, heal))
            heal()
        while self._words and self._words[0][0] <= now:
            self._say(self._words.pop(0)[1])
        for machine in self._machines.values():
            machine.tick(self._links)
        if self._is_over(now):
            self._inputs.end()

    def _is_over(self, now: float) -> bool:
        if now >= _LIMIT_S:
            return True
        if self._upsets or self._heals or self._words or self._given or self.ledger.open:
            return False
        return not any(machine.owes for machine in self._machines.values())

    def _say(self, item: Input) -> None:
        self._given[item.key] = item
        self._inputs.put(item)

    def _said(self) -> list[tuple[float, Input]]:
        wishes = self._random.sample(_WISHES, 3)
        times = sorted(round(self._random.uniform(0.5, 25.0), 2) for _ in wishes)
        return [(t, Words(wish, key=f"trial:{i}")) for i, (t, wish) in
                enumerate(zip(times, wishes, strict=True))]  # fmt: skip

    # -- what goes wrong -----------------------------------------------------------------------------

    def _happen(self, upset: Upset, now: float) -> None:
        machine = self._machines.get(upset.device)
        if machine is None:
            self._at_site(upset, now)
            return
        weather = machine.weather
        if upset.kind == "kill daemon":
            machine.kill(upset.lasts_s / 2)
        elif upset.kind == "pause daemon":
            machine.asleep_until = max(machine.asleep_until, now + upset.lasts_s)
        elif upset.kind == "disk full at the daemon":
            machine.is_disk_full = True
        elif upset.kind == "delay":
            self._for_a_while(upset, weather, "delay_s", 1.5)
        elif upset.kind == "disorder":
            self._for_a_while(upset, weather, "disorder", 0.3)
        if upset.kind in ("partition", "deaf"):
            self._for_a_while(upset, weather, "is_deaf", True)
        if upset.kind in ("partition", "mute"):
            self._for_a_while(upset, weather, "is_mute", True)

    def _at_site(self, upset: Upset, now: float) -> None:
        key = f"trial:{upset.kind}:{upset.t}"
        if upset.kind == "kill site":
            self._kill_in_round = True
        elif upset.kind == "kill site while it records":
            self._full = self._random.choice(("before", "after"))
        elif upset.kind == "disk full at the site":
            self._full = "disk"
        elif upset.kind == "kill brain":
            self.brain_dies = True
        elif upset.kind == "cancel" and self.ledger.open:
            goal = self._random.choice(self.ledger.open)
            self._say(Directive(Cancel(goals=(goal,)), key=key))
        elif upset.kind == "stop all":
            self._say(Directive(Stop(), key=key))
            due = now + upset.lasts_s
            self._heals.append((due, lambda: self._say(Directive(Release(), key=key + ":over"))))

    def _for_a_while(self, upset: Upset, weather: Weather, name: str, value: Any) -> None:
        before = getattr(Weather(), name) if name != "delay_s" else weather.delay_s
        setattr(weather, name, value)
        due = self._clock.now() + upset.lasts_s
        self._heals.append((due, lambda: setattr(weather, name, before)))

    def _result(self) -> Result:
        words = dict.fromkeys((f"trial:{i}" for i in range(3)), "")
        owing = [machine.id for machine in self._machines.values() if machine.owes]
        statuses = Counter(self.ledger.goals.values())
        return Result(
            seed=self._seed,
            is_naive=self._is_naive,
            upsets=self._planned,
            faults=tuple(self.ledger.faults(words, owing)),
            goals=len(self.ledger.goals),
            statuses=dict(statuses),
            disagreed=tuple(self._disagreed),
            requests=self.ledger.requests,
            starts=self._starts,
            seconds=self._clock.now(),
        )


class _Paced:
    """Time that passes as the trial lets it."""

    is_host = True

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    def reach(self, until: float, inputs: Inputs) -> float:
        return self._trial.reach(until, inputs)
