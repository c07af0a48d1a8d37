"""`retinue memory scene|reach|look|disputes|bodies|tasks|context`: memory from other sides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.commands.memory.asking import asked, plain, run_argument, time_of, writing
from services.commands.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from stem_memory.belief.embodiment import BodyStory
    from stem_memory.belief.scene import SceneNode
    from stem_memory.belief.state import MemoryState
    from stem_memory.log.store import EventStore
    from stem_memory.taskgraph.overview import GraphStory

at_option = click.option(
    "--at", "at", metavar="TIME", help="As it was believed then. [default: end]"
)


@click.command()
@run_argument
@click.option("--of", "thing", metavar="THING", help="How this thing lies to what is around it.")
@at_option
@json_option
def scene(run: Path, thing: str | None, at: str | None, as_json: bool) -> None:
    """Show what holds what: the site, its rooms, what stands there, what lies on that."""
    from stem_memory.answers.queries import resolve
    from stem_memory.belief.scene import relations, scene_tree

    with asked(run, f"of {thing}" if thing else "", f"at {at}" if at else "") as question:
        memory = _memory(question.store, at)
        if thing is None:
            tree = question.told(scene_tree(memory))
        else:
            lies = question.told(relations(memory, resolve(memory, thing)[0]))
    if thing is None:
        if as_json:
            print_json(tree.model_dump(mode="json"))
        else:
            click.echo("\n".join(_drawn(tree)))
    elif as_json:
        print_json({"relations": plain(lies)})
    elif lies:
        from stem_memory.belief.naming import in_words

        rows = [
            (in_words(r.relation), r.other, "" if r.distance_m is None else f"{r.distance_m:.2f}")
            for r in lies
        ]
        print_table((thing, "what", "metres"), rows)
    else:
        click.echo(f"nothing is known to be around {thing}")


@click.command()
@click.argument("thing")
@run_argument
@at_option
@json_option
def reach(thing: str, run: Path, at: str | None, as_json: bool) -> None:
    """Tell which bodies see and reach a thing, or could, each as it was built then."""
    from stem_memory.answers.queries import resolve
    from stem_memory.belief.scene import who_gets_at
    from stem_memory.clock import clock_of

    with asked(run, thing, f"at {at}" if at else "") as question:
        memory = _memory(question.store, at)
        found = question.told(who_gets_at(memory, resolve(memory, thing)[0]))
    if as_json:
        print_json({"bodies": plain(found)})
        return
    if not found:
        click.echo("nobody is in touch")
        return
    print_table(
        ("body", "kind", "since", "sees it", "reaches it", "could see", "could reach", "why not"),
        [
            (
                a.body,
                a.kind,
                clock_of(a.since_s),
                *(_yes(v) for v in (a.sees, a.reaches, a.could_see, a.could_reach)),
                a.why,
            )
            for a in found
        ],
    )


@click.command()
@run_argument
@click.option(
    "--limit", type=click.IntRange(min=1), default=5, show_default=True, help="How many places."
)
@json_option
def look(run: Path, limit: int, as_json: bool) -> None:
    """List where another look would tell most, by expected information in bits."""
    from stem_memory.belief.spatial import look_again
    from stem_memory.clock import clock_of

    with asked(run) as question:
        found = question.told(look_again(question.store.state, limit))
    if as_json:
        print_json({"places": plain(found)})
    elif found:
        print_table(
            ("place", "bits", "last in full view"),
            [(f.holder, f"{f.bits:.2f}", clock_of(f.viewed_s) or "never") for f in found],
        )
    else:
        click.echo("nothing is in doubt")


@click.command()
@run_argument
@json_option
def disputes(run: Path, as_json: bool) -> None:
    """List what sources still disagree about: what is believed, and what was said against it."""
    from stem_memory.clock import clock_of

    with asked(run) as question:
        memory = question.store.state
        found = question.told(memory.disputes())
        held = [memory.belief(thing, attr) for thing, attr, _ in found]
    if as_json:
        print_json(
            {
                "disputes": [
                    {
                        "thing": thing,
                        "attr": attr,
                        "believed": None if kept is None else kept.model_dump(mode="json"),
                        "against": lost.model_dump(mode="json"),
                    }
                    for (thing, attr, lost), kept in zip(found, held, strict=True)
                ]
            }
        )
    elif found:
        print_table(
            ("thing", "attribute", "believed", "from", "against it", "from", "time"),
            [
                (
                    thing,
                    attr,
                    "" if kept is None else _said(kept.value),
                    "" if kept is None else kept.source,
                    _said(lost.value),
                    lost.source,
                    clock_of(lost.seen_s),
                )
                for (thing, attr, lost), kept in zip(found, held, strict=True)
            ],
        )
    else:
        click.echo("nobody disagrees")


@click.command()
@run_argument
@click.argument("body", required=False)
@at_option
@json_option
def bodies(run: Path, body: str | None, at: str | None, as_json: bool) -> None:
    """List the bodies; of one BODY what it was since when, and what experience says of it."""
    from stem_memory.belief.embodiment import body_story
    from stem_memory.errors import MemoryFault

    with asked(run, body or "", f"at {at}" if at else "") as question:
        memory = _memory(question.store, at)
        if body is not None and body not in memory.bodies():
            known = ", ".join(memory.bodies()) or "none"
            raise MemoryFault(f"Memory knows no body {body!r}; there are: {known}")
        names = tuple(memory.bodies()) if body is None else (body,)
        stories = question.told(tuple(body_story(memory, name) for name in names))
    if as_json:
        print_json({"bodies": plain(stories)})
    elif body is None:
        print_table(
            ("body", "kind", "revisions", "room", "battery", "heard", "doing"),
            [_body_row(story) for story in stories],
        )
    else:
        _show_body(stories[0])


@click.command()
@run_argument
@click.argument("goal", required=False)
@click.option("--revision", type=int, metavar="N", help="As the graph was after this revision.")
@click.option(
    "--back", type=int, metavar="N", help="First roll the graph back to revision N, for good."
)
@click.option("--reason", default="", metavar="TEXT", help="Why, for --back.")
@json_option
def tasks(
    run: Path,
    goal: str | None,
    revision: int | None,
    back: int | None,
    reason: str,
    as_json: bool,
) -> None:
    """List the task graphs; of one GOAL its tasks, its revisions, and who must be told."""
    from stem_memory.taskgraph.overview import graph_lines, graph_story

    if back is not None:
        _roll_back(run, goal, back, reason)
    with asked(run, goal or "") as question:
        book = question.store.state.projections.tasks
        lines = question.told(graph_lines(book)) if goal is None else ()
        story = question.told(graph_story(book, goal, revision)) if goal is not None else None
    if as_json:
        print_json({"graphs": plain(lines)} if story is None else story.model_dump(mode="json"))
    elif story is not None:
        _show_graph(story)
    elif lines:
        print_table(
            ("goal", "revision", "tasks", "open", "checked", "off", "stale", "to tell", "why"),
            [
                (
                    g.graph, g.revision, g.tasks, g.open, g.checked, g.cancelled, g.stale,
                    g.notices, g.reason,
                )
                for g in lines
            ],
        )  # fmt: skip
    else:
        click.echo("this memory has no task graphs")


@click.command()
@click.argument("task")
@run_argument
@click.option(
    "--tokens",
    type=click.IntRange(min=1),
    default=400,
    show_default=True,
    metavar="N",
    help="How many tokens the lines may take together.",
)
@json_option
def context(task: str, run: Path, tokens: int, as_json: bool) -> None:
    """Print the lines of memory that matter for a TASK in words, within a budget of tokens.

    The same memory, task and budget give the same lines, each with the event it rests on.
    """
    from stem_memory.answers.queries import context as pack

    with asked(run, task) as question:
        lines = question.told(pack(question.store, task, tokens))
    if as_json:
        print_json({"lines": list(lines)})
    else:
        click.echo("\n".join(lines) if lines else "memory has nothing to say of it")


def _memory(store: EventStore, at: str | None) -> MemoryState:
    return store.state if at is None else store.replay(as_of=time_of(store, at))


def _drawn(node: SceneNode, lead: str = "") -> list[str]:
    """A tree of text: what is held stands below its holder."""
    from stem_memory.belief.naming import in_words

    said = f"{in_words(node.relation)}: " if node.relation in ("in", "held") else ""
    lines = [f"{lead}{said}{node.thing}"]
    for inside in node.inside:
        lines += _drawn(inside, lead + "  ")
    return lines


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _said(value: object) -> str:
    return "not there" if value is None else str(value)


def _body_row(story: BodyStory) -> tuple[object, ...]:
    from stem_memory.clock import clock_of

    record = story.record
    return (
        story.body,
        record.card.kind,
        len(story.revisions),
        story.room or "",
        f"{record.state.battery:.0%}",
        clock_of(record.heard_s),
        "lost" if record.lost else record.busy or "idle",
    )


def _show_body(story: BodyStory) -> None:
    from stem_memory.clock import clock_of

    record = story.record
    state = "lost" if record.lost else record.busy or "idle"
    click.echo(
        f"{story.body} is a {record.card.title} in {story.room}, {state}, battery "
        f"{record.state.battery:.0%}, heard at {clock_of(record.heard_s)}"
    )
    print_table(
        ("since", "kind", "speed m/s", "reach m", "hands", "payload kg", "skills"),
        [
            (
                clock_of(r.since_s),
                r.card.kind,
                f"{r.card.speed_m_s:g}",
                f"{r.card.reach_m:g}",
                r.card.hands,
                f"{r.card.payload_kg:g}",
                ", ".join(sorted(r.card.skills)),
            )
            for r in story.revisions
        ],
    )
    if story.learnt:
        print_table(
            ("skill", "object", "place", "tried", "success", "seconds", "of one attempt"),
            [
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
            ],
        )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _show_graph(story: GraphStory) -> None:
    of = "" if story.revision == story.newest else f" of {story.newest}"
    click.echo(f"{story.graph}, revision {story.revision}{of}")
    print_table(
        ("task", "what", "after", "status", "by", "changed in", "stale since"),
        [
            (
                t.task, t.intent, ", ".join(t.after), t.status, t.executor, t.changed_in,
                t.stale or "",
            )
            for t in story.tasks
        ],
    )  # fmt: skip
    for notice in story.notices:
        click.echo(f"{notice.executor} must know of {notice.task}: {notice.why}")
    for number, why in enumerate(story.reasons):
        if why:
            click.echo(f"revision {number}: {why}")


def _roll_back(run: Path, goal: str | None, revision: int, reason: str) -> None:
    from stem_memory.taskgraph.desk import TaskDesk
    from stem_memory.taskgraph.overview import graph_story

    if goal is None:
        raise click.UsageError("--back needs the GOAL whose graph is rolled back")
    with writing(run) as store:
        graph_story(store.state.projections.tasks, goal, revision)
        desk = TaskDesk(store, goal, "operator", store.state.now)
        desk.restore(revision, reason)
