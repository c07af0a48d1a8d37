"""`retinue bench glasses`: the glasses on test styles, beside two baselines and the figures to reach."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from services.alpha.metrics import total
from services.alpha.vision.ocr import INSTALL, available
from services.errors import UserError
from services.lab.glasses import assets
from services.lab.glasses.card import Card, Row
from services.lab.glasses.crew import OURS, SKILLS, Done, Job, crew
from services.lab.glasses.live import play_live
from services.lab.glasses.reading import joined
from services.lab.glasses.style import STYLES
from services.lab.glasses.takes import KINDS, Stock

BASELINES = ("polled", "cooled")
# The answer to a question has no trigger that polling could replace.
_ASKED = "where-is-it"
# Films of the test side begin with this seed; nothing was ever tuned on them.
TEST_SEED, TRAIN_SEED = 9_000, 100
QUIET_FILMS = 4
LIVE_S = 60.0


def bench_glasses(
    split: str = "test",
    takes: int = 5,
    quiet_hours: float = 2.0,
    baselines: bool = True,
    workers: int = 2,
    kinds: Sequence[str] = tuple(KINDS),
    say: Callable[[str], None] = lambda _: None,
) -> Card:
    """Measure. Fetches the assets first.

    Args:
        split: Whose styles: "test" or "train".
        takes: Films of each kind and style.
        quiet_hours: Hours of quiet footage, over all styles.
        baselines: Whether the two baselines run, too; on the first half of the same films.
        workers: Processes that work side by side.
        kinds: Which skills' films; all, unless somebody develops one of them.
        say: Told of the progress.

    Raises:
        UserError: The assets or the reader of print cannot be had.
    """
    if not available():
        raise UserError(f"the tags in the shop cannot be read here: {INSTALL}")
    assets.fetch()
    jobs = _jobs(split, takes, quiet_hours, baselines, kinds)

    def on_done(count: int, done: Done) -> None:
        say(f"[{count}/{len(jobs)}] {_line(done)}")
        for miss in done.misses if done.job.way == OURS else ():
            say(f"    {miss}")

    with tempfile.TemporaryDirectory(prefix="retinue-") as place:
        folder = Path(place)
        stock = Stock(folder)
        results = crew(jobs, folder, workers, on_done)
        first = next(job for job in jobs if job.what == "take")
        say(f"live: {LIVE_S:.0f} s of {first.kind} at its own pace")
        take = KINDS[first.kind](first.style, first.seed, stock)
        live = play_live(take, tuple(SKILLS.values()), folder, LIVE_S)
    card = _card(split, results)
    return card.model_copy(update={"live": live})


def _jobs(
    split: str, takes: int, quiet_hours: float, baselines: bool, kinds: Sequence[str]
) -> list[Job]:
    """Everything to measure, the longest first."""
    styles = [name for name, style in STYLES.items() if style.split == split]
    base = TEST_SEED if split == "test" else TRAIN_SEED
    each = quiet_hours * 3600 / len(styles) / QUIET_FILMS
    jobs = [
        Job(what="quiet", style=style, seed=base + 900 + k, seconds=each)
        for style in styles
        for k in range(QUIET_FILMS)
        if each > 0
    ]
    for kind in kinds:
        films = [(style, base + k) for style in styles for k in range(takes)]
        jobs += [Job(what="take", kind=kind, style=style, seed=seed) for style, seed in films]
        jobs.append(Job(what="take", kind=kind, style=films[0][0], seed=films[0][1], again=True))
        if baselines and kind != _ASKED:
            jobs += [
                Job(what="take", kind=kind, style=style, seed=seed, way=way)
                for way in BASELINES
                for style, seed in films
                if seed < base + (takes + 1) / 2
            ]
    for style in styles:
        for k in range(takes):
            jobs.append(Job(what="tables", style=style, seed=base + 500 + k))
            jobs.append(Job(what="rooms", style=style, seed=base + 500 + k))
            jobs.append(Job(what="clothes", style=style, seed=base + 500 + k))
    return jobs


def _card(split: str, results: Sequence[Done]) -> Card:
    once = [done for done in results if not done.job.again]
    rows = []
    for kind in KINDS:
        for way in (OURS, *BASELINES):
            ours = [d for d in once if (d.job.what, d.job.kind, d.job.way) == ("take", kind, way)]
            if ours:
                rows.append(_row(kind, way, ours))
    quiet = [done for done in once if done.job.what == "quiet"]
    return Card(
        split=split,
        rows=tuple(rows),
        reading=joined([done.reading for done in once]),
        quiet=_row("quiet", OURS, quiet),
        solver=sum(d.solver for d in once if d.job.way == OURS),
        solver_asked=sum(d.solver_asked for d in once if d.job.way == OURS),
        twice=sum(done.job.again for done in results),
        twice_same=sum(_same(done, once) for done in results if done.job.again),
    )


def _same(again: Done, once: Iterable[Done]) -> bool:
    """Whether the second run said the same, byte for byte, as the first."""
    first = again.job.model_copy(update={"again": False})
    return any(done.job == first and done.said == again.said for done in once)


def _row(kind: str, way: str, films: Sequence[Done]) -> Row:
    return Row(
        kind=kind,
        way=way,
        score=total(done.score for done in films),
        looks=sum(done.looks for done in films),
        cpu_s=round(sum(done.cpu_s for done in films), 1),
    )


def _line(done: Done) -> str:
    s = done.score
    if done.job.what == "quiet":
        return f"{done.job.name}: {s.false_alarms} false alarms, {done.looks} looks"
    if done.job.what == "take":
        more = f", {s.wrong} wrong" if s.wrong else ""
        return f"{done.job.name}: {s.hits} of {s.gold}{more}, {s.false_alarms} needless"
    r = done.reading
    right, of = {
        "tables": (r.apart_right + r.overlapping_right, r.apart + r.overlapping),
        "rooms": (r.works_right, r.works),
        "clothes": (r.colours_right, r.garments),
    }[done.job.what]
    return f"{done.job.name}: {right} of {of} read"
