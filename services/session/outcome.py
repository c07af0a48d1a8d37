"""What became of goals and words: the world's truth overrules the brain's belief."""

from __future__ import annotations

from collections.abc import Callable

from services.report.run_time import RunTime
from services.session.contracts import GoalOutcome, GoalResult, WordsResult
from services.session.conversation import Utterance
from services.session.diary import ANSWER, AUTHOR, Diary

# Those of the things that are in a body's hands, in truth.
Carried = Callable[[tuple[str, ...]], tuple[str, ...]]


def goals(diary: Diary, carried: Carried, clock: RunTime) -> tuple[GoalResult, ...]:
    """How each goal came out that somebody wished for; what tidied up counts with its cause.

    Args:
        diary: What the run learnt of itself, in times of the log.
        carried: Asks the world what is in somebody's hands.
        clock: Makes times of the run of those.
    """
    return tuple(
        _outcome(goal.id, diary, carried, clock)
        for goal in diary.goals.values()
        if goal.cause not in diary.goals
    )


def words(diary: Diary, clock: RunTime) -> tuple[WordsResult, ...]:
    """What words came to that are no goal of their own, in times of the run."""
    return tuple(
        WordsResult(
            t=clock.at(said.t),
            who=said.who,
            text=said.text,
            heeded=bool(said.answers) or any(reply.heeded for reply in said.replies[-1:]),
            reply=_reply(said),
        )
        for said in diary.talk.utterances
        if said.text is not None and not said.goals
    )


def _reply(said: Utterance) -> str:
    if said.replies:
        return said.replies[-1].text
    return f"It answers {said.answers[-1]}." if said.answers else ""


def _outcome(goal: str, diary: Diary, carried: Carried, clock: RunTime) -> GoalResult:
    status, checked, reason = _judged(goal, diary, carried)
    answer = diary.answers.get(goal)
    return GoalResult(
        id=goal,
        text=diary.goals[goal].text,
        who=diary.goals[goal].who,
        status=status,
        checked_by_world=checked,
        reason=reason,
        understood=diary.understood.get(goal, ""),
        answer=None if answer is None else answer.text,
        findings=() if answer is None else clock.answer(answer).findings,
    )


def _judged(goal: str, diary: Diary, carried: Carried) -> tuple[GoalOutcome, bool, str]:
    """Status, whether the world was asked and agrees, and why."""
    closed = diary.closed.get(goal)
    if closed is None:
        if goal in diary.questions:
            return "needs_answer", False, diary.questions[goal]
        return "paused", False, "it is paused" if goal in diary.paused else _halted(diary)
    if closed.status == "cancelled":
        return _called_off(goal, diary, carried)
    if closed.status in ("failed", "refused"):
        return closed.status, False, closed.reason
    names: tuple[str, ...] = (goal, goal + AUTHOR, goal + ANSWER)
    if closed.status == "answered":
        # Whether somebody had to look does not matter, only whether what was said is so.
        names = (goal + AUTHOR, goal + ANSWER)
    verdicts = [diary.verdicts[n] for n in names if n in diary.verdicts]
    unmet = [reason for verdict in verdicts for reason in verdict.unmet]
    if unmet or not all(verdict.satisfied for verdict in verdicts):
        return "failed", False, "the world disagrees: " + "; ".join(unmet)
    status: GoalOutcome = closed.status if closed.status in ("missed", "answered") else "satisfied"
    return status, bool(verdicts), closed.reason


def _halted(diary: Diary) -> str:
    """Who would have to move for what is left open."""
    stopped = [body for body, holds_still in diary.stopped.items() if holds_still]
    if len(stopped) == len(diary.stopped):
        return "everybody was stopped before it was done"
    return f"it waits for {' and '.join(stopped)}: stopped, and nobody else can do it"


def _called_off(goal: str, diary: Diary, carried: Carried) -> tuple[GoalOutcome, bool, str]:
    """A cancelled goal left nothing in anybody's hands, and what tidied up after it came out well."""
    reason = diary.closed[goal].reason
    held = carried(tuple(sorted(diary.touched.get(goal, ()))))
    mine = {thing for after in diary.aftermath(goal) for thing in diary.touched.get(after, ())}
    others = {
        thing
        for other, things in diary.touched.items()
        if other != goal and other not in diary.aftermath(goal)
        for thing in things
    }
    left = [thing for thing in held if thing in mine or thing not in others]
    if left:
        return "cancelled", False, f"{reason}; still in somebody's hands: {', '.join(left)}"
    for after in diary.aftermath(goal):
        status, agrees, why = _judged(after, diary, carried)
        if status != "satisfied" or not agrees:
            told = diary.goals[after].text
            return "cancelled", False, f"{reason}; {told} {status}{': ' + why if why else ''}"
    return "cancelled", True, reason
