"""What became of goals and words: the world's truth overrules the brain's belief."""

from __future__ import annotations

from collections.abc import Callable

from services.session.contracts import GoalOutcome, GoalResult, WordsResult
from services.session.diary import ANSWER, AUTHOR, Diary, Story, Utterance
from services.session.run_time import RunTime

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
        _outcome(story, diary, carried, clock)
        for story in diary.goals.values()
        if story.goal.cause not in diary.goals
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
        for said in diary.said
        if said.text is not None and not said.goals
    )


def _reply(said: Utterance) -> str:
    if said.replies:
        return said.replies[-1].text
    return f"It answers {said.answers[-1]}." if said.answers else ""


def _outcome(story: Story, diary: Diary, carried: Carried, clock: RunTime) -> GoalResult:
    status, checked, reason = _judged(story, diary, carried)
    answer, understood = story.answer, story.understood
    return GoalResult(
        id=story.goal.id,
        text=story.goal.text,
        who=story.goal.who,
        status=status,
        checked_by_world=checked,
        reason=reason,
        understood=understood.summary if understood is not None else "",
        answer=None if answer is None else answer.text,
        findings=() if answer is None else clock.of(answer).findings,
    )


def _judged(story: Story, diary: Diary, carried: Carried) -> tuple[GoalOutcome, bool, str]:
    """Status, whether the world was asked and agrees, and why."""
    closed, goal = story.closed, story.goal.id
    if closed is None:
        if story.asks is not None:
            return "needs_answer", False, story.asks
        return "paused", False, "it is paused" if story.is_paused else _halted(diary)
    if closed.status == "cancelled":
        return _called_off(story, closed.reason, diary, carried)
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


def _called_off(
    story: Story, reason: str, diary: Diary, carried: Carried
) -> tuple[GoalOutcome, bool, str]:
    """A cancelled goal left nothing in anybody's hands, and what tidied up after it came out well."""
    after = diary.aftermath(story.goal.id)
    held = carried(tuple(sorted(story.touched)))
    mine = {thing for other in after for thing in other.touched}
    others = {
        thing
        for other in diary.goals.values()
        if other is not story and other not in after
        for thing in other.touched
    }
    left = [thing for thing in held if thing in mine or thing not in others]
    if left:
        return "cancelled", False, f"{reason}; still in somebody's hands: {', '.join(left)}"
    for other in after:
        status, agrees, why = _judged(other, diary, carried)
        if status != "satisfied" or not agrees:
            told = other.goal.text
            return "cancelled", False, f"{reason}; {told} {status}{': ' + why if why else ''}"
    return "cancelled", True, reason
