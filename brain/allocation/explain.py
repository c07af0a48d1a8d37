"""Why this body: every candidate with its figures, and one plain sentence."""

from __future__ import annotations

from typing import Literal

from brain.allocation.appraisal import Appraisal, held_things
from brain.allocation.timeline import Timeline, Visit
from brain.allocation.workload import ANYWHERE
from stem_memory.tasks import Candidate, Explain


def explain(
    appraisal: Appraisal, timeline: Timeline, visit: Visit, by: Literal["cp-sat", "greedy"]
) -> Explain:
    """Explain one visit of a schedule.

    A candidate's figures are those it would have had instead, after the steps the schedule gives
    it before this one: `travel_s` on the way, `wait_s` until it could set out or had to stand
    still, `work_s` with expected retries, `cost` in seconds from now until the step were done.
    """
    one = appraisal.horizon.steps[visit.job]
    chosen = appraisal.bodies[visit.body]
    candidates = tuple(
        _candidate(appraisal, timeline, visit, name) for name in appraisal.view.bodies()
    )
    able = sum(candidate.able for candidate in candidates)
    advice = appraisal.advice.get(one.key)
    return Explain(
        step=one.key[1],
        chosen=chosen,
        by="only" if able <= one.step.team else by,
        candidates=candidates,
        sentence=_sentence(appraisal, visit, candidates),
        notes=advice.heeded if advice is not None else (),
    )


def _candidate(appraisal: Appraisal, timeline: Timeline, visit: Visit, name: str) -> Candidate:
    one = appraisal.horizon.steps[visit.job]
    load = appraisal.load
    holder = _holder(appraisal, timeline, visit)
    why = appraisal.why_not.get((one.key, name))
    if why is None and holder not in (None, name):
        things = held_things(one.step)
        why = f"{things[0]} will be in the hands of {holder}" if things else f"{holder} does it"
    if why is not None or name not in appraisal.bodies:
        return Candidate(body=name, able=False, why=why or f"{name} is lost")
    body = appraisal.bodies.index(name)
    job, worker = load.jobs[visit.job], load.workers[body]
    estimate = job.work[body]
    if body in (visit.body, visit.partner):
        free, spot = _before(appraisal, timeline, visit, body)
        travel = load.travel_s(body, spot, job.spot)
        start, end = visit.start_s, visit.end_s
    else:
        free, spot = _before(appraisal, timeline, visit, body)
        travel = load.travel_s(body, spot, job.spot)
        start = max(_ready(appraisal, timeline, visit), free + travel)
        end = start + estimate.seconds
    energy = estimate.energy_wh + travel * worker.move_w / 3600.0
    return Candidate(
        body=name,
        able=True,
        travel_s=round(travel, 3),
        work_s=round(estimate.seconds, 3),
        wait_s=round(max(0.0, start - travel), 3),
        energy=round(energy, 3),
        success=estimate.success,
        cost=round(end, 3),
        why=_warning(appraisal, visit, name),
    )


def _warning(appraisal: Appraisal, visit: Visit, name: str) -> str:
    """What a note that is followed says against a body that could do the step all the same."""
    advice = appraisal.advice.get(appraisal.horizon.steps[visit.job].key)
    note = advice.warned.get(name) if advice is not None else None
    return f"{note.id} says: {note.symptom}" if note is not None else ""


def _holder(appraisal: Appraisal, timeline: Timeline, visit: Visit) -> str | None:
    """Who holds the thing by then, if the step is not the one that takes it."""
    load = appraisal.load
    if load.jobs[visit.job].hold < 0 or load.opens(visit.job):
        return None
    return appraisal.bodies[visit.body]


def _before(appraisal: Appraisal, timeline: Timeline, visit: Visit, body: int) -> tuple[float, int]:
    """When the body is free for the visit and where it is then, by the schedule."""
    worker = appraisal.load.workers[body]
    free, spot = worker.free_s, worker.spot
    for other in timeline.visits:
        if other.job == visit.job:
            break
        if body in (other.body, other.partner):
            job = appraisal.load.jobs[other.job]
            free = other.end_s
            spot = job.leaves if job.leaves != ANYWHERE else spot if job.spot < 0 else job.spot
    return free, spot


def _ready(appraisal: Appraisal, timeline: Timeline, visit: Visit) -> float:
    job = appraisal.load.jobs[visit.job]
    ends = [other.end_s for other in timeline.visits if other.job in job.after]
    return max([job.release_s, *ends])


def _sentence(appraisal: Appraisal, visit: Visit, candidates: tuple[Candidate, ...]) -> str:
    team = {appraisal.bodies[body] for body in (visit.body, visit.partner) if body >= 0}
    chosen = [c for c in candidates if c.body in team]
    others = sorted((c for c in candidates if c.able and c.body not in team), key=lambda c: c.cost)
    unable = [c for c in candidates if not c.able]
    load = appraisal.load
    parts = [" and ".join(f"{c.body}: {_situation(c)}" for c in chosen)]
    if load.jobs[visit.job].hold >= 0 and not load.opens(visit.job):
        things = held_things(appraisal.horizon.steps[visit.job].step)
        return f"{parts[0]}, with {things[0] if things else 'the thing'} in its hands"
    if not others:
        parts.append("nobody else can" if len(team) == 1 else "no other pair can")
    for other in others[:2]:
        parts.append(_compared(other, chosen[0]))
    # The best of those that a note speaks against may have been the choice without it.
    parts.extend(dict.fromkeys(c.why for c in others if c.why))
    if len(others) < 2:
        parts.extend(c.why for c in unable[: 2 - len(others)])
    return "; ".join(parts)


def _situation(candidate: Candidate) -> str:
    """How far away and how busy the body is."""
    there = candidate.travel_s < 0.5
    if candidate.wait_s < 0.5:
        return "there and free now" if there else f"{candidate.travel_s:.0f} s away and free now"
    then = "there by then" if there else f"then {candidate.travel_s:.0f} s away"
    return f"ready in {candidate.wait_s:.0f} s, {then}"


def _compared(other: Candidate, chosen: Candidate) -> str:
    late = other.cost - chosen.cost
    if late >= 0.5:
        return f"{other.body} would be done {late:.0f} s later"
    if late > -0.5:
        return f"{other.body} would take as long"
    return f"{other.body} would be done {-late:.0f} s sooner but is worth more elsewhere"
