"""The whole page: one file, no network, light and dark."""

from __future__ import annotations

import base64
from importlib.resources import files
from pathlib import Path
from typing import Any

from brain.language.words.plural import number
from services.report import replay, sections, wishes
from services.report.colours import body_colours
from services.report.gantt import gantt
from services.report.graph_picture import graph_picture
from services.report.history import History
from services.report.markup import Markup, join, section, tag
from services.report.words import plain
from stem_memory.clock import clock_of

# Larger videos stay beside the page, as a file.
EMBED_BYTES = 8_000_000
# Nothing is fetched: whatever the page needs is in it, but for a large video beside it.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; media-src data: blob: 'self' file:"
)
_CHAPTERS = (
    ("wishes", "Wishes"),
    ("said", "Said"),
    ("replay", "Replay"),
    ("gantt", "Who when"),
    ("plans", "Plans"),
    ("why", "Why"),
    ("faults", "Faults"),
    ("timeline", "Timeline"),
    ("numbers", "Numbers"),
)


def page(history: History, video: Path | None, beside: list[str]) -> Markup:
    """The report.

    Args:
        history: The run.
        video: The replay as a file beside the page, if there is one that browsers play.
        beside: Names of the files beside the page, to be linked.
    """
    colours = body_colours(history.bodies, history.cards)
    title = f"{plain(history.plan.name).capitalize()}: {_verdict(history)}"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("title", f"Retinue: {title}"),
        tag("link", rel="icon", href="data:,"),
        tag("style", Markup(_asset("picture.css") + _asset("page.css"))),
    )
    body = tag(
        "body",
        _top(history, title),
        tag(
            "main",
            sections.tiles(history),
            wishes.wishes(history),
            wishes.said(history),
            _replay(history, video),
            section(
                "gantt",
                "Who did what when",
                sections.legend(history),
                tag("div", gantt(history), class_="scroll"),
                note="One lane for each body. A colour is a wish; thin bars are travel, grey ones "
                "errands such as charging; red hatching is a failure. Point at a bar for its story.",
            ),
            _plans(history, colours),
            sections.why(history, colours),
            sections.faults(history),
            sections.timeline(history),
            sections.numbers(history, beside),
        ),
        replay.data(history.film, colours, _doing(history)) if history.film is not None else None,
        tag("script", Markup(_asset("page.js"))),
    )
    return join(Markup("<!doctype html>\n"), tag("html", head, body, lang="en"))


def _verdict(history: History) -> str:
    goals = len(history.wishes)
    done = f"{history.done} of {goals} {number(goals, 'wish')} {wishes.done_words(history)}"
    return f"{done}, broke off at {clock_of(round(history.end_s))}" if history.broke_off else done


def _top(history: History, title: str) -> Markup:
    config = history.config
    return tag(
        "div",
        tag(
            "header",
            tag("span", "Retinue", class_="brand"),
            tag("h1", title),
            tag(
                "p",
                f"seed {config.seed}, runtime {config.runtime}, model {config.model}",
                class_="by",
            ),
            class_="masthead",
        ),
        tag(
            "nav",
            [
                tag("a", words, href=f"#{id_}")
                for id_, words in _CHAPTERS
                if id_ != "said" or history.said
            ],
            tag("button", "◐", type="button", id="theme", aria_label="Light or dark"),
        ),
        class_="top",
    )


def _replay(history: History, video: Path | None) -> Markup:
    film = history.film
    if film is None:
        plan = replay.plan_picture(history.plan, history.bodies.values(), history.cards.values())
        return section(
            "replay",
            "Floor plan",
            tag("div", plan, class_="plan"),
            note="The film of a run is written at its end, and this one broke off before: there is no "
            "replay."
            if history.broke_off
            else "This run kept no film, so there is no replay.",
        )
    return section(
        "replay",
        "Replay",
        tag("div", replay.stage(film), class_="plan"),
        replay.controls(),
        tag("p", id="doing", class_="doing", aria_live="off"),
        _video(video),
        note="Press play, or drag the time. The line in the chart below moves along, and a click "
        "there moves the replay.",
    )


def _video(video: Path | None) -> Markup | None:
    if video is None:
        return None
    if video.stat().st_size <= EMBED_BYTES:
        data = base64.b64encode(video.read_bytes()).decode()
        source = f"data:video/{video.suffix[1:]};base64,{data}"
    else:
        source = video.name
    return tag(
        "details",
        tag("summary", "As a video"),
        tag("video", src=source, controls=True, preload="metadata", playsinline=True),
        class_="block",
    )


def _plans(history: History, colours: dict[str, str]) -> Markup:
    blocks: list[Markup] = []
    for story in history.goals.values():
        picture = graph_picture(story, history, colours)
        if picture is None:
            continue
        revisions = [
            tag("li", f"revision {plan.revision} at {t:.0f} s: {plan.reason}")
            for t, plan in story.plans
            if plan.revision > 1
        ]
        blocks.append(
            tag(
                "details",
                tag("summary", tag("b", story.id), f" {story.record.goal.text}"),
                tag("div", picture, class_="scroll"),
                tag("ul", revisions, class_="revisions") if revisions else None,
                class_="block",
                open=len(blocks) < sections.FIRST_OPEN,
            )
        )
    return section(
        "plans",
        "Plans",
        blocks or tag("p", "No wish came to a plan.", class_="empty"),
        note="The task graph of each wish in its last revision: an arrow means “first this”. The stripe "
        "is the body that did it.",
    )


def _doing(history: History) -> list[list[Any]]:
    """What each body was at, for the words below the replay."""
    rows: list[list[Any]] = []
    for attempt in history.attempts:
        started = attempt.started
        until = attempt.end_s if attempt.end_s is not None else history.end_s
        words = history.title(started.goal, started.step)
        if started.role != "step":
            words = f"{plain(started.skill)} {history.name(started.target)}".strip()
        rows.append([started.body, round(attempt.start_s, 2), round(until, 2), words])
    return rows


def _asset(name: str) -> str:
    return (files("services.report") / name).read_text(encoding="utf-8")
