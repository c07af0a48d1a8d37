"""Many trials, side by side on the cores of this machine, and what came of them together."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import as_completed
from pathlib import Path

from devices import child
from devices.noun import Noun
from services.lab.fleet.trial import Result, Trial


class Tally(Noun):
    """What came of trials. Every number counts; `seconds` are of the sites.

    `failures`: the seeds in which a promise was broken, with how, in sentences.
    """

    trials: int
    upsets: dict[str, int]
    statuses: dict[str, int]
    requests: int
    starts: int
    seconds: float
    disagreed: int
    broken: int
    failures: dict[int, tuple[str, ...]]


def campaign(runs: int, seed: int, is_naive: bool, on_trial: Callable[[Result], None]) -> Tally:
    """Run trials of the seeds `seed`, `seed` + 1, ...

    Args:
        runs: How many.
        seed: The first.
        is_naive: Whether their devices keep nothing and know no leases.
        on_trial: Told of each as it ends.
    """
    results = []
    with child.workers(os.cpu_count() or 1, _ready, method="spawn") as pool:
        waiting = [pool.submit(_trial, n, is_naive) for n in range(seed, seed + runs)]
        try:
            for done in as_completed(waiting):
                results.append(done.result())
                on_trial(results[-1])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return tally(sorted(results, key=lambda result: result.seed))


def tally(results: list[Result]) -> Tally:
    """What came of all of them."""
    statuses: Counter[str] = Counter()
    for result in results:
        statuses.update(result.statuses)
    return Tally(
        trials=len(results),
        upsets=dict(Counter(upset.kind for r in results for upset in r.upsets)),
        statuses=dict(statuses),
        requests=sum(r.requests for r in results),
        starts=sum(r.starts for r in results),
        seconds=sum(r.seconds for r in results),
        disagreed=sum(len(r.disagreed) for r in results),
        broken=sum(len(r.faults) for r in results),
        failures={r.seed: r.faults for r in results if r.faults},
    )


def _ready() -> None:
    """Nothing has to be known beforehand."""


def _trial(seed: int, is_naive: bool) -> Result:
    with tempfile.TemporaryDirectory(prefix="retinue-trial-") as folder:
        return Trial(seed, Path(folder), is_naive).run()
