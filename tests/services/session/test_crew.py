"""Bodies of a site that stays up, when what thinks for them dies."""

from cerebellum.contracts import BodyInput, BodyOutput
from services.errors import ActorDied
from services.runtime.local import LocalHandle, LocalRuntime
from services.session.crew import BodySide
from stem_memory.contracts import BodyBack, BodyLost


class Mind:
    """A cerebellum that may be dead."""

    def __init__(self, is_dead=False):
        self.is_dead = is_dead
        self.news: list[BodyInput] = []

    def step(self, news):
        if self.is_dead:
            raise ActorDied("ann", "killed by the test")
        self.news.append(news)
        return BodyOutput()


def side(*minds, stays=True):
    """A body whose minds are made one after the other."""
    made = iter(minds)
    runtime = LocalRuntime()

    def anew(name):
        return LocalHandle(name, next(made))

    bodies = BodySide(runtime, {"ann": anew("ann")}, anew if stays else None)
    bodies.roster.enrol("ann", 0.0)
    return bodies


def turn(bodies, now):
    heard, changes = bodies.listen(now, ("ann",))
    bodies.news(now, (), (), heard, changes)
    return changes


def test_who_dies_is_lost_and_another_thinks_for_it_from_then_on():
    dead, living = Mind(is_dead=True), Mind()
    bodies = side(dead, living)
    bodies.roster.grant("r1", "ann", 60.0)
    bodies._wakes["ann"] = 1.0
    assert turn(bodies, 1.0) == []
    # What its motors do ends at once; it counts as heard no more.
    assert [command.kind for command in bodies.take_commands()["ann"]] == ["halt"]
    assert turn(bodies, 2.0) == []
    assert [type(change) for change in turn(bodies, 4.6)] == [BodyLost]
    assert bodies.roster.leases() == ()
    assert [type(change) for change in turn(bodies, 5.0)] == [BodyBack]
    # It is told to drop what the one before it was given.
    assert living.news[-1].cancels == ("r1",)


def test_in_a_run_that_ends_it_stays_lost():
    bodies = side(Mind(is_dead=True), Mind(), stays=False)
    bodies._wakes["ann"] = 1.0
    turn(bodies, 1.0)
    assert [type(change) for change in turn(bodies, 4.6)] == [BodyLost]
    assert turn(bodies, 6.0) == []
    assert bodies.roster.lost() == {"ann"}
