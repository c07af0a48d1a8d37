"""What a step costs a body: seconds, chance of success, energy; learned where there is experience."""

from __future__ import annotations

from brain.allocation.workload import Estimate
from devices.skill import SkillCard
from stem_memory.tasks import Goal, TaskStep
from stem_memory.view import BodyRecord, MemoryView, Performance

# How many attempts the nominal figures are worth: experience outweighs them after as many.
PRIOR_ATTEMPTS = 5.0
PRIOR_SUCCESS = 0.95
# What a failed attempt costs besides its own time: noticing it, and planning again.
RETRY_S = 5.0
# An estimate stays within these factors of the nominal time, however odd the experience.
BOUNDS = (0.25, 4.0)
LEAST_SUCCESS = 0.1
# What a note that speaks against a kind of body leaves of its chances: others go first unless they
# are several times as far away.
WARNED_SUCCESS = 0.25


def estimate(
    card: SkillCard,
    body: BodyRecord,
    view: MemoryView,
    carry_m: float = 0.0,
    step: TaskStep | None = None,
    warned: bool = False,
) -> Estimate:
    """What one attempt, and success in the end, would take this body. Seconds and watt-hours.

    Learned means are shrunk towards what is coarser (an empirical Bayes estimate): experience with
    this class of object at this place towards that with the class, that towards the body's own,
    that towards its kind's, and that towards the skill's card.

    Args:
        card: The skill.
        body: The body.
        view: What memory has learned.
        carry_m: Metres that the work itself moves the body (carrying together).
        step: What is to be done with the skill; None: anything.
        warned: Whether a note says that bodies like this one fail at it.
    """
    rate = max(body.card.skills.get(card.name, 1.0), 1e-3)
    speed = max(body.card.speed_m_s, 1e-3)
    nominal = card.base_s / rate + carry_m / speed
    seconds, success = nominal, PRIOR_SUCCESS
    for known in view.experience(body.spec.id, card.name, *about(step, view)):
        seconds, success = _shrunk(known, seconds, success)
    seconds = min(max(seconds, BOUNDS[0] * nominal), BOUNDS[1] * nominal)
    if warned:
        success = min(success, WARNED_SUCCESS)
    success = min(1.0, max(success, LEAST_SUCCESS))
    failures = 1.0 / success - 1.0
    expected = seconds + failures * (seconds + RETRY_S) if seconds > 0 else 0.0
    energy = expected * body.card.work_w / 3600.0
    return Estimate(round(expected, 3), round(seconds, 3), round(success, 3), round(energy, 4))


def about(step: TaskStep | None, view: MemoryView) -> tuple[str, str]:
    """The class of the object and the place that a step is about; "" where there is none."""
    if step is None:
        return "", ""
    named = (str(value) for _, value in sorted(step.args.items()))
    cls = next((view.cls(thing) for thing in named if view.category(thing) == "object"), "")
    return cls, step.place or ""


def _shrunk(known: Performance, seconds: float, success: float) -> tuple[float, float]:
    done, tried = float(known.successes), float(known.attempts)
    mean = (PRIOR_ATTEMPTS * seconds + done * known.mean_s) / (PRIOR_ATTEMPTS + done)
    rate = (PRIOR_ATTEMPTS * success + done) / (PRIOR_ATTEMPTS + tried)
    return mean, rate


def worth(goal: Goal, now: float) -> float:
    """The weight of a goal: doubled by each step of priority, and up to doubled by waiting."""
    urgency = 2.0 ** max(-4, min(6, goal.priority))
    waited = min(1.0, max(0.0, now - goal.t) / 600.0)
    return float(round(urgency * (1.0 + waited), 3))


def charging_s(body: BodyRecord, level: float) -> float:
    """Seconds until a docked body's battery is at `level` (0..1)."""
    missing_wh = max(0.0, level - body.state.battery) * body.card.battery_wh
    return missing_wh / max(body.card.charge_w, 1.0) * 3600.0
