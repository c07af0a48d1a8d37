"""Numbers of the brain that a deployment may tune. Times in virtual seconds."""

from __future__ import annotations

from devices.noun import Noun


class BrainConfig(Noun):
    """Patience, retries and the price of thinking.

    `think_s` is charged in virtual time per way of understanding, so that a slow model is slow in
    a simulation too. `revisions` bounds how often one goal is planned anew. `patience_s` is how
    long a ready step may wait for a precondition before its goal is planned anew. A request's
    deadline is `slack` times its expected duration, at least `least_deadline_s`. New plans, losses
    and failures are allocated at once; steps that merely end, at most every `reallocate_s`. A body
    that failed twice at the same skill for the same goal rests `rest_s` from it, after each further
    failure twice as long, up to `most_rest_s`: the world may change meanwhile.
    """

    think_s: dict[str, float] = {
        "grammar": 0.1,
        "encoder": 0.2,
        "model": 2.0,
        "operator": 0.0,
        "plan": 0.2,
    }
    revisions: int = 12
    patience_s: float = 25.0
    reallocate_s: float = 5.0
    rest_s: float = 1.0
    most_rest_s: float = 30.0
    slack: float = 4.0
    least_deadline_s: float = 45.0
    charge_below: float = 0.2
    charge_target: float = 0.95
    evidence_looks: int = 1
