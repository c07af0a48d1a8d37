"""From outcomes to figures: shares with intervals, seconds, groups."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from services.lab.wishes.contracts import Figures, Outcome, Row, Share

Z95 = 1.959963984540054


def share(good: int, n: int) -> Share:
    """The share with its 95 % Wilson score interval; nothing is known of none (0 to 1).

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22
    (1927): right also for few trials and for shares near 0 or 1.
    """
    if n == 0:
        return Share(good=0, n=0, share=0.0, low=0.0, high=1.0)
    p, z2 = good / n, Z95 * Z95
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Share(
        good=good,
        n=n,
        share=round(p, 4),
        low=round(max(0.0, middle - half), 4),
        high=round(min(1.0, middle + half), 4),
    )


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """The figures of one group."""
    clear = [o for o in outcomes if o.wish.expected == "understood"]
    unclear = [o for o in outcomes if o.wish.expected != "understood"]
    named = [o for o in unclear if o.wish.expected != "decline"]
    seconds = sorted(o.seconds for o in outcomes)
    moved = sum(o.answered == "understood" for o in clear)
    exact = sum(o.exact for o in clear)
    wrong_motion = sum(o.answered == "understood" for o in unclear)
    return Figures(
        n=len(outcomes),
        exact=share(exact, len(clear)),
        wrong_goal=share(moved - exact, len(clear)),
        over_caution=share(len(clear) - moved, len(clear)),
        declined=share(len(unclear) - wrong_motion, len(unclear)),
        wrong_motion=share(wrong_motion, len(unclear)),
        kind=share(sum(o.answered == o.wish.expected for o in named), len(named)),
        p50_s=percentile(seconds, 0.50),
        p95_s=percentile(seconds, 0.95),
        max_s=percentile(seconds, 1.0),
    )


def percentile(ordered: Sequence[float], q: float) -> float:
    """The nearest-rank percentile of ascending values, 0 for none."""
    if not ordered:
        return 0.0
    return round(ordered[max(0, math.ceil(q * len(ordered)) - 1)], 4)


def row(name: str, title: str, outcomes: Sequence[Outcome], calls: int = 0, tokens: int = 0) -> Row:
    """Everything about one configuration."""
    understood = [o for o in outcomes if o.answered == "understood"]
    ways = sorted({o.way for o in understood})
    by_way = {way: [o for o in understood if o.way == way] for way in ways}
    return Row(
        name=name,
        title=title,
        whole=figures(outcomes),
        by_world=_grouped(outcomes, lambda o: (o.wish.world,)),
        by_tag=_grouped(outcomes, lambda o: o.wish.tags),
        ways={way: share(sum(o.exact for o in of), len(of)) for way, of in by_way.items()},
        calls=calls,
        tokens=tokens,
        outcomes=tuple(outcomes),
    )


def added(rows: Sequence[Row]) -> dict[str, float]:
    """What each further configuration adds to the exact share of the one before it."""
    return {b.name: round(b.whole.exact.share - a.whole.exact.share, 4) for a, b in pairwise(rows)}


def _grouped(
    outcomes: Sequence[Outcome], keys: Callable[[Outcome], Iterable[str]]
) -> dict[str, Figures]:
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        for key in keys(outcome):
            groups.setdefault(key, []).append(outcome)
    return {key: figures(group) for key, group in sorted(groups.items())}
