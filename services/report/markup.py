"""HTML and SVG from Python calls. Whatever is not markup already is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Union

_VOID = {"br", "hr", "img", "input", "link", "meta", "source"}
_SHAPES = {"path", "rect", "line", "circle", "polygon", "polyline", "use", "stop"}


class Markup(str):
    """Text that is markup and goes into a page as it is."""

    __slots__ = ()


Child = Union[str, float, None, Iterable["Child"]]  # noqa: UP007 - it names itself


def tag(name: str, /, *children: Child, **attributes: object) -> Markup:
    """An element.

    Args:
        name: Its tag.
        children: Text (escaped), markup, numbers, None (nothing), or any nesting of these.
        attributes: `class_` and `for_` lose the underscore, other underscores become hyphens; True
            stands alone, None and False leave the attribute out.
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    inner = "".join(_texts(children))
    if name in _SHAPES and not inner:
        return Markup(f"<{name}{given}/>")
    return Markup(f"<{name}{given}>{inner}</{name}>")


def join(*children: Child) -> Markup:
    """Several pieces without an element around them."""
    return Markup("".join(_texts(children)))


def svg(width: float, height: float, /, *children: Child, **attributes: object) -> Markup:
    """A picture with its own coordinate system; it scales with the room it gets."""
    return tag(
        "svg",
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=number(width),
        height=number(height),
        **attributes,
    )


def section(id_: str, title: str, *children: Child, note: str = "") -> Markup:
    """A section with its heading and a line that says how to read it."""
    return tag(
        "section",
        tag("h2", title),
        tag("p", note, class_="note") if note else None,
        *children,
        id=id_,
    )


def table(heads: Iterable[str], rows: Child) -> Markup:
    """A table with a heading for each column."""
    columns = [tag("th", head, scope="col") for head in heads]
    return tag("table", tag("thead", tag("tr", columns)), tag("tbody", rows))


def number(value: float) -> str:
    """A coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = number(value) if isinstance(value, float) else str(value)
    return f' {name}="{html.escape(text)}"'


def _texts(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Markup):
            yield child
        elif isinstance(child, str):
            yield html.escape(child, quote=False)
        elif isinstance(child, int | float):
            yield number(child)
        else:
            yield from _texts(child)
