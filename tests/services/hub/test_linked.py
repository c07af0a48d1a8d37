"""What the session sees of a body whose daemon may fall silent, come back, or say things late and twice."""

import itertools

import pytest

from cerebellum.contracts import BodyInput
from cerebellum.daemon.messages import Accepted, Beat, Bye, Did, Do, Drop, Free, Hello, Hold, Kept
from devices.catalogue import body_kinds
from devices.clock import ManualClock
from devices.skill import SkillRequest, Succeeded
from services.hub.linked import LinkedBody

CARD = body_kinds()["humanoid"].card


class Site:
    """One body of a site, and what the site says to it."""

    def __init__(self):
        self.clock = ManualClock()
        self.tokens = itertools.count(1)
        self.body = LinkedBody(self.hello(), self.clock, 2.0, self.tokens.__next__)
        self.said: list[object] = []
        self.body.take_up(())
        self.attach()

    @staticmethod
    def hello(*carries):
        return Hello(id="ann", card=CARD, carries=carries)

    def attach(self, *carries):
        said: list[object] = []
        self.said = said
        self.send = said.append
        self.body.attach(self.hello(*carries), self.send)

    def give(self, *requests, **news):
        orders = tuple(
            {"request": SkillRequest(
                id=r, goal="g1", step=r, skill="look", body="ann", args={}, deadline_s=60.0
            )} for r in requests
        )  # fmt: skip
        return self.body.step(BodyInput(now=self.clock.now(), orders=orders, **news)).events

    def silent(self, seconds):
        self.clock.advance_to(self.clock.now() + seconds)
        return not self.body.poll(self.clock.now(), ()).heard


@pytest.fixture
def site():
    return Site()


def did(request, seq=1):
    return Did(seq=seq, event=Succeeded(request=request, body="ann", t=1.0))


def of(kind, words):
    return [word for word in words if isinstance(word, kind)]


def test_an_order_is_said_until_it_is_accepted(site):
    site.give("r1")
    assert [word.order.request.id for word in of(Do, site.said)] == ["r1"]
    site.attach()
    assert [word.order.request.id for word in of(Do, site.said)] == ["r1"]
    site.body.hear(Accepted(request="r1"))
    site.attach("r1")
    assert of(Do, site.said) == []


def test_tokens_and_epochs_only_grow(site):
    site.give("r1")
    site.give(stop=True)
    site.give(resume=True)
    site.give("r2")
    numbers = [
        getattr(word, "token", None) or word.epoch for word in of(Do | Hold | Free, site.said)
    ]
    assert numbers == sorted(set(numbers))


def test_a_result_is_kept_once_its_round_is_recorded(site):
    site.give("r1")
    site.body.hear(did("r1"))
    assert [event.request for event in site.give()] == ["r1"]
    assert of(Kept, site.said) == []
    site.body.settle()
    assert of(Kept, site.said) == [Kept(seq=1)]
    # Said again because that was not heard: kept again, but no news.
    site.body.hear(did("r1"))
    assert site.give() == ()
    site.body.settle()
    assert of(Kept, site.said) == [Kept(seq=1), Kept(seq=1)]


def test_silence_ends_the_connection_and_what_it_still_brings_does_not_count(site):
    assert not site.silent(1.0)
    site.body.hear(Beat(local_s=0.0))
    assert not site.silent(1.9)
    assert site.silent(0.2)
    assert of(Bye, site.said)[0].reason.startswith("it was silent")
    assert not site.body.is_attached(site.send)
    site.attach()
    assert not site.silent(0.1)


def test_what_was_given_away_never_arrives(site):
    site.give("r1")
    site.body.forfeit(("r1",))
    site.attach()
    assert of(Do, site.said) == []
    # Its late result is taken off the daemon's hands, and is no news.
    site.body.hear(did("r1"))
    assert site.give() == ()
    site.body.settle()
    assert of(Kept, site.said) == [Kept(seq=1)]


def test_what_had_arrived_is_to_be_given_up(site):
    site.give("r1")
    site.body.hear(Accepted(request="r1"))
    site.body.forfeit(("r1",))
    site.attach("r1")
    assert of(Drop, site.said) == [Drop(request="r1")]
    # A daemon that knows nothing of it has nothing to give up.
    site.attach()
    assert of(Drop, site.said) == []


def test_a_daemon_that_lost_its_disk_does_nothing_of_what_it_was_given(site):
    site.give("r1", "r2")
    site.body.hear(Accepted(request="r1"))
    site.attach()
    (lost,) = site.give()
    assert (lost.request, lost.reason) == ("r1", "not_received")


def test_what_was_under_way_when_the_site_went_down_is_asked_of_the_daemon():
    site = Site()
    body = LinkedBody(site.hello("r1"), site.clock, 2.0, site.tokens.__next__)
    body.take_up(("r1", "r2"))
    events = body.step(BodyInput(now=0.0)).events
    assert [event.request for event in events] == ["r2"]


def test_a_newer_connection_ends_the_older(site):
    first, said = site.send, site.said
    site.attach()
    assert of(Bye, said)
    assert not site.body.is_attached(first)
    site.body.detach(first)
    assert site.body.is_attached(site.send)
