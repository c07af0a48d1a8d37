"""Everything that `retinue bench glasses` measured, and how it is printed: misses included."""

from __future__ import annotations

from devices.noun import Noun
from services.alpha.metrics import Score, total
from services.lab.glasses.crew import OURS
from services.lab.glasses.live import Pace
from services.lab.glasses.reading import Reading
from services.lab.wishes.figures import share


class Row(Noun):
    """One way of deciding when, on one kind of film."""

    kind: str
    way: str
    score: Score = Score()
    looks: int = 0
    cpu_s: float = 0.0


class Card(Noun):
    """The measurement. `solver` and `solver_asked`: advice equal to the exact solver's, of all advice
    given. `twice` films were run twice, and `twice_same` of them gave byte-equal interventions.
    """

    split: str
    rows: tuple[Row, ...]
    reading: Reading
    quiet: Row
    solver: int = 0
    solver_asked: int = 0
    twice: int = 0
    twice_same: int = 0
    live: Pace = Pace()

    @property
    def ours(self) -> Score:
        """All films with gold."""
        return total(row.score for row in self.rows if row.way == OURS)


# What is measured, good of n (or a number), the sign and the figure to reach.
Check = tuple[str, float, int, str, float]


def checks(card: Card) -> list[Check]:
    """Each figure with what it should be."""
    ours, r, quiet = card.ours, card.reading, card.quiet.score
    unsaid = ours.unseen - ours.guessed
    live = card.live
    return [
        ("trigger precision", ours.precision, ours.told, ">=", 0.95),
        ("trigger recall", ours.recall, ours.gold, ">=", 0.95),
        ("false alarms an hour, quiet", quiet.false_per_hour, 0, "<=", 1.0),
        ("hours of quiet footage", quiet.seconds / 3600, 0, ">=", 2.0),
        ("duplicates", ours.duplicate_share, ours.told, "<=", 0.01),
        ("cards apart", _part(r.apart_right, r.apart), r.apart, ">=", 0.99),
        (
            "cards overlapping",
            _part(r.overlapping_right, r.overlapping),
            r.overlapping,
            ">=",
            0.97,
        ),
        (
            "advice = exact solver",
            _part(card.solver, card.solver_asked),
            card.solver_asked,
            ">=",
            1.0,
        ),
        ("abstained where unseen", _part(unsaid, ours.unseen), ours.unseen, ">=", 1.0),
        ("museum top-1", _part(r.works_right, r.works), r.works, ">=", 0.98),
        (
            "museum false accepts",
            _part(r.strangers_named, r.strangers, 0.0),
            r.strangers,
            "<=",
            0.01,
        ),
        ("speech past its deadline", float(ours.stale + quiet.stale), 0, "<=", 0.0),
        ("event to first audio p95, s", ours.wait(0.95), len(ours.waits_s), "<=", 1.5),
        (
            "same film twice, byte-equal",
            _part(card.twice_same, card.twice),
            card.twice,
            ">=",
            1.0,
        ),
        ("live at 10 fps: pictures handled", _part(live.handled, live.pictures), live.pictures, ">=", 0.95),
        ("live: CPU s a minute (2 cores: 120)", _minute(live.cpu_s, live.seconds), 0, "<=", 120.0),
    ]  # fmt: skip


def met(check: Check) -> bool:
    """Whether the figure is reached."""
    _, value, _, sign, goal = check
    return value >= goal - 1e-9 if sign == ">=" else value <= goal + 1e-9


def as_table(card: Card) -> str:
    """The figures as text."""
    lines = [
        f"Glasses on {card.split} styles; a hit begins within [-1, +2] s of its event",
        "",
        "kind          way      gold  P     R     right  FA  dup  ESTP-F1 PAUC   p50 s  p95 s  "
        "looks/min  CPU s/min  stale",
    ]
    lines += [_row(row) for row in card.rows]
    q = card.quiet
    lines.append(
        f"{'quiet':<13} {q.way:<8} {'':>4}  {'':>5} {'':>5} {'':>5} {q.score.false_alarms:>4} "
        f"{'':>36} {_minute(q.looks, q.score.seconds):>9.1f}  {_minute(q.cpu_s, q.score.seconds):>9.1f}"
    )
    lines += ["", f"{'figure':<36} {'measured':>8}  {'n':>5}  {'95 % interval':<15}  reach"]
    for check in checks(card):
        name, value, n, sign, goal = check
        between = ""
        if n and value <= 1.0 and "p95" not in name:
            found = share(round(value * n), n)
            between = f"{found.low:.3f}-{found.high:.3f}"
        verdict = "" if met(check) else "  MISSED"
        lines.append(
            f"{name:<36} {value:>8.3f}  {n or '':>5}  {between:<15}  {sign} {goal:g}{verdict}"
        )
    r, live = card.reading, card.live
    faces = "covered" if live.redacted else "NOT covered: no detector here"
    lines += [
        "",
        f"cards read that are not there: {r.invented}",
        f"colours of held garments: {r.colours_right} of {r.colours} named right, "
        f"{r.garments - r.colours} of {r.garments} not named",
        f"live: {live.seconds:.0f} s at load {live.load:g}, faces {faces}; {live.score.hits} of "
        f"{live.score.gold} events met, event to first words p95 {live.score.wait(0.95):.2f} s on "
        "the machine's clock",
    ]
    return "\n".join(lines)


def _row(row: Row) -> str:
    s = row.score
    return (
        f"{row.kind:<13} {row.way:<8} {s.gold:>4}  {s.precision:.3f} {s.recall:.3f} "
        f"{s.accuracy:.3f} {s.false_alarms:>4} {s.duplicates:>4}  {s.estp_f1:.3f}   "
        f"{s.pauc_mean:.3f} {s.wait(0.5):>6.2f} {s.wait(0.95):>6.2f}  "
        f"{_minute(row.looks, s.seconds):>9.1f}  {_minute(row.cpu_s, s.seconds):>9.1f} {s.stale:>6}"
    )


def _minute(amount: float, seconds: float) -> float:
    return amount / seconds * 60.0 if seconds else 0.0


def _part(part: int, whole: int, empty: float = 1.0) -> float:
    return part / whole if whole else empty
