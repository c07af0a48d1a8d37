"""Whether a garment fits, suits what is owned, and is within budget: arithmetic on sizes and money."""

from __future__ import annotations

from collections.abc import Sequence

from devices.facts import Value
from services.alpha.contracts import Content

LETTERS = ("XXS", "XS", "S", "M", "L", "XL", "XXL", "3XL")
# European women's and men's numbers are even and one letter apart per pair of numbers.
_SAME = {"XXXL": "3XL", "2XL": "XXL", "SMALL": "S", "MEDIUM": "M", "LARGE": "L"}


def order(size: str) -> tuple[str, float]:
    """The scale a size belongs to ("letter" or "number") and its place on it.

    Raises:
        ValueError: It is no size.
    """
    word = size.strip().upper()
    word = _SAME.get(word, word)
    if word in LETTERS:
        return "letter", float(LETTERS.index(word))
    try:
        return "number", float(word)
    except ValueError:
        raise ValueError(f"{size!r} is no size: give XS to 3XL, or a number") from None


def fit(
    category: Value,
    size: Value,
    mine: Value,
    colour: Value = "",
    price: Value | None = None,
    budget: Value | None = None,
    owned: Sequence[Sequence[Value]] = (),
) -> dict[str, Content]:
    """Compare a garment with its wearer.

    Args:
        category: What it is ("shirt").
        size: On its label.
        mine: The wearer's size in this category.
        colour: Its colour, by name.
        price: On its tag.
        budget: What the wearer wants to spend at most.
        owned: (name, category, colour) of what is in the wardrobe.

    Returns:
        `verdict` ("fits", "too-small", "too-large"), `steps` between the sizes, `over` the budget by
        how much (0 if not), `twin` the name of an owned thing of the same kind and colour or "".

    Raises:
        ValueError: A size is no size, or the two are on different scales.
    """
    scale, at = order(str(size))
    my_scale, me = order(str(mine))
    if scale != my_scale:
        raise ValueError(f"sizes {size} and {mine} are on different scales")
    steps = at - me
    verdict = "fits" if steps == 0 else "too-small" if steps < 0 else "too-large"
    over = 0.0
    if price is not None and budget is not None:
        over = max(0.0, float(price) - float(budget))
    twin = next(
        (str(name) for name, kind, tone in owned if kind == category and tone == colour), ""
    )
    return {"verdict": verdict, "steps": steps, "over": round(over, 2), "twin": twin}
