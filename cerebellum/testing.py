"""A bench that performs skills on a fake body, and the contract that every skill must keep.

A stranger proves a skill by subclassing the contract in a test file:

    class TestWave(SkillContract):
        kind = my_package.wave

        def order(self) -> Order:
            return self.order_for({"to": "anna"})
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from cerebellum.context import Context
from cerebellum.contracts import BodyInput, Order, Whereabouts
from cerebellum.runner import Runner
from cerebellum.senses import Senses
from cerebellum.skill import SkillKind
from devices.clock import ManualClock
from devices.contracts import BodyCard, Command, Halt, Pose, Receipt
from devices.errors import DeviceError
from devices.facts import Value
from devices.roadmap import Roadmap
from devices.site import Door, Fixture, Room, SitePlan
from devices.skill import Cancelled, Failed, SkillEvent, SkillRequest, Succeeded
from devices.testing import FakeDevice

FINAL = (Succeeded, Failed, Cancelled)

# Two rooms with a door between them, and a table, a sink and a dock in reach of the middle.
FLAT = SitePlan(
    name="flat",
    rooms=(
        Room(id="kitchen", cls="kitchen", polygon=((0, 0), (4, 0), (4, 4), (0, 4))),
        Room(id="hall", cls="hall", polygon=((4, 0), (8, 0), (8, 4), (4, 4))),
    ),
    doors=(Door(id="kitchen-door", rooms=("kitchen", "hall"), at=(4, 2), leaf=True),),
    fixtures=(
        Fixture(id="table-1", cls="table", room="kitchen", x=2, y=3.2, capacity=4),
        Fixture(id="sink-1", cls="sink", room="kitchen", x=0.5, y=1.5, capacity=4),
        Fixture(id="dock-1", cls="dock", room="hall", x=7.6, y=2, offers=("charge",)),
    ),
)

BODY = BodyCard(
    kind="bench",
    title="bench body",
    mobility="wheels",
    speed_m_s=1.0,
    reach_m=1.0,
    low_m=0.0,
    high_m=2.0,
    hands=2,
    carry=2,
)


@dataclass
class Bench:
    """A runner and a fake body wired together, with a clock that goes when told to."""

    card: BodyCard
    plan: SitePlan
    skills: dict[str, SkillKind]
    pose: Pose = field(default_factory=lambda: Pose(x=2.0, y=2.0))
    body: str = "bench-1"
    events: list[SkillEvent] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = ManualClock()
        self.device = FakeDevice(self.card, self.clock, body=self.body, pose=self.pose)
        self.runner = Runner(self.card, self.plan, self.skills)
        self._receipts: list[Receipt] = []
        self._wake_s: float | None = None

    def step(
        self,
        *orders: Order,
        cancels: tuple[str, ...] = (),
        stop: bool = False,
        resume: bool = False,
    ) -> list[Command]:
        """Give the runner all the news there are at this moment; return what it commanded."""
        news = BodyInput(
            now=self.clock.now(),
            observation=self.device.observe(),
            receipts=(*self._receipts, *self.device.receipts()),
            orders=orders,
            cancels=cancels,
            stop=stop,
            resume=resume,
        )
        self._receipts = []
        out = self.runner.step(news)
        self._wake_s = out.wake_s
        self.events += out.events
        self.commands += out.commands
        for command in out.commands:
            self._pass_on(command)
        return list(out.commands)

    def advance(self) -> bool:
        """Move the clock to whatever is due next. False: nothing ever happens again."""
        due = [t for t in (self.device.next_s(), self._wake_s) if t is not None]
        if not due and not self._receipts:
            return False
        self.clock.advance_to(max(self.clock.now(), min(due, default=0.0)))
        return True

    def run(self, *orders: Order, steps: int = 200) -> SkillEvent | None:
        """Perform the orders to the end; the last final event, or None if none came."""
        before = len(self.finals())
        self.step(*orders)
        for _ in range(steps):
            if len(self.finals()) - before >= len(orders) or not self.advance():
                break
            self.step()
        ended = self.finals()[before:]
        return ended[-1] if ended else None

    def finals(self) -> list[SkillEvent]:
        """The final events so far."""
        return [event for event in self.events if isinstance(event, FINAL)]

    def _pass_on(self, command: Command) -> None:
        try:
            self.device.act(command)
        except DeviceError as error:
            self._receipts.append(
                Receipt(
                    command=command.id,
                    body=self.body,
                    t=self.clock.now(),
                    outcome="failed",
                    reason="refused",
                    detail=str(error),
                )
            )


class SkillContract:
    """What every skill must do. Subclass it, set `kind`, and override `order`."""

    kind: ClassVar[SkillKind]
    plan: ClassVar[SitePlan] = FLAT
    pose: ClassVar[Pose] = Pose(x=2.0, y=2.0)

    def order(self) -> Order:
        """Return an order that the skill can carry out on the plan, from the pose."""
        raise NotImplementedError("override order() to return an order for the skill")

    def order_for(self, args: dict[str, Value], partner: str | None = None) -> Order:
        """Return an order for the skill with these arguments, due in ten minutes.

        Things that are not on the plan are said to lie on table-1.
        """
        request = SkillRequest(
            id="r1",
            goal="g1",
            step="s1",
            skill=self.kind.card.name,
            body="bench-1",
            args=args,
            partner=partner,
            deadline_s=600.0,
        )
        table = Whereabouts(holder="table-1", x=2.0, y=3.2)
        words = [value for value in args.values() if isinstance(value, str)]
        known = {fixture.id for fixture in self.plan.fixtures}
        known |= {door.id for door in self.plan.doors} | {room.id for room in self.plan.rooms}
        return Order(request=request, whereabouts={w: table for w in words if w not in known})

    def bench(self) -> Bench:
        """Return a fresh bench with a body that can do the skill, look and navigate."""
        name = self.kind.card.name
        card = BODY.model_copy(update={"skills": {name: 1.0, "look": 1.0, "navigate": 1.0}})
        return Bench(card, self.plan, {name: self.kind}, pose=self.pose)

    def test_the_order_fits_the_card(self) -> None:
        """Every argument of the order is a parameter of the card."""
        card, request = self.kind.card, self.order().request
        assert request.skill == card.name
        assert set(request.args) <= {param.name for param in card.params}

    def test_it_succeeds_on_a_willing_body(self) -> None:
        """Where nothing goes wrong, it succeeds."""
        final = self.bench().run(self.order())
        assert isinstance(final, Succeeded), f"ended with {final}"

    def test_building_commands_nothing(self) -> None:
        """A performance that was built and not started leaves the mailbox empty."""
        context = Context(self.order(), BODY, Roadmap(self.plan), Senses())
        self.kind.build(self.order(), context)
        assert context.posted is None, "build() must not post commands: wait for start()"

    def test_it_never_waits_inside_a_tick(self) -> None:
        """A body that never answers keeps it running, not blocked; the deadline ends it."""
        bench = self.bench()
        bench.device.seconds = 1e9
        bench.step(self.order())
        for t in range(1, 6):
            bench.clock.advance_to(float(t))
            bench.step()
        bench.clock.advance_to(600.0)
        bench.step()
        for _ in range(3):
            bench.clock.advance_to(bench.clock.now() + 1.0)
            bench.step()
        assert len(bench.finals()) == 1, "by its deadline it has succeeded or failed, once"

    def test_it_fails_with_a_reason(self) -> None:
        """Whatever the body reports, the skill ends in an event with a reason."""
        for reason in ("out_of_reach", "tool_failed", "blocked", "closed", "something_new"):
            bench = self.bench()
            for kind in (
                "drive",
                "grasp",
                "release",
                "operate",
                "sense",
                "speak",
                "carry_together",
            ):
                bench.device.fail_next(kind, reason, times=20)
            final = bench.run(self.order())
            assert isinstance(final, Succeeded | Failed)
            if isinstance(final, Failed):
                assert final.reason, "a failure says why"

    def test_it_can_be_cancelled_in_every_state(self) -> None:
        """After a cancel the body is halted, keeps what it holds and gets no more commands."""
        for steps in range(12):
            bench = self.bench()
            bench.step(self.order())
            for _ in range(steps):
                if bench.advance():
                    bench.step()
            if bench.finals():
                break
            is_moving, holding = bench.device.next_s() is not None, list(bench.device.holding)
            sent = bench.step(cancels=("r1",))
            assert all(isinstance(command, Halt) for command in sent)
            assert bool(sent) == is_moving, "what moves is halted"
            assert bench.step() == []
            assert [type(event) for event in bench.finals()] == [Cancelled]
            assert bench.device.holding == holding

    def test_it_is_reproducible(self) -> None:
        """The same order on the same body gives the same commands and events."""
        first, second = self.bench(), self.bench()
        first.run(self.order())
        second.run(self.order())
        assert first.commands == second.commands
        assert first.events == second.events
