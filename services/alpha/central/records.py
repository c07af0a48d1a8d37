"""What the ledger says of a case: an intervention and why now, or why nothing was said."""

from __future__ import annotations

from services.alpha.central.cases import OpenCase
from services.alpha.central.lanes import Job
from services.alpha.contracts import (
    Draft,
    Evidence,
    Intervention,
    LookRequest,
    SkillSpec,
    Suppressed,
    Trigger,
    WearerProfile,
    WhyNot,
)
from services.alpha.output.wording import speech_s


def intervention(
    id_: str,
    case: OpenCase,
    draft: Draft,
    text: str,
    now: float,
    wearer: WearerProfile,
    threshold: float,
) -> Intervention:
    """The text of a case as it begins to be said at `now`."""
    trigger = case.trigger
    asking = bool(case.asked_slot) and case.asked_slot not in case.found
    chain = {"trigger": trigger.t - trigger.since_s}
    if case.looked_s is not None:
        chain["look"] = case.looked_s - trigger.t
    if case.called_s is not None:
        chain["tool"] = case.called_s - (case.looked_s or trigger.t)
    chain["audio"] = now - trigger.since_s
    return Intervention(
        id=id_,
        case=case.id,
        skill=case.spec.name,
        subject=trigger.subject,
        event_s=trigger.since_s,
        t=now,
        began_s=now,
        ends_s=round(now + speech_s(text, wearer.words_per_minute), 3),
        deadline_s=case.deadline_s,
        version=trigger.version,
        text=text,
        answer="" if asking else draft.answer,
        voice=wearer.voice,
        hud=draft.hud,
        why_now="; ".join(filter(None, (trigger.reason, draft.why))),
        score=round(draft.score, 3),
        threshold=0.0 if trigger.asked else threshold,
        asked=trigger.asked,
        question=asking,
        evidence=case.on_record(case.usable(now)),
        tools=tuple(case.results),
        knows=draft.knows,
        chain={name: round(seconds, 3) for name, seconds in chain.items()},
    )


def look_request(job: Job, case: OpenCase, now: float) -> LookRequest:
    """The look of a case as it is ordered at `now`."""
    return LookRequest(
        id=job.id,
        case=case.id,
        skill=case.spec.name,
        t=now,
        deadline_s=case.deadline_s,
        attempt=case.looks,
        frames=case.spec.look_frames,
        width=case.spec.look_width,
        slots=tuple(slot.name for slot in case.lacks(now)),
        trigger=case.trigger,
    )


def apology(why: str) -> Draft:
    """What to say to a question that can not be answered: why not."""
    return Draft(wordings=(f"{why[:1].upper()}{why[1:].rstrip('.')}.",), why=why, score=1.0)


def suppressed(
    case: str,
    trigger: Trigger,
    spec: SkillSpec,
    now: float,
    code: WhyNot,
    why: str,
    threshold: float,
    text: str = "",
    evidence: tuple[Evidence, ...] = (),
) -> Suppressed:
    """Why nothing was said about the trigger."""
    return Suppressed(
        case=case,
        skill=spec.name,
        subject=trigger.subject,
        event_s=trigger.since_s,
        t=now,
        code=code,
        why_not=why,
        score=round(trigger.score, 3),
        threshold=threshold,
        text=text,
        evidence=evidence,
    )
