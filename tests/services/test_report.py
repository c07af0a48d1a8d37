"""What the report of a run says, in the page and in its pictures."""

import re
import xml.etree.ElementTree as ET

import pytest

from devices.facts import At, Be, Clear, Known, Selector, Told
from devices.skill import Atom
from services.errors import UserError
from services.report.build import banners, build
from services.report.graph_picture import graph_of, layout
from services.report.history import read
from services.report.markup import Markup, tag
from services.report.words import atom_words, condition_words, duration_words
from stem_memory.tasks import TaskStep


@pytest.fixture
def page(run_dir) -> str:
    return build(run_dir, video=False).read_text(encoding="utf-8")


def _text(page: str, section: str) -> str:
    """The words of one section."""
    inner = re.search(rf'<section id="{section}">(.*?)</section>', page, re.DOTALL)
    assert inner is not None
    return " ".join(re.sub(r"<[^>]+>", " ", inner[1]).split())


def test_every_wish_is_told_with_outcome_and_reason(page):
    words = _text(page, "wishes")
    assert "✓ satisfied checked by the world g1" in words
    assert "⊘ refused g2 “bring the dragon”" in words
    assert "there is no dragon here" in words
    assert "cup is on table 2" in words
    assert "table 2 is clean" in words


def test_what_people_say_never_becomes_markup(page):
    assert "</script><b>" not in page
    assert "&lt;/script&gt;&lt;b&gt;&amp; wipe it" in page


def test_the_reason_of_each_choice_and_all_candidates_are_there(page):
    words = _text(page, "why")
    assert "waiter-1 is nearest" in words
    assert "waiter-2 is the only one left" in words
    assert "was waiter-1" in words
    assert "its hands are full" in words


def test_faults_tell_what_failed_and_who_took_over(page):
    words = _text(page, "faults")
    assert "offline waiter-1 at 8s" in words
    assert "pick failed after 5.0 s: tool failed" in words
    assert "no sign of life from 8.0 s to the end" in words
    assert "planned anew (revision 2): it died" in words
    assert "takes over from waiter-1: take cup-1 from table-1" in words


def test_timeline_has_every_event_but_sensor_reports(page, run_dir):
    history = read(run_dir)
    assert page.count('data-group="') == len(history.events)
    assert "waiter-2 has done: put cup-1 on table-2, and memory has seen it" in page


def test_nothing_is_fetched(page):
    # The name space of SVG is the only address in the page.
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://www.w3.org/2000/svg"}
    assert re.findall(r"<(?:script|img|iframe|link)[^>]*\s(?:src|href)=\"(?!data:)", page) == []
    assert "default-src &#x27;none&#x27;" in page


def test_pictures_are_sound_files_of_their_own(run_dir):
    build(run_dir, video=False)
    for name in ("gantt.svg", "graph.svg", "plan.svg"):
        assert ET.parse(run_dir / name).getroot().tag.endswith("svg")


def test_gantt_has_a_lane_for_each_body_and_a_bar_for_each_request(run_dir):
    build(run_dir, video=False)
    gantt = (run_dir / "gantt.svg").read_text(encoding="utf-8")
    assert re.findall(r'class="name"[^>]*>([^<]+)<', gantt) == ["waiter-1", "waiter-2"]
    assert gantt.count('class="attempt') == 4
    assert gantt.count('class="attempt failed"') == 1
    assert 'class="bar travel"' in gantt
    assert 'class="offline"' in gantt


def test_the_same_run_gives_the_same_page(run_dir):
    first = build(run_dir, video=False).read_bytes()
    assert build(run_dir, video=False).read_bytes() == first


def test_a_video_is_rendered_on_demand_once_and_embedded(run_dir):
    assert "data:video/webm" not in build(run_dir).read_text(encoding="utf-8")
    assert not (run_dir / "replay.mp4").exists()
    page = build(run_dir, video=True).read_text(encoding="utf-8")
    assert 'src="data:video/webm;base64,' in page
    before = (run_dir / "replay.mp4").stat().st_mtime_ns
    assert build(run_dir, video=True).read_text(encoding="utf-8") == page
    assert build(run_dir).read_text(encoding="utf-8") == page
    assert (run_dir / "replay.mp4").stat().st_mtime_ns == before


