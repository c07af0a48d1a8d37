"""The task graph of a wish as a picture: what had to come before what, who did it, how it went.

Layers by longest path, order within a layer by barycentres, as in K. Sugiyama, S. Tagawa and
M. Toda, "Methods for visual understanding of hierarchical system structures", IEEE SMC, 1981.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

import networkx as nx

from services.report.history import GoalStory, History
from services.report.markup import Markup, join, svg, tag
from services.report.words import atom_words, plain
from stem_memory.tasks import TaskStep

WIDTH, HEIGHT = 172.0, 54.0
GAP_X, GAP_Y = 46.0, 14.0
MARGIN = 10.0
_LETTERS = 24
_SWEEPS = 6
_MARKS = {"done": "✓", "failed": "✗", "running": "▸", "cancelled": "–", "assigned": "○"}

Place = tuple[float, float]
if TYPE_CHECKING:
    Graph = nx.DiGraph[str]


def graph_picture(story: GoalStory, history: History, colours: Mapping[str, str]) -> Markup | None:
    """The last revision of a wish's plan; None if it never had one."""
    record = story.record
    if record.graph is None or not record.graph.steps:
        return None
    steps = {step.id: step for step in record.graph.steps}
    order = graph_of(list(steps.values()))
    places = layout(order)
    width = max(x for x, _ in places.values()) + WIDTH + MARGIN
    height = max(y for _, y in places.values()) + HEIGHT + MARGIN
    return svg(
        width,
        height,
        [_edge(places[a], places[b]) for a, b in nx.transitive_reduction(order).edges],
        [
            _node(
                step,
                places[id_],
                record.steps.get(id_, "pending"),
                record.bodies.get(id_),
                colours,
                history,
            )
            for id_, step in steps.items()
        ],
        class_="graph",
        role="img",
        aria_label=f"Plan of {len(steps)} steps for: {record.goal.text}",
    )


def graph_of(steps: list[TaskStep]) -> Graph:
    """Steps as a directed graph: an edge from what must be done first."""
    graph: Graph = nx.DiGraph()
    graph.add_nodes_from(step.id for step in steps)
    known = set(graph)
    graph.add_edges_from(
        (before, step.id) for step in steps for before in step.after if before in known
    )
    return graph


def layout(graph: Graph) -> dict[str, Place]:
    """Top left corners of the nodes of an acyclic graph, layered from left to right."""
    layers = [list(layer) for layer in nx.topological_generations(graph)]
    rank = {node: float(row) for layer in layers for row, node in enumerate(layer)}
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for layer in layers if forward else reversed(layers):
            beside = graph.predecessors if forward else graph.successors
            centre = {
                node: sum(rank[other] for other in near) / len(near)
                if (near := list(beside(node)))
                else rank[node]
                for node in layer
            }
            layer[:] = [n for _, _, n in sorted((centre[n], rank[n], n) for n in layer)]
            rank.update((node, float(row)) for row, node in enumerate(layer))
    tallest = max(len(layer) for layer in layers)
    return {
        node: (
            MARGIN + column * (WIDTH + GAP_X),
            MARGIN + (row + (tallest - len(layer)) / 2) * (HEIGHT + GAP_Y),
        )
        for column, layer in enumerate(layers)
        for row, node in enumerate(layer)
    }


def _edge(start: Place, end: Place) -> Markup:
    x1, y1 = start[0] + WIDTH, start[1] + HEIGHT / 2
    x2, y2 = end[0] - 1, end[1] + HEIGHT / 2
    bend = (x2 - x1) / 2
    return join(
        tag(
            "path",
            class_="edge",
            fill="none",
            d=f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2 - 5:.1f} {y2:.1f}",
        ),
        tag("path", class_="tip", d=f"M{x2:.1f} {y2:.1f}l-7 -3.5v7z"),
    )


def _node(
    step: TaskStep,
    place: Place,
    status: str,
    body: str | None,
    colours: Mapping[str, str],
    history: History,
) -> Markup:
    x, y = place
    title = step.title or f"{plain(step.skill)} {_arguments(step, history)}".strip()
    lines = textwrap.wrap(title, _LETTERS, max_lines=2, placeholder="…", break_on_hyphens=False)
    first = y + (17 if len(lines) > 1 else 22)
    return tag(
        "g",
        tag("title", _hover(step, status, body)),
        tag("rect", class_="box", x=x, y=y, width=WIDTH, height=HEIGHT, rx=7),
        tag(
            "path",
            fill=colours.get(body or "", "#9aa0a6"),
            d=f"M{x + 7:.1f} {y:.1f}h-1a6 6 0 0 0 -6 6v{HEIGHT - 12:.1f}a6 6 0 0 0 6 6h1z",
        ),
        [
            tag("text", line, class_="title", x=x + 14, y=first + 14 * row)
            for row, line in enumerate(lines)
        ],
        tag("text", body or "nobody yet", class_="who", x=x + 14, y=y + HEIGHT - 8),
        tag(
            "text",
            _MARKS.get(status, "·"),
            class_=f"mark {status}",
            x=x + WIDTH - 9,
            y=y + HEIGHT - 8,
        ),
        class_=f"node {status}",
        data_step=step.id,
    )


def _hover(step: TaskStep, status: str, body: str | None) -> str:
    lines = [f"{step.id}: {step.title or plain(step.skill)} ({status})"]
    if body:
        lines.append(f"by {body}")
    if step.pre:
        lines.append("needs: " + "; ".join(map(atom_words, step.pre)))
    if step.post:
        lines.append("makes true: " + "; ".join(map(atom_words, step.post)))
    return "\n".join(lines)


def _arguments(step: TaskStep, history: History) -> str:
    return " ".join(
        history.name(value) if isinstance(value, str) else str(value)
        for value in step.args.values()
    )


def stacked(pictures: list[tuple[str, Markup]]) -> Markup:
    """Several graphs below each other with their wishes as headings, as one picture."""
    y, width, parts = 0.0, 300.0, []
    for heading, picture in pictures:
        wide, high = _size(picture)
        width = max(width, wide, 7.2 * len(heading) + 20)
        parts.append(tag("text", heading, class_="heading", x=MARGIN, y=y + 20))
        parts.append(tag("g", picture, transform=f"translate(0 {y + 28:.0f})"))
        y += high + 44
    return svg(width, max(y, 40.0), parts)


def _size(picture: Markup) -> Place:
    box = picture.partition('viewBox="')[2].partition('"')[0].split()
    return float(box[2]), float(box[3])
