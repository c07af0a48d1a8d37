"""A film without what privacy forbids."""

from devices.contracts import BodySpec, Pose
from services.memory.redaction import veiled, without
from sim_worlds.contracts import Film, FilmCut, TrackPoint
from stem_memory.privacy.contracts import PrivacyChanged, ZoneDrawn
from stem_memory.privacy.rules import PrivacyRules
from stem_memory.testing import card, flat

# The hall of `flat`, x from 4 to 10.
HALL = ((4.0, 0.0), (10.0, 0.0), (10.0, 4.0), (4.0, 4.0))


def film():
    """Mia walks from the kitchen into the hall and back, and speaks in both."""
    way = [(0, 1, 1), (10, 9, 1), (20, 9, 3), (30, 1, 1), (40, 2, 2)]
    return Film(
        plan=flat(),
        bodies=(BodySpec(id="waiter-1", kind="waiter", pose=Pose(x=5, y=1)),),
        cards=(card("waiter"),),
        people=("mia",),
        tracks={
            "waiter-1": (TrackPoint(t=0, x=5, y=1),),
            "mia": tuple(TrackPoint(t=t, x=x, y=y) for t, x, y in way),
        },
        cuts=(
            FilmCut(t=1, thing="mia", caption="in the kitchen"),
            FilmCut(t=15, thing="mia", caption="in the hall"),
            FilmCut(t=35, thing="mia", caption="Mia is back"),
            FilmCut(t=16, thing="cup-1", holder="table-1"),
            FilmCut(t=36, thing="cup-2", holder="mia"),
        ),
        duration_s=40,
    )


def rules(*categories, **more):
    zone = {"zone": "hall", "polygon": HALL, "margin_m": 0.0, "from_s": 0.0}
    zone = ZoneDrawn.model_validate({**zone, "categories": categories, **more})
    return PrivacyRules.of([PrivacyChanged(change=zone)])


def test_who_goes_into_a_zone_is_shown_standing_before_it():
    seen = veiled(film(), rules("person"))
    track = seen.tracks["mia"]
    assert all(point.x <= 4.0 for point in track)
    assert [point.t for point in track] == sorted(point.t for point in track)
    door = [point for point in track if 3.5 < point.x <= 4.0]
    assert len(door) >= 2
    assert door[0].t < 10
    assert max(point.t for point in door) > 20
    assert [cut.caption for cut in seen.cuts if cut.caption] == ["in the kitchen", "Mia is back"]
    assert seen.tracks["waiter-1"] == film().tracks["waiter-1"]
    assert any(cut.thing == "cup-1" for cut in seen.cuts)


def test_objects_and_those_who_never_come_out_are_not_shown():
    everything = veiled(film(), rules())
    assert not any(cut.thing == "cup-1" for cut in everything.cuts)
    whole = rules("person", polygon=((-1.0, -1.0), (20.0, -1.0), (20.0, 9.0), (-1.0, 9.0)))
    nobody = veiled(film(), whole)
    assert nobody.people == ()
    assert "mia" not in nobody.tracks


def test_without_zones_nothing_changes():
    assert veiled(film(), PrivacyRules()) == film()


def test_a_person_can_be_taken_out():
    left = without(film(), "mia", ("mia", "Mia"))
    assert left.people == ()
    assert [cut.thing for cut in left.cuts] == ["cup-1", "cup-2"]
    assert left.cuts[1].holder is None
