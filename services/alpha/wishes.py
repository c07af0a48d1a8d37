"""From glasses to fleet: what a wearer asks of robots, as wishes with their name on it."""

from __future__ import annotations

from collections.abc import Sequence

from devices.glasses.sources import is_live
from services.alpha.orders import GlassesConfig
from services.alpha.output.unit import OutputConfig
from services.alpha.session import play, wishes
from services.contracts import PostedWish
from services.errors import UserError


def wishes_of(source: str, people: Sequence[str]) -> tuple[PostedWish, ...]:
    """Run the glasses over a recorded source; what the wearer asks of robots, in order of time.

    Args:
        source: A trace, or anything else that `retinue glasses run` takes but a live camera.
        people: Ids of the people in the world; the wearer must be one of them.

    Raises:
        UserError: the source can not be used, or its wearer is nobody here.
    """
    if is_live(source):
        raise UserError(
            f"a run in virtual time can not listen to the live source {source}: record it first "
            "with `retinue glasses record`"
        )
    result = play(source, GlassesConfig(fleet=True), OutputConfig(voice="none"))
    posted = []
    for wish in wishes(result.ledger):
        if wish.who not in people:
            raise UserError(
                f"the glasses of {source} are worn by {wish.who!r}, who is nobody in this world: "
                f"its people are {', '.join(people)}"
            )
        posted.append(PostedWish(t=wish.t, text=wish.text, who=wish.who))
    return tuple(posted)
