"""A body's battery: energy in watt-hours, drawn at a constant power between changes."""

from __future__ import annotations

SECONDS_PER_HOUR = 3600.0


class Battery:
    """`draw_w` watts flow out (below 0: in) from the last change on."""

    def __init__(self, capacity_wh: float, level: float) -> None:
        self.capacity_wh = max(capacity_wh, 1e-6)
        self.draw_w = 0.0
        self._wh = level * self.capacity_wh
        self._since = 0.0

    def level(self, t: float) -> float:
        """How full it is at time `t`, 0 to 1."""
        wh = self._wh - self.draw_w * (t - self._since) / SECONDS_PER_HOUR
        return min(max(wh / self.capacity_wh, 0.0), 1.0)

    def draw(self, watts: float, t: float) -> None:
        """Draw this much from `t` on."""
        self.set_level(self.level(t), t)
        self.draw_w = watts

    def set_level(self, level: float, t: float) -> None:
        """Be this full at `t`."""
        self._wh, self._since = level * self.capacity_wh, t

    def empty_s(self, t: float) -> float | None:
        """When it will be empty at the present draw; None: never."""
        if self.draw_w <= 0:
            return None
        return t + self.level(t) * self.capacity_wh * SECONDS_PER_HOUR / self.draw_w
