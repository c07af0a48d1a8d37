"""Jobs of robots and of glasses: waits follow from distances, speeds and processes of the worlds.

A robot's agent asks the model before each step; then the robot drives, grasps or pours. How long that takes is
planned: length of the way over speed, the skill's nominal time. The world differs: times spread as the worlds'
physics spread them, people block ways, grasps need another try. Callers announce the plan, not the truth.

Glasses ask the model while they look, use a tool, speak (a sentence has a length), or wait for the wearer.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

from cerebellum import cards
from devices.contracts import BodyCard
from devices.process import processes
from devices.roadmap import Roadmap
from services.lab.simulator.jobs import Job, JobTurn
from sim_worlds.loader import installed, read_world

# Spread of the natural logarithm of driving times: others on the way, acceleration, doors.
_DRIVE_SPREAD = 0.15
_BLOCKED_SHARE = 0.06
_BLOCKED_S = 12.0
# What the worlds' hands do: the spread of their times, and the share of grasps that fail.
_HAND_SPREAD = 0.1
_RETRY_SHARE = 0.08
# One camera picture as the models see it, and the words around it.
_PICTURE_TOKENS = 1100
_WORDS_PER_S = 2.5


def robots(rng: random.Random, count: int = 400) -> list[Job]:
    """Jobs of robots in the installed worlds: fetch, pour, carry, clear, put away.

    Args:
        rng: The source of chance.
        count: How many.
    """
    sites = [_Site(name) for name in sorted(installed())]
    return [_robot_job(number, rng.choice(sites), rng) for number in range(count)]


def glasses(rng: random.Random, count: int = 400) -> list[Job]:
    """Jobs of glasses: encounters with looks, tools, spoken sentences and the wearer's replies.

    Args:
        rng: The source of chance.
        count: How many.
    """
    return [_glasses_job(number, rng) for number in range(count)]


class _Site:
    """Ways in one world, for the bodies that live there."""

    def __init__(self, name: str) -> None:
        scenario = read_world(name)
        kinds = {card.kind: card for card in scenario.cards}
        self.name = name
        self.bodies: list[tuple[str, BodyCard]] = [
            (body.id, kinds[body.kind])
            for body in scenario.bodies
            if body.kind in kinds and kinds[body.kind].speed_m_s > 0.0
        ]
        self._fixtures = [f for f in scenario.plan.fixtures if f.solid]
        self._roadmap = Roadmap(scenario.plan)

    def target(self, rng: random.Random) -> str:
        return rng.choice(self._fixtures).id

    def drive_s(self, card: BodyCard, start: str, goal: str) -> float | None:
        """Planned seconds from one fixture to another; None if there is no way."""
        radius, mobility, reach = card.radius_m, card.mobility, card.reach_m
        stands = self._roadmap.stand(start, radius_m=radius, mobility=mobility, reach_m=reach)
        if not stands:
            return None
        at = (stands[0].x, stands[0].y)
        length = self._roadmap.travel_m(at, goal, radius_m=radius, mobility=mobility, reach_m=reach)
        return None if length is None else 1.0 + length / card.speed_m_s


class _Talk:
    """A conversation that grows: what was said and seen stays in the context."""

    def __init__(self, prefix: int, rng: random.Random) -> None:
        self._context = prefix
        self._rng = rng
        self.turns: list[JobTurn] = []

    def turn(
        self,
        seen: int,
        answer: tuple[int, int],
        wait_s: float = 0.0,
        tool: str = "",
        body: str = "",
        expected_s: float | None = None,
    ) -> None:
        """One more turn: new tokens, an answer, and the wait before it."""
        output = self._rng.randint(*answer)
        before = self.turns[-1].prompt if self.turns else 0
        prompt = self._context + seen
        self.turns.append(JobTurn(prompt, output, before, wait_s, tool, body, expected_s))
        self._context = prompt + output


def _robot_job(number: int, site: _Site, rng: random.Random) -> Job:
    prefix = 3000
    body, card = rng.choice(site.bodies)
    talk = _Talk(prefix, rng)
    # The wish and the part of the memory that it concerns.
    talk.turn(rng.randint(800, 4000), (60, 200))
    here = site.target(rng)
    for _ in range(rng.randint(2, 6)):
        goal = site.target(rng)
        planned = site.drive_s(card, here, goal)
        if planned is None:
            continue
        here = goal
        true = planned * rng.lognormvariate(0.0, _DRIVE_SPREAD)
        if rng.random() < _BLOCKED_SHARE:
            true += rng.expovariate(1.0 / _BLOCKED_S)
        talk.turn(
            _PICTURE_TOKENS + rng.randint(50, 400), (30, 120), true, "navigate", body, planned
        )
        for skill in rng.choice(_AT_PLACE):
            planned = _planned_s()[skill]
            true = planned * rng.lognormvariate(0.0, _HAND_SPREAD)
            while rng.random() < _RETRY_SHARE:
                true += planned * rng.lognormvariate(0.0, _HAND_SPREAD)
            talk.turn(_PICTURE_TOKENS + rng.randint(50, 300), (30, 120), true, skill, body, planned)
    return Job(f"robot {number}", prefix, f"robots in {site.name}", tuple(talk.turns))


# What a robot does where it has driven.
_AT_PLACE: tuple[tuple[str, ...], ...] = (
    ("look",),
    ("look", "pick"),
    ("pick",),
    ("place",),
    ("pour", "pick"),
    ("place", "say"),
    ("wipe",),
    ("place", "wash", "pick"),
    ("open", "pick", "close"),
)


@cache
def _planned_s() -> dict[str, float]:
    """Nominal seconds of what hands do, by the skill's name."""
    own = (cards.LOOK, cards.PICK, cards.PLACE, cards.SAY)
    return {card.name: card.base_s for card in own} | {p.name: p.seconds for p in processes()}


