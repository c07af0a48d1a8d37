"""Records what a renderer needs to replay a run: cuts and marks as they happen."""

from __future__ import annotations

from devices.facts import Value
from devices.site import Point
from sim_worlds.contracts import FilmCut


class Recorder:
    """Cuts in time order, one per visible change, each with the whole of what changed."""

    def __init__(self) -> None:
        self.cuts: list[FilmCut] = []
        self._batteries: dict[str, float] = {}
        self.marks: list[tuple[float, str, str]] = []

    def thing(
        self,
        t: float,
        thing: str,
        cls: str,
        holder: str | None,
        states: dict[str, Value],
        spot: Point | None = None,
    ) -> None:
        """A thing is now at this holder, in these states; `spot` is where on a room's floor."""
        cut = FilmCut(t=t, thing=thing, cls=cls, holder=holder, spot=spot, states=states)
        self.cuts.append(cut)

    def battery(self, t: float, body: str, kind: str, level: float) -> None:
        """A body's battery is this full (0 to 1); recorded by whole per cents."""
        shown = round(level, 2)
        if self._batteries.get(body) != shown:
            self._batteries[body] = shown
            self.cuts.append(FilmCut(t=t, thing=body, cls=kind, states={"battery": shown}))

    def gone(self, t: float, thing: str, cls: str) -> None:
        """A thing left the world."""
        self.cuts.append(FilmCut(t=t, thing=thing, cls=cls, gone=True))

    def caption(self, t: float, who: str, text: str) -> None:
        """Somebody said something."""
        self.cuts.append(FilmCut(t=t, thing=who, caption=text))

    def mark(self, t: float, body: str, mark: str) -> None:
        """A body died or came back."""
        self.marks.append((t, body, mark))
