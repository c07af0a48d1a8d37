"""`retinue memory scene|reach|look|disputes|bodies|tasks|context`: memory from other sides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click

from services.commands.memory.asking import Asked, At, asked, writing
from services.commands.output import Output, Rows, listed

if TYPE_CHECKING:
    from stem_memory.belief.embodiment import BodyStory
    from stem_memory.belief.scene import SceneNode
    from stem_memory.taskgraph.overview import GraphStory
    from stem_memory.view import Belief


def scene(run: Asked, of: Annotated[str | None, "of {}"] = None, at: At = None) -> Output:
    """Show what holds what: the site, its rooms, what stands there, what lies on that.

    Options:
        --of THING: How this thing lies to what is around it.
    """
    from stem_memory.answers.queries import resolve
    from stem_memory.belief.naming import in_words
    from stem_memory.belief.scene import relations, scene_tree

    memory = run.believed(at)
    if of is None:
        tree = scene_tree(memory)
        return Output(tree, *_drawn(tree))
    return listed(
        "relations",
        relations(memory, resolve(memory, of)[0]),
        (of, "what", "metres"),
        lambda r: (
            in_words(r.relation), r.other, "" if r.distance_m is None else f"{r.distance_m:.2f}"
        ),
        f"nothing is known to be around {of}",
    )  # fmt: skip


def reach(thing: str, run: Asked, at: At = None) -> Output:
    """Tell which bodies see and reach a thing, or could, each as it was built then."""
    from stem_memory.answers.queries import resolve
    from stem_memory.belief.scene import who_gets_at
    from stem_memory.clock import clock_of

    memory = run.believed(at)
    return listed(
        "bodies",
        who_gets_at(memory, resolve(memory, thing)[0]),
        ("body", "kind", "since", "sees it", "reaches it", "could see", "could reach", "why not"),
        lambda a: (
            a.body,
            a.kind,
            clock_of(a.since_s),
            *("yes" if v else "no" for v in (a.sees, a.reaches, a.could_see, a.could_reach)),
            a.why,
        ),
        "nobody is in touch",
    )


def look(run: Asked, limit: Annotated[int, click.IntRange(min=1)] = 5) -> Output:
    """List where another look would tell most, by expected information in bits.

    Options:
        --limit: How many places.
    """
    from stem_memory.belief.spatial import look_again
    from stem_memory.clock import clock_of

    return listed(
        "places",
        look_again(run.store.state, limit),
        ("place", "bits", "last in full view"),
        lambda f: (f.holder, f"{f.bits:.2f}", clock_of(f.viewed_s) or "never"),
        "nothing is in doubt",
    )


def disputes(run: Asked) -> Output:
    """List what sources still disagree about: what is believed, and what was said against it."""
    from stem_memory.clock import clock_of

    memory = run.store.state
    found: list[dict[str, Any]] = [
        {"thing": thing, "attr": attr, "believed": memory.belief(thing, attr), "against": lost}
        for thing, attr, lost in memory.disputes()
    ]
    return listed(
        "disputes",
        found,
        ("thing", "attribute", "believed", "from", "against it", "from", "time"),
        lambda d: (
            d["thing"], d["attr"], *_said_by(d["believed"]), *_said_by(d["against"]),
            clock_of(d["against"].seen_s),
        ),
        "nobody disagrees",
    )  # fmt: skip


def bodies(run: Asked, body: str | None = None, at: At = None) -> Output:
    """List the bodies; of one BODY what it was since when, and what experience says of it."""
    from stem_memory.belief.embodiment import body_story
    from stem_memory.errors import MemoryFault

    memory = run.believed(at)
    if body is not None and body not in memory.bodies():
        known = ", ".join(memory.bodies()) or "none"
        raise MemoryFault(f"Memory knows no body {body!r}; there are: {known}")
    names = tuple(memory.bodies()) if body is None else (body,)
    stories = tuple(body_story(memory, name) for name in names)
    if body is not None:
        return Output({"bodies": stories}, *_of_one(stories[0]))
    columns = ("body", "kind", "revisions", "room", "battery", "heard", "doing")
    return listed("bodies", stories, columns, _body_row)


def tasks(
    run: Path,
    goal: str | None = None,
    revision: int | None = None,
    back: int | None = None,
    reason: str = "",
) -> Output:
    """List the task graphs; of one GOAL its tasks, its revisions, and who must be told.

    Options:
        --revision N: As the graph was after this revision.
        --back N: First roll the graph back to revision N, for good.
        --reason TEXT: Why, for --back.
    """
    from stem_memory.taskgraph.desk import TaskDesk
    from stem_memory.taskgraph.overview import graph_lines, graph_story

    if back is not None:
        if goal is None:
            raise click.UsageError("--back needs the GOAL whose graph is rolled back")
        with writing(run) as memory:
            graph_story(memory.store.state.projections.tasks, goal, back)
            TaskDesk(memory.store, goal, "operator", memory.store.state.now).restore(back, reason)
    with asked(run, goal or "") as question:
        book = question.store.state.projections.tasks
        if goal is not None:
            story = question.told(graph_story(book, goal, revision))
            return Output(story, *_of_graph(story))
        return listed(
            "graphs",
            question.told(graph_lines(book)),
            ("goal", "revision", "tasks", "open", "checked", "off", "stale", "to tell", "why"),
            lambda g: (
                g.graph, g.revision, g.tasks, g.open, g.checked, g.cancelled, g.stale, g.notices,
                g.reason,
            ),
            "this memory has no task graphs",
        )  # fmt: skip


def context(task: str, run: Asked, tokens: Annotated[int, click.IntRange(min=1)] = 400) -> Output:
    """Print the lines of memory that matter for a TASK in words, within a budget of tokens.

    The same memory, task and budget give the same lines, each with the event it rests on.

    Options:
        --tokens N: How many tokens the lines may take together.
    """
    from stem_memory.answers.queries import context as pack

    lines = pack(run.store, task, tokens)
    return Output({"lines": lines}, *(lines or ("memory has nothing to say of it",)))


def _drawn(node: SceneNode, lead: str = "") -> list[str]:
    """A tree of text: what is held stands below its holder."""
    from stem_memory.belief.naming import in_words

    said = f"{in_words(node.relation)}: " if node.relation in ("in", "held") else ""
    lines = [f"{lead}{said}{node.thing}"]
    for inside in node.inside:
        lines += _drawn(inside, lead + "  ")
    return lines


def _said_by(belief: Belief | None) -> tuple[str, str]:
    """What is believed, and whose word it is."""
    if belief is None:
        return "", ""
    return "not there" if belief.value is None else str(belief.value), belief.source


def _doing(story: BodyStory) -> str:
    return "lost" if story.record.lost else story.record.busy or "idle"


def _body_row(story: BodyStory) -> tuple[object, ...]:
    from stem_memory.clock import clock_of

    record = story.record
    return (
        story.body, record.card.kind, len(story.revisions), story.room or "",
        f"{record.state.battery:.0%}", clock_of(record.heard_s), _doing(story),
    )  # fmt: skip


def _of_one(story: BodyStory) -> list[str | Rows]:
    """A body: what it is, what it was since when, and what experience says of it."""
    from stem_memory.clock import clock_of

    record = story.record
    sentence = (
        f"{story.body} is a {record.card.title} in {story.room}, {_doing(story)}, battery "
        f"{record.state.battery:.0%}, heard at {clock_of(record.heard_s)}"
    )
    revisions = [
        (
            clock_of(r.since_s), r.card.kind, f"{r.card.speed_m_s:g}", f"{r.card.reach_m:g}",
            r.card.hands, f"{r.card.payload_kg:g}", ", ".join(sorted(r.card.skills)),
        )
        for r in story.revisions
    ]  # fmt: skip
    columns = ("since", "kind", "speed m/s", "reach m", "hands", "payload kg", "skills")
    shown: list[str | Rows] = [sentence, Rows(columns, revisions)]
    if story.learnt:
        columns = ("skill", "object", "place", "tried", "success", "seconds", "of one attempt")
        learnt = [
            (
                one.skill,
                one.cls or "any",
                one.place or "anywhere",
                one.expected.attempts,
                f"{one.expected.success:.0%} ± {one.expected.success_sd:.0%}",
                f"{_number(one.expected.mean_s)} ± {_number(one.expected.mean_sd_s)}",
                f"± {_number(one.expected.sd_s)}",
            )
            for one in story.learnt
        ]
        shown.append(Rows(columns, learnt))
    return shown


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _of_graph(story: GraphStory) -> list[str | Rows]:
    """A task graph: its tasks, who must be told, and why it was revised."""
    of = "" if story.revision == story.newest else f" of {story.newest}"
    columns = ("task", "what", "after", "status", "by", "changed in", "stale since")
    rows = [
        (
            t.task, t.intent, ", ".join(t.after), t.status, t.executor, t.changed_in,
            t.stale or "",
        )
        for t in story.tasks
    ]  # fmt: skip
    return [
        f"{story.graph}, revision {story.revision}{of}",
        Rows(columns, rows),
        *(f"{n.executor} must know of {n.task}: {n.why}" for n in story.notices),
        *(f"revision {number}: {why}" for number, why in enumerate(story.reasons) if why),
    ]