def test_half_a_video_is_not_kept(run_dir, monkeypatch):
    def impatient(film, *paths, **_):
        for path in paths:
            path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("sim_worlds.drawing.render.write_video", impatient)
    with pytest.raises(KeyboardInterrupt):
        build(run_dir, video=True)
    assert not list(run_dir.glob("*.mp4")) + list(run_dir.glob("*.webm"))


def test_whoever_waits_is_told_what_is_being_made(run_dir, monkeypatch):
    def drawn(film, *paths, **_):
        for path in paths:
            path.write_bytes(b"a film")

    monkeypatch.setattr("sim_worlds.drawing.render.write_video", drawn)
    told: list[str] = []
    build(run_dir, on_progress=told.append)
    assert told == ["reading the log", "gantt.svg", "graph.svg", "plan.svg", "report.html"]
    build(run_dir, video=True, on_progress=told.append)
    assert told[-3:] == ["replay.png", "replay.mp4 and replay.webm", "report.html"]


def test_banners_follow_the_wishes(run_dir):
    shown = banners(read(run_dir))
    wishes = [(b.t, b.mark) for b in shown if not b.who]
    assert wishes == [(1.0, "open"), (20.0, "done"), (21.0, "open"), (21.1, "refused")]


def test_a_run_without_film_has_a_floor_plan_instead(run_dir):
    (run_dir / "film.json.gz").unlink()
    words = _text(build(run_dir).read_text(encoding="utf-8"), "replay")
    assert "no film" in words
    assert not (run_dir / "replay.mp4").exists()


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("memory.db", r"is no run folder: memory\.db is missing"),
        ("config.json", r"is no run folder: config\.json is missing"),
    ],
)
def test_a_folder_that_is_no_run_is_told_in_a_sentence(run_dir, broken, sentence):
    (run_dir / broken).unlink()
    with pytest.raises(UserError, match=sentence):
        build(run_dir)


def test_a_damaged_film_is_told_in_a_sentence(run_dir):
    (run_dir / "film.json.gz").write_bytes(b"not a film")
    with pytest.raises(UserError, match=r"film\.json\.gz can not be read"):
        build(run_dir)


def test_a_layout_never_draws_an_arrow_backwards():
    steps = [
        TaskStep(id="d", skill="x", after=("b", "c")),
        TaskStep(id="a", skill="x"),
        TaskStep(id="b", skill="x", after=("a",)),
        TaskStep(id="c", skill="x", after=("a", "gone")),
    ]
    places = layout(graph_of(steps))
    assert len(set(places.values())) == 4
    for step in steps:
        for before in step.after:
            if before in places:
                assert places[before][0] < places[step.id][0]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (
            At(
                what=Selector(cls="cup", having={"fill": "coffee"}),
                where="table-4",
                count=2,
                fresh=True,
            ),
            "2 cups filled with coffee are newly on table 4",
        ),
        (Be(what=Selector(ids=("lamp",)), attr="power", value=False), "lamp is off"),
        (Clear(where="table-2"), "nothing to clear is on table 2"),
        (Told(who="mia", message="dinner is ready"), "mia has been told “dinner is ready”"),
        (Known(what=Selector(ids=("keys",))), "somebody has seen where keys are"),
        (
            At(what=Selector(cls="dish"), where="sink", relation="in", count=3),
            "3 dishes are in sink",
        ),
    ],
)
def test_conditions_read_as_statements(condition, words):
    assert condition_words(condition) == words


def test_atoms_read_as_statements():
    full = Atom(pred="be", args=("$obj", "fill"), value="none")
    assert atom_words(full) == "obj is empty"
    assert atom_words(full.model_copy(update={"negated": True})) == "not: obj is empty"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.4, "59 s"), (80, "1 min 20 s"), (120, "2 min"), (7500, "2 h 5 min")],
)
def test_durations_in_words(seconds, words):
    assert duration_words(seconds) == words


def test_markup_escapes_text_and_attributes_alike():
    made = tag("a", "<b>", tag("i"), None, [1.5, "&"], href='"x"', hidden=True, title=None)
    assert made == '<a href="&quot;x&quot;" hidden>&lt;b&gt;<i></i>1.5&amp;</a>'
    assert isinstance(made, Markup)
