"""Times and spans on the command line: seconds, or a clock as the replay shows it."""

from __future__ import annotations

import click


class Moment(click.ParamType[float]):
    """Seconds ("90", "90s") or minutes:seconds ("1:30"); above zero where it is a span.

    Args:
        is_span: Whether it is a length of time, which can not be nothing.
    """

    name = "time"

    def __init__(self, is_span: bool = False) -> None:
        self._is_span = is_span

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The time in seconds."""
        from stem_memory.clock import TimeUnclear, seconds_of

        if isinstance(value, float):
            return value
        try:
            seconds = seconds_of(str(value))
        except TimeUnclear:
            self.fail(f"{value!r} is no time; write seconds (90) or minutes:seconds (1:30)")
        if self._is_span and not seconds:
            self.fail(f"{value!r} is no time at all; write more than 0 seconds")
        return seconds
