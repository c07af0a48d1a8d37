"""Replays: the film at any moment, the picture of it, videos that open, plans as SVG."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import cv2
import numpy as np
import pytest
from shapely import LineString, Point, Polygon

from devices.geometry import footprint
from sim_worlds.contracts import Banner, Film, FilmCut, TrackPoint
from sim_worlds.drawing.backdrop import plan_svg, plan_view
from sim_worlds.drawing.canvas import Canvas, png
from sim_worlds.drawing.layout import fit, gap_of, slots, walls
from sim_worlds.drawing.palette import bgr, icon, mixed, room_colour
from sim_worlds.drawing.playback import Playback
from sim_worlds.drawing.render import frames, still, write_video
from sim_worlds.drawing.scene import Scene
from sim_worlds.drawing.svg import SvgPen
from sim_worlds.errors import WorldMisuse
from sim_worlds.loader import builtin

SIZE = (640, 360)


@pytest.fixture(scope="module")
def world():
    return builtin("household")


def filmed(world, *cuts, marks=(), duration_s=8.0):
    butler, dog = world.bodies[0], world.bodies[2]
    tracks = {
        butler.id: (
            TrackPoint(t=0, x=4.0, y=3.6),
            TrackPoint(t=2, x=4.0, y=3.6),
            TrackPoint(t=4, x=3.0, y=3.6),
        ),
        dog.id: (TrackPoint(t=0, x=1.5, y=4.6), TrackPoint(t=6, x=3.0, y=6.2)),
        "sam": (TrackPoint(t=0, x=1.2, y=1.2),),
    }
    return Film(
        plan=world.plan,
        bodies=world.bodies,
        cards=world.cards,
        people=("sam",),
        tracks=tracks,
        cuts=cuts,
        marks=marks,
        duration_s=duration_s,
    )


MUG = FilmCut(t=0, thing="red-mug", cls="mug", holder="coffee-table", states={"clean": True})


def differ(a, b):
    return int(np.count_nonzero(np.any(a != b, axis=2)))


def test_movers_are_between_their_track_points(world):
    playback = Playback(filmed(world))
    assert playback.place("butler", 3.0) == pytest.approx((3.5, 3.6))
    assert playback.place("butler", 99.0) == pytest.approx((3.0, 3.6))
    assert playback.place("cook", 3.0) == (world.bodies[1].pose.x, world.bodies[1].pose.y)
    assert playback.place("nobody", 3.0) is None


def test_bodies_look_where_they_last_went(world):
    playback = Playback(filmed(world))
    assert playback.yaw("butler", 1.0) == world.bodies[0].pose.yaw
    assert playback.yaw("butler", 3.0) == pytest.approx(np.pi)
    assert playback.yaw("butler", 7.0) == pytest.approx(np.pi)


def test_a_trail_ends_where_the_body_is(world):
    playback = Playback(filmed(world))
    way = playback.trail("butler", 3.0, 2.0)
    assert way[0] == (1.0, pytest.approx((4.0, 3.6)))
    assert way[-1] == (3.0, pytest.approx((3.5, 3.6)))
    assert all(a <= b for (a, _), (b, _) in pairwise(way))


def test_each_moment_has_what_came_before_it(world):
    taken = FilmCut(t=3, thing="red-mug", cls="mug", holder="butler", states={"fill": "tea"})
    gone = FilmCut(t=5, thing="red-mug", gone=True)
    playback = Playback(filmed(world, MUG, taken, gone))
    assert playback.shown("red-mug", 4).states == {"clean": True, "fill": "tea"}
    assert [name for name, _ in playback.shown("butler", 4).held] == ["red-mug"]
    assert playback.shown("red-mug", 6) is None
    assert playback.shown("butler", 6).held == ()
    assert playback.shown("red-mug", 1).holder == "coffee-table"
    assert playback.shown("butler", 1) is None


def test_a_thing_picked_off_the_floor_has_no_spot(world):
    lies = FilmCut(t=0, thing="ball", cls="ball", holder="child-room", spot=(9.0, 9.0))
    washed = FilmCut(t=1, thing="ball", states={"clean": True})
    taken = FilmCut(t=2, thing="ball", holder="nanny")
    playback = Playback(filmed(world, lies, washed, taken))
    assert playback.shown("ball", 1).spot == (9.0, 9.0)
    assert playback.shown("ball", 2).spot is None


def test_the_dead_may_rise(world):
    marks = ((1.0, "butler", "offline"), (3.0, "butler", "online"), (4.0, "dog", "offline"))
    playback = Playback(filmed(world, marks=marks))
    dead = [{who for who in playback.movers if playback.is_dead(who, t)} for t in (0, 2, 3, 5)]
    assert dead == [set(), {"butler"}, set(), {"dog"}]


def test_speech_fades(world):
    playback = Playback(filmed(world, FilmCut(t=2, thing="sam", caption="a coffee, please")))
    assert playback.speech(1, 3) == {}
    assert playback.speech(3, 3) == {"sam": "a coffee, please"}
    assert playback.speech(6, 3) == {}


def test_a_picture_has_its_size_and_is_always_the_same(world):
    film = filmed(world, MUG)
    image = still(film, 3.0, SIZE)
    assert image.shape == (SIZE[1], SIZE[0], 3)
    assert image.dtype == np.uint8
    assert differ(image, still(film, 3.0, SIZE)) == 0
    assert png(image).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "cut",
    [
        FilmCut(t=1, thing="red-mug", states={"clean": False}),
        FilmCut(t=1, thing="red-mug", states={"fill": "coffee"}),
        FilmCut(t=1, thing="red-mug", holder="sofa"),
        FilmCut(t=1, thing="red-mug", gone=True),
        FilmCut(t=1, thing="study-door", states={"open": False}),
        FilmCut(t=1, thing="fridge", states={"open": True}),
        FilmCut(t=1, thing="bedroom-lamp", states={"power": True}),
        FilmCut(t=1, thing="kitchen-table", states={"clean": False}),
        FilmCut(t=1, thing="dog", states={"battery": 0.3}),
        FilmCut(t=1, thing="sam", caption="bring me the cup"),
        FilmCut(t=1, thing="spill", cls="spill", holder="hall", spot=(4.0, 6.2)),
    ],
    ids=lambda cut: f"{cut.thing}-{'-'.join(cut.states) or cut.caption or cut.holder or 'gone'}",
)
def test_whatever_changes_is_seen(world, cut):
    before, after = filmed(world, MUG), filmed(world, MUG, cut)
    assert differ(still(before, 2.0, SIZE), still(after, 2.0, SIZE)) >= 4


def test_a_dead_body_is_crossed_out(world):
    alive, dead = filmed(world), filmed(world, marks=((1.0, "dog", "offline"),))
    assert differ(still(alive, 2.0, SIZE), still(dead, 2.0, SIZE)) > 40


def test_wishes_are_shown_while_they_stand(world):
    film = filmed(world)
    wish = [Banner(t=1, until=3, text="a coffee to table 4")]
    assert differ(still(film, 2.0, SIZE), still(film, 2.0, SIZE, wish)) > 40
    assert differ(still(film, 4.0, SIZE), still(film, 4.0, SIZE, wish)) == 0
    marks = [still(film, 2.0, SIZE, [Banner(t=1, text="x", mark=m)]) for m in ("open", "done")]
    assert differ(*marks) > 4


def test_doings_are_shown_at_the_body(world):
    film = filmed(world)
    doing = [Banner(t=1, until=3, text="go to the sofa", who="dog")]
    assert differ(still(film, 2.0, SIZE), still(film, 2.0, SIZE, doing)) > 20


def test_frames_are_the_stills(world):
    film = filmed(world, MUG, FilmCut(t=4, thing="red-mug", states={"clean": False}))
    pictures = list(frames(film, fps=2, speed=4, size=SIZE))
    assert len(pictures) == 5
    assert differ(pictures[-1], still(film, 8.0, SIZE)) == 0


def test_an_empty_room_has_the_tint_of_its_kind(world):
    image = still(filmed(world), 0.0, (1280, 720))
    wanted = np.array(bgr(room_colour("bedroom")))
    assert np.count_nonzero(np.all(image == wanted, axis=2)) > 3000


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_video_reads_back(world, tmp_path, suffix, capfd):
    path = tmp_path / f"replay{suffix}"
    film = filmed(world, MUG)
    count = write_video(film, path, fps=4, speed=4, size=SIZE)
    reader = cv2.VideoCapture(str(path))
    pictures = []
    while (read := reader.read())[0]:
        pictures.append(read[1])
    assert len(pictures) == count == 9
    assert pictures[0].shape == (SIZE[1], SIZE[0], 3)
    drawn = still(film, 0.0, SIZE).astype(int)
    assert np.abs(pictures[0].astype(int) - drawn).mean() < 6
    assert capfd.readouterr() == ("", "")


def test_one_drawing_makes_both_videos(world, tmp_path):
    paths = tmp_path / "a.mp4", tmp_path / "a.webm"
    write_video(filmed(world), *paths, fps=2, speed=8, size=SIZE)
    assert all(path.stat().st_size > 500 for path in paths)


def test_bad_paths_are_told(world, tmp_path):
    with pytest.raises(WorldMisuse, match=r"\.mp4 or \.webm"):
        write_video(filmed(world), tmp_path / "a.gif")
    with pytest.raises(OSError, match="does its folder exist"):
        write_video(filmed(world), tmp_path / "nowhere" / "a.mp4")


@pytest.mark.parametrize("name", ["restaurant", "household", "supermarket"])
def test_walls_leave_doors_free(name):
    plan = builtin(name).plan
    lines = [LineString(way) for way in walls(plan)]
    for door in plan.doors:
        gap = LineString(gap_of(door, plan))
        assert gap.length == pytest.approx(door.width_m)
        middle = gap.interpolate(0.5, normalized=True)
        assert min(line.distance(middle) for line in lines) > 0.2, door.id
    for room in plan.rooms:
        around = Polygon(room.polygon).exterior.length
        assert sum(line.intersection(Polygon(room.polygon)).length for line in lines) < around


def test_a_view_keeps_right_angles_and_everything_in_the_box(world):
    view = fit(world.plan, (10, 20, 410, 320))
    for room in world.plan.rooms:
        for point in room.polygon:
            x, y = view.at(point)
            assert 10 - 1e-6 <= x <= 410 + 1e-6
            assert 20 - 1e-6 <= y <= 320 + 1e-6
    (ax, ay), (bx, by) = view.at((0, 0)), view.at((1, 1))
    assert bx - ax == pytest.approx(view.scale)
    assert ay - by == pytest.approx(view.scale)


@pytest.mark.parametrize("count", [1, 2, 7, 24, 60])
def test_objects_have_places_of_their_own_on_a_fixture(world, count):
    for fixture in world.plan.fixtures:
        places = slots(fixture, count)
        assert len(places) == count
        assert len({(round(x, 4), round(y, 4)) for x, y in places}) == count
        shape = footprint(fixture).buffer(0.01)
        assert all(shape.contains(Point(place)) for place in places)


def test_colours_mix():
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"
    assert bgr("#102030") == (0x30, 0x20, 0x10)


def test_unknown_classes_look_plain_and_known_ones_like_their_family():
    assert icon("teapot-of-mars") == icon("another-thing")
    assert icon("mug") == icon("cup")
    assert room_colour("ballroom").startswith("#")


@pytest.mark.parametrize("name", ["restaurant", "household", "supermarket"])
def test_a_plan_is_one_svg_with_everything_in_it(name):
    plan = builtin(name).plan
    root = ET.fromstring(plan_svg(plan))
    ids = {node.get("data-id") for node in root.iter()} - {None}
    assert ids == {item.id for item in (*plan.rooms, *plan.doors, *plan.fixtures)}
    assert "http" not in plan_svg(plan).replace("http://www.w3.org/2000/svg", "")


def test_what_is_written_as_svg_is_escaped():
    pen = SvgPen()
    with pen.named('a"b', ("<x> & y",)):
        pen.text((1, 2), "</text><script>", 11, "#000000", turned=True)
        pen.line([(0, 0), (1.25, 2)], "#123456", 2)
    (group,) = ET.fromstring(f"<svg>{pen.markup}</svg>")
    assert group.get("data-id") == 'a"b'
    title, text, line = group
    assert title.text == 'a"b: <x> & y'
    assert text.text == "</text><script>"
    assert line.get("points") == "0,0 1.2,2"


@pytest.mark.parametrize("name", ["restaurant", "household", "supermarket"])
def test_pixels_and_svg_show_the_same_things(name):
    world = builtin(name)
    film = Film(
        plan=world.plan,
        bodies=world.bodies,
        cards=world.cards,
        people=(),
        tracks={},
        cuts=(FilmCut(t=0, thing="mug", cls="mug", holder=world.plan.fixtures[0].id),),
        duration_s=1.0,
    )
    view, _, _ = plan_view(world.plan)
    scene = Scene(film, view, SvgPen.measure)
    (mug,) = scene.on(world.plan.fixtures[0], 0.0)
    canvas, pen = Canvas.blank((2, 2), "#ffffff"), SvgPen()
    for who in scene.movers:
        for draw in (canvas, pen):
            scene.heading(draw, (1, 1), who, 0.0, 0.0)
            scene.mover(draw, (1, 1), who, 0.0)
        assert f">{who}</text>" in pen.markup
    scene.thing(pen, mug.at, mug.looks, mug.faint)
    ET.fromstring(f"<svg>{pen.markup}</svg>")
