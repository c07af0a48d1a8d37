"""Who does which step when: the allocator over a rolling horizon.

`allocate` looks at the steps of all open goals that could start soonest, puts numbers to them
(`brain.allocation.appraisal`), schedules them by list scheduling (`brain.allocation.greedy`), improves the schedule by
CP-SAT where that can matter (`brain.allocation.cpsat`), and says why (`brain.allocation.explain`). It reads no clock: the
same memory gives the same schedule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from brain.allocation.appraisal import Appraisal, appraise
from brain.allocation.config import AllocatorConfig
from brain.allocation.cpsat import improve
from brain.allocation.explain import explain
from brain.allocation.greedy import greedy
from brain.allocation.timeline import Timeline, floor_cost
from brain.contracts import Schedule
from devices.roadmap import Roadmap
from stem_memory.tasks import Assignment
from stem_memory.view import MemoryView

StepKey = tuple[str, str]
By = Literal["cp-sat", "greedy"]


def allocate(
    view: MemoryView,
    roadmap: Roadmap,
    now: float,
    *,
    fixed: Mapping[StepKey, Assignment] | None = None,
    limits: AllocatorConfig | None = None,
) -> Schedule:
    """Decide who does the next open steps, and when.

    Args:
        view: What memory believes: goals with their graphs, bodies, learned performance.
        roadmap: The ways of the site.
        now: Seconds.
        fixed: Steps under way (or approached), by (goal, step); they stay as they are.
        limits: The horizon, the objective and the solver's effort.

    Returns:
        An assignment with its explanation for each step of the horizon, and under
        "GOAL/STEP" the reason for each step that no living body can do. Steps beyond the horizon
        are in neither: their turn comes. `start_s` is when the work begins, after the way there.
    """
    config = limits or AllocatorConfig()
    appraisal = appraise(view, roadmap, now, fixed or {}, config)
    timeline, by = schedule(appraisal, config)
    steps = appraisal.horizon.steps
    reasons = dict(appraisal.horizon.unassigned)
    for index in timeline.left_out:
        reasons[steps[index].key] = (
            "no body that can do it has a free hand for it or enough battery left"
        )
    return Schedule(
        assignments=tuple(_assignments(appraisal, timeline, by)),
        unassigned={f"{goal}/{step}": why for (goal, step), why in sorted(reasons.items())},
        makespan_s=round(timeline.cost.makespan_s, 3),
        by=by,
    )


def schedule(appraisal: Appraisal, config: AllocatorConfig) -> tuple[Timeline, By]:
    """The best schedule found for the workload, and by what."""
    load = appraisal.load
    listed = greedy(load)
    if not config.solve or len(load.jobs) < 2 or listed.left_out:
        return listed, "greedy"
    if listed.cost.total <= floor_cost(load) * (1.0 + config.worth_solving):
        return listed, "greedy"
    better = improve(load, listed, config.effort)
    return (listed, "greedy") if better is None else (better, "cp-sat")


def _assignments(appraisal: Appraisal, timeline: Timeline, by: By) -> list[Assignment]:
    result = []
    for visit in timeline.visits:
        goal, step = appraisal.horizon.steps[visit.job].key
        partner = appraisal.bodies[visit.partner] if visit.partner >= 0 else None
        result.append(
            Assignment(
                goal=goal,
                step=step,
                body=appraisal.bodies[visit.body],
                partner=partner,
                start_s=round(appraisal.now + visit.start_s, 3),
                end_s=round(appraisal.now + visit.end_s, 3),
                explain=explain(appraisal, timeline, visit, by),
            )
        )
    return result
