"""How well interventions meet the gold, in the metrics of the field and in ours.

Matching is one to one: an intervention of a skill that begins within [-1, +2] s of a gold event hits it,
the nearest first. Definitions: ESTP-F1 after "Eyes Wide Open" (arXiv 2510.14560), a wrong answer being
a miss and a false alarm; PAUC after ProactiveVideoQA (arXiv 2507.09313)
with omega one half.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from devices.noun import Noun
from services.alpha.contracts import Intervention
from services.alpha.recording import GoldEvent

BEFORE_S, AFTER_S = 1.0, 2.0
HOUR_S = 3600.0


class Score(Noun):
    """Counts over any number of runs; the rates follow from them.

    `wrong` counts hits whose answer is not the gold's. `guessed` counts answers where the evidence
    was not there to be seen, `abstained` the gold events of that kind that got none. `pauc` is a sum
    over gold events. `notes` say what went wrong: what it was, when, about what.
    """

    gold: int = 0
    hits: int = 0
    right: int = 0
    wrong: int = 0
    told: int = 0
    false_alarms: int = 0
    duplicates: int = 0
    unseen: int = 0
    guessed: int = 0
    abstained: int = 0
    pauc: float = 0.0
    stale: int = 0
    seconds: float = 0.0
    waits_s: tuple[float, ...] = ()
    notes: tuple[tuple[str, float, str], ...] = ()

    @property
    def precision(self) -> float:
        """Share of what was told that met a gold event."""
        return self.hits / self.told if self.told else 1.0

    @property
    def recall(self) -> float:
        """Share of the gold events that were met."""
        return self.hits / self.gold if self.gold else 1.0

    @property
    def accuracy(self) -> float:
        """Share of the hits with the right answer."""
        return self.right / self.hits if self.hits else 1.0

    @property
    def estp_f1(self) -> float:
        """2·ΣS / (2·ΣS + FP + FN), S being 1 for a right answer in the window."""
        alarms = self.false_alarms + self.duplicates + self.wrong
        whole = 2 * self.right + alarms + self.gold - self.right
        return 2 * self.right / whole if whole else 1.0

    @property
    def pauc_mean(self) -> float:
        """Mean PAUC over the gold events, 0..1 (0.25 for silence)."""
        return self.pauc / self.gold if self.gold else 1.0

    @property
    def false_per_hour(self) -> float:
        """False alarms in an hour."""
        return self.false_alarms * HOUR_S / self.seconds if self.seconds else 0.0

    @property
    def duplicate_share(self) -> float:
        """Duplicates in what was told."""
        return self.duplicates / self.told if self.told else 0.0

    def wait(self, share: float) -> float:
        """The percentile of event to first audio, in seconds."""
        ordered = sorted(self.waits_s)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def score(gold: Sequence[GoldEvent], told: Iterable[Intervention], duration_s: float) -> Score:
    """Score one run. Answers to questions are matched like the rest, to gold that is `asked`."""
    said = sorted(told, key=lambda i: (i.began_s, i.id))
    sure = [g for g in gold if not g.abstain]
    unseen = [g for g in gold if g.abstain]
    met = _matched(sure, said)
    rest = [item for ii, item in enumerate(said) if ii not in met.values()]
    count: Counter[str] = Counter()
    notes: list[tuple[str, float, str]] = []
    pauc, waits = 0.0, []
    for gi, event in enumerate(sure):
        if gi not in met:
            pauc += 0.25
            notes.append(("missed", event.t, f"{event.skill} {event.subject}"))
            continue
        answer = said[met[gi]]
        right = answer.answer == event.answer or not event.answer
        count["hits"] += 1
        count["right" if right else "wrong"] += 1
        if not right:
            notes.append(("wrong", answer.began_s, f"{event.subject}: {event.answer}"))
        pauc += _pauc(event, answer.began_s, right)
        waits.append(max(0.0, round(answer.began_s - event.t, 3)))
    hits = [(sure[gi], said[ii]) for gi, ii in met.items()]
    guessed_at: set[int] = set()
    for item in rest:
        span = next((k for k, g in enumerate(unseen) if _within(item, g)), None)
        if span is None:
            again = any(_within(item, g) and hit.answer == item.answer for g, hit in hits)
            count["duplicates" if again else "false_alarms"] += 1
            notes.append(("again" if again else "needless", item.began_s, item.skill))
        elif item.answer:
            count["guessed"] += 1
            guessed_at.add(span)
            notes.append(("guessed", item.began_s, unseen[span].subject))
        else:
            count["asked"] += 1  # asking where nothing could be seen is right
    return Score(
        gold=len(sure),
        told=len(said) - count["asked"],
        unseen=len(unseen),
        abstained=len(unseen) - len(guessed_at),
        pauc=pauc,
        stale=sum(i.ends_s > i.deadline_s + 1e-6 for i in said),
        seconds=duration_s,
        waits_s=tuple(waits),
        notes=tuple(notes),
        hits=count["hits"],
        right=count["right"],
        wrong=count["wrong"],
        false_alarms=count["false_alarms"],
        duplicates=count["duplicates"],
        guessed=count["guessed"],
    )


def _matched(sure: Sequence[GoldEvent], said: Sequence[Intervention]) -> dict[int, int]:
    """Which gold event each intervention hits, one to one, the nearest first."""
    pairs = sorted(
        (abs(i.began_s - g.t), gi, ii)
        for gi, g in enumerate(sure)
        for ii, i in enumerate(said)
        if _hits(i, g)
    )
    met: dict[int, int] = {}
    taken: set[int] = set()
    for _, gi, ii in pairs:
        if gi not in met and ii not in taken:
            met[gi] = ii
            taken.add(ii)
    return met


def _hits(item: Intervention, event: GoldEvent) -> bool:
    is_near = -BEFORE_S <= item.began_s - event.t <= AFTER_S
    says_enough = bool(item.answer) or not event.answer
    return item.skill == event.skill and not item.question and is_near and says_enough


def _within(item: Intervention, event: GoldEvent) -> bool:
    """Whether it is of the event's skill and begins while the event lasts."""
    return item.skill == event.skill and event.t - BEFORE_S <= item.began_s <= event.until_s


def _pauc(event: GoldEvent, began_s: float, right: bool) -> float:
    """Area under correctness over the gold span: half until the reply, then 1 (right) or 0."""
    span = max(event.until_s - event.t, 1e-6)
    share = min(1.0, max(0.0, (began_s - event.t) / span))
    return (0.5 * share + (2.0 if right else 0.0) * (1.0 - share)) / 2.0


def total(scores: Iterable[Score]) -> Score:
    """Scores of several runs as one."""
    whole: dict[str, float | tuple[object, ...]] = {}
    for item in scores:
        for name, value in item.model_dump().items():
            have = whole.get(name)
            whole[name] = value if have is None else have + value
    return Score.model_validate(whole)
