"""The sections of the report that are text and tables, but for those about wishes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from brain.language.words.plural import be, counted, number
from services.report.colours import wish_colour
from services.report.history import GoalStory, History
from services.report.markup import Child, Markup, join, section, table, tag
from services.report.wishes import done_words
from services.report.words import duration_words, event_words, instruction_words, plain
from services.session.contracts import LlmUse
from stem_memory import contracts as log
from stem_memory.clock import clock_of
from stem_memory.instructions import Release, Stop
from stem_memory.tasks import Assignment, Candidate

# Of sixty wishes one wants the list first, of three the whole.
FIRST_OPEN = 3
# Which filter of the timeline each kind of event is under.
_GROUPS: Mapping[str, str] = {
    "goal_posted": "wishes",
    "goal_understood": "wishes",
    "goal_questioned": "wishes",
    "goal_answered": "wishes",
    "answer_given": "wishes",
    "deadline_passed": "wishes",
    "instructed": "wishes",
    "goal_closed": "wishes",
    "graph_planned": "plans",
    "step_assigned": "assignments",
    "step_started": "steps",
    "step_ended": "steps",
    "spoken": "talk",
    "said": "talk",
    "replied": "talk",
    "body_lost": "faults",
    "body_back": "faults",
}
_SETUP = "set-up"


def tiles(history: History) -> Markup:
    """The run in a few large numbers."""
    run, goals = history.figures, len(history.wishes)
    figures = [
        (f"{history.done} of {goals}", f"{number(goals, 'wish')} {done_words(history)}"),
        (str(run.bodies), number(run.bodies, "body")),
        (str(run.steps), f"{number(run.steps, 'step')} done"),
        (duration_words(run.seconds), "in the world"),
        (str(run.replans), f"{number(run.replans, 'plan')} made anew"),
        (str(run.reassigned), f"{number(run.reassigned, 'step')} reassigned"),
    ]
    if run.wall_seconds is not None:
        figures.append((f"{run.wall_seconds:.1f} s", "of real time"))
    if run.llm is not None:
        calls = run.llm.calls
        figures.append((str(calls), f"{number(calls, 'question')} to the model"))
    return tag(
        "div",
        [
            tag("div", tag("b", value), tag("span", label), class_="tile")
            for value, label in figures
        ],
        class_="tiles",
    )


def legend(history: History) -> Markup:
    """Which colour is which wish."""
    return tag(
        "ul",
        [
            tag(
                "li",
                tag("i", style=f"background:{wish_colour(index)}"),
                f"{story.id} {story.record.goal.text}",
            )
            for index, story in enumerate(history.goals.values())
        ],
        class_="legend",
    )


def why(history: History, colours: Mapping[str, str]) -> Markup:
    """Who did each step, the sentence that explains it, and everybody else who was considered."""
    blocks = [
        _why_goal(story, history, colours, number < FIRST_OPEN)
        for number, story in enumerate(s for s in history.goals.values() if s.assigned)
    ]
    return section(
        "why",
        "Who did what, and why",
        blocks or tag("p", "No step was given to anybody.", class_="empty"),
        note="Open a line to see every body that was considered, with its estimated seconds and cost, "
        "or why it could not.",
    )


def _why_goal(
    story: GoalStory, history: History, colours: Mapping[str, str], is_open: bool
) -> Markup:
    lines: list[Markup] = []
    last: dict[str, str] = {}
    for t, given in story.assigned:
        before = last.get(given.step)
        if before == given.body:
            continue  # a later horizon kept the choice
        last[given.step] = given.body
        lines.append(_why_step(t, given, history.title(story.id, given.step), before, colours))
    return tag(
        "details",
        tag("summary", tag("b", story.id), f" {story.record.goal.text}"),
        lines,
        class_="block",
        open=is_open,
    )


def _why_step(
    t: float, given: Assignment, title: str, before: str | None, colours: Mapping[str, str]
) -> Markup:
    explain = given.explain
    team = f" with {given.partner}" if given.partner else ""
    again = tag("span", f"was {before}", class_="again") if before else None
    return tag(
        "details",
        tag(
            "summary",
            tag("time", f"{t:.0f} s"),
            tag("span", title, class_="what"),
            tag(
                "span",
                tag("i", style=f"background:{colours.get(given.body, '#999999')}"),
                given.body + team,
                class_="who",
            ),
            again,
            tag("span", explain.sentence, class_="sentence"),
        ),
        _candidates(explain.candidates, explain.chosen)
        if explain.candidates
        else tag("p", f"Chosen by {explain.by}; nobody else was compared.", class_="empty"),
        class_="step",
    )


def _candidates(candidates: tuple[Candidate, ...], chosen: str) -> Markup:
    heads = ("body", "travel", "work", "wait", "success", "energy", "cost", "")
    rows = []
    for one in sorted(candidates, key=lambda c: (not c.able, c.cost, c.body)):
        figures = (
            (
                f"{one.travel_s:.1f} s",
                f"{one.work_s:.1f} s",
                f"{one.wait_s:.1f} s",
                f"{one.success:.0%}",
                f"{one.energy:.2f}",
                f"{one.cost:.1f}",
            )
            if one.able
            else ("–",) * 6
        )
        style = "chosen" if one.body == chosen else "" if one.able else "unable"
        rows.append(
            tag(
                "tr",
                tag("th", one.body, scope="row"),
                [tag("td", figure, class_="num") for figure in figures],
                tag("td", one.why or ("chosen" if one.body == chosen else "")),
                class_=style or None,
            )
        )
    return tag(
        "div",
        table(heads, rows),
        class_="scroll",
    )


def faults(history: History) -> Markup:
    """What went wrong, and what the brain did about it."""
    lines = [
        *(
            (ended.body, event.t, _failure(ended))
            for event in history.events
            if isinstance(ended := event.body, log.StepEnded)
            and ended.outcome in ("failed", "lapsed")
        ),
        *(
            (body, start, _silence(start, back))
            for body, spans in history.offline.items()
            for start, back in spans
        ),
        *(
            (
                story.id,
                t,
                f"planned anew (revision {plan.revision}): {plan.reason or 'no reason given'}",
            )
            for story in history.goals.values()
            for t, plan in story.plans
            if plan.revision > 1
        ),
        *(
            (
                second.body,
                t,
                f"takes over from {first.body}: {history.title(story.id, second.step)}",
            )
            for story in history.goals.values()
            for (_, first), (t, second) in _handovers(story)
        ),
    ]
    lines += [
        (body.goal, event.t, "its deadline passed: it goes on, and is late")
        for event in history.events
        if isinstance(body := event.body, log.DeadlinePassed)
    ]
    lines += [
        (history.name(body.by), event.t, instruction_words(body.instruction, history.name))
        for event in history.events
        if isinstance(body := event.body, log.Instructed)
        and isinstance(body.instruction, Stop | Release)
    ]
    if history.broke_off:
        lines.append(("the run", history.end_s, "broke off here"))
    asked = history.config.faults
    return section(
        "faults",
        "Faults, changes and repairs",
        tag("p", "Asked for: ", join([tag("code", spec) for spec in asked]), class_="by")
        if asked
        else None,
        tag(
            "ol",
            [
                tag("li", tag("time", f"{t:.1f} s"), tag("b", who), " ", what)
                for who, t, what in sorted(lines, key=lambda line: (line[1], line[0], line[2]))
            ],
            class_="faults",
        )
        if lines
        else tag("p", "Nothing went wrong, and nobody took over from anybody.", class_="empty"),
    )


def _failure(ended: log.StepEnded) -> str:
    why = ended.detail or plain(ended.reason) or "no reason given"
    word = "failed" if ended.outcome == "failed" else "lost its lease"
    return f"{plain(ended.skill)} {word} after {ended.duration_s:.1f} s: {why}"


def _silence(start: float, back: float | None) -> str:
    until = "to the end" if back is None else f"until {back:.1f} s"
    return f"no sign of life from {start:.1f} s {until}"


def _handovers(
    story: GoalStory,
) -> list[tuple[tuple[float, Assignment], tuple[float, Assignment]]]:
    """Pairs of assignments of one step to two bodies, one after the other."""
    by_step: dict[str, list[tuple[float, Assignment]]] = {}
    for t, given in story.assigned:
        by_step.setdefault(given.step, []).append((t, given))
    return [
        pair
        for given in by_step.values()
        for pair in itertools.pairwise(given)
        if pair[0][1].body != pair[1][1].body
    ]


def timeline(history: History) -> Markup:
    """The log, but for the reports of sensors, with filters."""
    groups = ["wishes", "plans", "assignments", "steps", "talk", "faults", _SETUP]
    rows = []
    for event in history.events:
        group = _GROUPS.get(event.body.kind, _SETUP)
        rows.append(
            tag(
                "tr",
                tag("td", f"{event.t:.1f}", class_="num"),
                tag("td", plain(event.body.kind), class_="kind"),
                tag("td", _goal_of(event.body)),
                tag("td", event_words(event.body, history.name, history.title)),
                data_group=group,
                data_t=event.t,
                hidden=group == _SETUP,
            )
        )
    filters = [
        tag(
            "label",
            tag("input", type="checkbox", value=group, checked=group != _SETUP),
            f" {group}",
        )
        for group in groups
    ]
    search = tag("input", type="search", placeholder="Search the log", aria_label="Search the log")
    heads = ("s", "event", "wish", "what happened")
    return section(
        "timeline",
        "Timeline",
        tag("div", filters, search, class_="filters"),
        tag(
            "div",
            table(heads, rows),
            class_="scroll tall",
        ),
        note=f"{counted(len(history.events), 'event')}; {counted(history.reports, 'sensor report')} "
        f"{be(history.reports)} in the log too and left out here. A click on a line moves the replay "
        "there.",
    )


def _goal_of(body: log.Payload) -> str:
    if isinstance(body, log.GoalPosted):
        return body.goal.id
    if isinstance(body, log.StepAssigned):
        return body.assignment.goal
    if isinstance(body, log.Instructed):
        told = body.instruction
        return ", ".join(getattr(told, "goals", ())) or str(getattr(told, "goal", ""))
    return str(getattr(body, "goal", ""))


def _model_words(used: LlmUse | None) -> str:
    if used is None:
        return ""
    asked = f"{counted(used.calls, 'question')}, {counted(used.tokens, 'token')}"
    failed = f", {used.failed} without an answer" if used.failed else ""
    trouble = f" ({used.trouble})" if used.trouble else ""
    return f"{asked}, {used.seconds:.1f} s{failed}{trouble}"


def numbers(history: History, files: list[str]) -> Markup:
    """The figures of the run, and the files beside this page."""
    run, config = history.figures, history.config
    rows: list[tuple[str, Child]] = [
        ("world", config.world),
        ("seed", str(config.seed)),
        ("runtime", config.runtime),
        ("model", config.model),
        ("bodies", ", ".join(history.bodies)),
        ("steps done", str(run.steps)),
        ("time in the world", f"{run.seconds:.1f} s"),
        ("real time", f"{run.wall_seconds:.2f} s" if run.wall_seconds is not None else ""),
        ("plans made anew", str(run.replans)),
        ("steps reassigned", str(run.reassigned)),
        ("language model", _model_words(run.llm)),
        ("events in the log", str(run.events)),
        ("state", tag("code", run.state_sha256) if run.state_sha256 else ""),
        ("memory", config.memory),
        ("its time at 0:00 here", clock_of(config.base_s) if config.base_s else ""),
        ("files", join([(tag("a", name, href=name), " ") for name in files])),
    ]
    rows += [(f"understood by {what}", by) for what, by in sorted(config.understood_by.items())]
    return section(
        "numbers",
        "Numbers",
        tag(
            "table",
            tag(
                "tbody",
                [tag("tr", tag("th", k, scope="row"), tag("td", v)) for k, v in rows if v],
            ),
            class_="numbers",
        ),
    )
