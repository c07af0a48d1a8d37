"""The sections of the report about what people wanted and said, and what came of it."""

from __future__ import annotations

from brain.language.words.plural import be, counted
from services.report.colours import wish_colour
from services.report.history import DONE, GoalStory, History
from services.report.markup import Markup, join, section, tag
from services.report.words import (
    ERASED,
    condition_words,
    duration_words,
    finding_words,
    instruction_words,
    plain,
)
from services.session.diary import Utterance
from stem_memory import contracts as log
from stem_memory.belief.evidence import CLASS, SURVEY
from stem_memory.clock import clock_of

_PILL = {
    "satisfied": "✓ satisfied",
    "answered": "✓ answered",
    "missed": "✓ reached late",
    "failed": "✗ failed",
    "refused": "⊘ refused",
    "needs_answer": "? asked back",
    "cancelled": "– cancelled",
    "paused": "‖ paused",
    "planned": "▸ under way",
    "posted": "… not begun",
}
# Reached, whatever else is to be said of it.
_REACHED = ("satisfied", "answered", "missed")


def done_words(history: History) -> str:
    """What the wishes are that came out well: "satisfied", "answered" if they were questions, or both."""
    reached = {story.status for story in history.wishes} & set(DONE)
    return " or ".join(how for how in DONE if how in reached) or "satisfied"


def wishes(history: History) -> Markup:
    """Every wish with its outcome, the reason, and what had to become true."""
    cards = [_wish(story, index, history) for index, story in enumerate(history.goals.values())]
    return section(
        "wishes",
        "Wishes and outcomes",
        tag("p", _broken_off(history), class_="reason") if history.broke_off else None,
        tag("div", cards, class_="cards")
        if cards
        else tag("p", "Nobody wished for anything.", class_="empty"),
        note="“Checked by the world” means: the simulator's own truth was asked, not what the robots "
        "believed.",
    )


def _wish(story: GoalStory, index: int, history: History) -> Markup:
    goal, record = story.record.goal, story.record
    checked = story.result is not None and story.result.checked_by_world
    understood = story.understood
    when = f"{history.name(goal.who)}, at {goal.t:.0f} s"
    if goal.cause in history.goals:
        when = f"tidies up after {goal.cause}, from {goal.t:.0f} s"
    if record.closed_s is not None:
        when += f", closed after {duration_words(record.closed_s - goal.t)}"
    if goal.deadline_s is not None:
        when += f", to be done by {goal.deadline_s:.0f} s"
    conditions = understood.conditions if understood is not None else ()
    mark = "✓" if story.status in _REACHED else "○"
    return tag(
        "article",
        tag(
            "header",
            tag(
                "span", _PILL.get(story.status, plain(story.status)), class_=f"pill {story.status}"
            ),
            tag("span", "checked by the world", class_="pill checked") if checked else None,
            tag("span", story.id, class_="id"),
        ),
        tag("h3", f"“{goal.text}”"),
        tag("p", when, class_="by"),
        tag("p", story.reason, class_="reason") if story.reason else None,
        _late(story),
        _answer(story, history),
        [_question(one) for one in story.questions if one.question != story.reason],
        [tag("p", f"They answered: “{one.text or ERASED}”") for one in story.answers],
        tag(
            "ul",
            [
                tag("li", tag("span", mark, class_="tick"), condition_words(c, history.name))
                for c in conditions
            ],
            class_="conditions",
        )
        if conditions
        else None,
        _reading(understood, goal.text) if understood is not None else None,
        style=f"--wish:{wish_colour(index)}",
        class_=f"card {story.status}",
        id=f"wish-{story.id}",
    )


def _broken_off(history: History) -> str:
    left = sum(story.record.closed_s is None for story in history.goals.values())
    wishes = f"{counted(left, 'wish')} {be(left)} not closed" if left else "all wishes were closed"
    return f"The run broke off at {clock_of(round(history.end_s))}; {wishes}. The log tells what was so then."


def _late(story: GoalStory) -> Markup | None:
    """That a deadline passed, and by how much it was missed if the goal was reached all the same."""
    if story.late_s is None:
        return None
    closed = story.record.closed_s
    over = duration_words(closed - story.late_s) if closed is not None else ""
    more = f", {over} before it was reached" if over and story.status in _REACHED else ""
    return tag("p", f"Its deadline passed at {story.late_s:.0f} s{more}", class_="reason")


def _answer(story: GoalStory, history: History) -> Markup | None:
    """What was said to a question, and who saw it, when, and how sure that is."""
    answer = story.answer
    if answer is None:
        return None
    rows = [
        tag(
            "li",
            f"{finding_words(found, history.name)}: {_source(found.source, history)}, "
            f"{_when(found.seen_s)}, {found.confidence:.0%} sure",
        )
        for found in answer.findings
    ]
    return join(
        tag("p", answer.text, class_="answer"),
        tag("ul", rows, class_="findings") if rows else None,
    )


def _source(source: str, history: History) -> str:
    if source == SURVEY:
        return "as the survey has it"
    if source == CLASS:
        return "as is usual for such things"
    verb = "seen" if source in history.bodies else "told"
    return f"{verb} by {history.name(source)}"


def _when(seen_s: float) -> str:
    if seen_s < 0.0:
        return f"{duration_words(-seen_s)} before this run"
    return f"at {clock_of(round(seen_s))}"


def said(history: History) -> Markup | None:
    """What people said, and what came of it; None if nobody said anything."""
    if not history.said:
        return None
    lines = [
        tag(
            "li",
            tag("time", f"{one.t:.1f} s"),
            tag("b", history.name(one.who)),
            f" “{one.text or ERASED}”" if one.text is not None else " (by command)",
            tag("ul", [tag("li", came) for came in _came_of(one, history)], class_="came"),
        )
        for one in history.said
    ]
    return section(
        "said",
        "What was said, and what came of it",
        tag("ol", lines, class_="said"),
    )


def _came_of(one: Utterance, history: History) -> list[Markup]:
    found = [join("the wish ", tag("a", goal, href=f"#wish-{goal}")) for goal in one.goals]
    found += [
        join("an answer to what was asked of ", tag("a", goal, href=f"#wish-{goal}"))
        for goal in one.answers
    ]
    found += [join(instruction_words(told, history.name)) for told in one.instructions]
    found += [
        join("" if reply.heeded else "not heeded: ", f"“{reply.text}”") for reply in one.replies
    ]
    return found or [join("nothing came of it")]


def _reading(understood: log.GoalUnderstood, text: str) -> Markup:
    same = understood.summary.strip().casefold() == text.strip().casefold()
    what = "" if same or not understood.summary else f": {understood.summary}"
    return tag("p", f"Understood by {understood.by}{what}", class_="by")


def _question(asked: log.GoalQuestioned) -> Markup:
    options = f" ({', '.join(asked.options)})" if asked.options else ""
    return tag("p", f"Asked back: {asked.question}{options}", class_="reason")
