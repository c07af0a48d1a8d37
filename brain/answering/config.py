"""Numbers of answering that a deployment may tune."""

from __future__ import annotations

from devices.noun import Noun


class AnswerConfig(Noun):
    """When what is believed may be said without looking again.

    A belief must be at least `sure` (0..1; trust fades with age). What is at a place counts as
    known for `view_s` seconds after it was last in full view, who is there for `people_s` seconds.
    Of more than `most` things an answer tells only how many more there are.
    """

    sure: float = 0.75
    view_s: float = 120.0
    people_s: float = 30.0
    most: int = 6


DEFAULT = AnswerConfig()
