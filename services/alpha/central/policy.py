"""Whether this is the moment: thresholds that outcomes move, quiet hours, the interruption budget.

The threshold is the one of expected utility (Horvitz 1999, "Principles of mixed-initiative user
interfaces"): with probability p of being of use, speaking pays if p·value > (1 - p)·annoyance, that
is, if p > annoyance / (annoyance + value). What the wearer made of earlier interventions scales the
annoyance by the odds of a bad outcome, with a prior of two good and two bad ones.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from services.alpha.contracts import Outcome, SkillSpec, WearerProfile, WhyNot

PRIOR = 2.0
LOWEST, HIGHEST = 0.2, 0.95
HOUR_S = 3600.0
DAY_S = 86400.0
# How much each outcome counts, and for which side. "stop" may be about anything.
GOOD: Mapping[str, float] = {"acted_on": 1.0, "more": 1.0}
BAD: Mapping[str, float] = {"not_now": 1.0, "stopped": 0.5, "ignored": 0.25}


class Policy:
    """The wearer's tolerance, learnt per skill."""

    def __init__(self, starts_s: float) -> None:
        self._starts_s = starts_s
        self._good: dict[str, float] = {}
        self._bad: dict[str, float] = {}
        self._told: deque[float] = deque()
        self._subjects: dict[tuple[str, str], float] = {}

    def threshold(self, spec: SkillSpec) -> float:
        """How sure the skill must be that it helps, 0..1."""
        good = PRIOR + self._good.get(spec.name, 0.0)
        bad = PRIOR + self._bad.get(spec.name, 0.0)
        annoyance = spec.annoyance * bad / good
        share = annoyance / (annoyance + spec.value)
        return round(min(HIGHEST, max(LOWEST, share)), 3)

    def learn(self, skill: str, outcome: str, times: float = 1.0) -> None:
        """Take an outcome (see `Outcome`) into account; `times` when restoring from memory."""
        if outcome in GOOD:
            self._good[skill] = self._good.get(skill, 0.0) + GOOD[outcome] * times
        else:
            self._bad[skill] = self._bad.get(skill, 0.0) + BAD[outcome] * times

    def told(self, skill: str, subject: str, now: float, asked: bool) -> None:
        """Something was said: it counts for the budget unless asked for, and is not repeated."""
        self._subjects[skill, subject] = now
        if not asked:
            self._told.append(now)

    def forget(self, skill: str, subject: str) -> None:
        """What was cut or dropped before it was heard may be told again."""
        self._subjects.pop((skill, subject), None)

    def refuses(
        self, spec: SkillSpec, subject: str, score: float, now: float, wearer: WearerProfile
    ) -> tuple[WhyNot, str] | None:
        """Why an unasked intervention is not for now; None if it is welcome."""
        last = self._subjects.get((spec.name, subject))
        if last is not None and now - last < spec.repeat_s:
            return "repeated", f"{subject} was told {now - last:.1f} s ago"
        span = self.quiet(now, wearer)
        if span is not None:
            return "quiet_hours", f"{wearer.name or 'the wearer'} wants quiet {span}"
        while self._told and now - self._told[0] >= HOUR_S:
            self._told.popleft()
        if len(self._told) >= wearer.per_hour:
            return "budget", f"{wearer.per_hour} unasked interventions an hour are enough"
        threshold = self.threshold(spec)
        if score < threshold:
            return "below_threshold", f"score {score:.2f} is below the threshold {threshold:.2f}"
        return None

    def quiet(self, now: float, wearer: WearerProfile) -> str | None:
        """The span of quiet hours that it is in now, in words; None if it is not."""
        day = (self._starts_s + now) % DAY_S
        for begin, end in wearer.quiet:
            inside = begin <= day < end if begin < end else day >= begin or day < end
            if inside:
                return f"from {_clock(begin)} to {_clock(end)}"
        return None


def outcome_name(taken_for: str) -> str | None:
    """The outcome that words of the wearer stand for, if they do."""
    return {"stop": "stopped", "not_now": "not_now", "more": "more", "thanks": "acted_on"}.get(
        taken_for
    )


def as_outcome(intervention: str, skill: str, t: float, outcome: str, threshold: float) -> Outcome:
    """An outcome for the ledger."""
    return Outcome.model_validate(
        {
            "intervention": intervention,
            "skill": skill,
            "t": round(t, 3),
            "outcome": outcome,
            "threshold": threshold,
        }
    )


def _clock(seconds: float) -> str:
    minutes = int(seconds // 60) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
