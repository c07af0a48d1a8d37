from services.session.roster import Roster, RosterConfig
from stem_memory.contracts import BodyBack, BodyLost


def make() -> Roster:
    fleet = Roster(RosterConfig(heartbeat_s=2.0, lapse_s=3.5, grace_s=10.0))
    fleet.enrol("a", 0.0)
    fleet.enrol("b", 0.0)
    return fleet


def test_a_silent_body_is_lost_and_forfeits_its_leases() -> None:
    fleet = make()
    fleet.grant("r1", "a", 60.0)
    assert fleet.next_check() == 3.5
    assert fleet.listen(3.5, ("b",)) == [BodyLost(body="a", last_heard_s=0.0)]
    assert fleet.leases() == ()
    assert fleet.lost() == {"a"}


def test_loss_is_declared_once_and_ends_when_the_body_is_heard() -> None:
    fleet = make()
    fleet.grant("r1", "a", 60.0)
    fleet.listen(4.0, ("b",))
    assert fleet.listen(5.0, ("b",)) == []
    assert fleet.listen(9.0, ("a", "b")) == [BodyBack(body="a")]
    assert fleet.forfeited("a") == ("r1",)
    assert fleet.forfeited("a") == ()


def test_a_body_that_answers_but_lets_its_deadline_pass_is_lost_too() -> None:
    fleet = make()
    fleet.grant("r1", "a", 20.0)
    assert fleet.listen(29.0, ("a", "b")) == []
    lost = fleet.listen(31.0, ("a", "b"))
    assert [type(change) for change in lost] == [BodyLost]
    assert fleet.listen(32.0, ("a", "b")) == [BodyBack(body="a")]


def test_nobody_is_checked_while_nobody_holds_a_lease() -> None:
    fleet = make()
    assert fleet.next_check() is None
    fleet.grant("r1", "b", 60.0)
    fleet.release("r1")
    fleet.release("r1")
    assert fleet.next_check() is None