def _glasses_job(number: int, rng: random.Random) -> Job:
    prefix = 1800
    talk = _Talk(prefix, rng)
    talk.turn(rng.randint(300, 1500) + _PICTURE_TOKENS, (15, 60))
    wearer = f"wearer {rng.randrange(40)}"
    for _ in range(rng.randint(3, 14)):
        act = rng.choices(tuple(_ACTS), weights=[weight for weight, _ in _ACTS.values()])[0]
        planned, true, seen = _ACTS[act][1](rng)
        talk.turn(seen, (15, 60), true, act, wearer, planned)
    return Job(f"glasses {number}", prefix, "glasses", tuple(talk.turns))


def _look(rng: random.Random) -> tuple[float, float, int]:
    return 2.0, 2.0 * rng.lognormvariate(0.0, 0.15), _PICTURE_TOKENS


def _web(rng: random.Random) -> tuple[float, float, int]:
    return 1.2, 1.2 * rng.lognormvariate(0.0, 0.6), rng.randint(300, 1500)


def _speech(rng: random.Random) -> tuple[float, float, int]:
    planned = rng.randint(5, 25) / _WORDS_PER_S
    return planned, planned * rng.lognormvariate(0.0, 0.05), rng.randint(20, 80)


def _reply(rng: random.Random) -> tuple[float, float, int]:
    # The sentence is heard first; how long the wearer thinks, nobody knows well.
    speech = rng.randint(5, 20) / _WORDS_PER_S
    return speech + 4.0, speech + 4.0 * rng.lognormvariate(0.0, 0.7), rng.randint(20, 120)


def _event(rng: random.Random) -> tuple[float, float, int]:
    # A dish is served, a card is dealt: the next one comes after about as long as the last.
    planned = rng.uniform(8.0, 40.0)
    return planned, planned * rng.lognormvariate(0.0, 0.3), _PICTURE_TOKENS


_Act = Callable[[random.Random], tuple[float, float, int]]
# Share of a conversation, and (planned, true seconds, new tokens) of each.
_ACTS: dict[str, tuple[float, _Act]] = {
    "look": (0.3, _look),
    "web": (0.15, _web),
    "speak": (0.2, _speech),
    "reply": (0.2, _reply),
    "event": (0.15, _event),
}
