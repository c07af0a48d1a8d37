"""A section of the page: a heading, a line that says how to read it, and what it shows."""

from __future__ import annotations

from services.report.markup import Child, Markup, tag


def section(id_: str, title: str, *children: Child, note: str = "") -> Markup:
    """A section with its heading and a line that says how to read it."""
    return tag(
        "section",
        tag("h2", title),
        tag("p", note, class_="note") if note else None,
        *children,
        id=id_,
    )
