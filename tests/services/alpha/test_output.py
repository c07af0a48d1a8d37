"""Wordings that fit, the display, the film with its sound, captions."""

import struct
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.camera import VideoInput, VideoOutput
from devices.errors import Refused
from devices.glasses.contracts import Box, Frame
from devices.glasses.shot import Shot
from devices.glasses.sound import BUFFER_S
from devices.glasses.voice import RATE, find_voice
from services.alpha.contracts import Hud, HudMark, Intervention
from services.alpha.orders import Cut, Showing
from services.alpha.output.hud import FADE_S, LINGER_S, Status, draw, short, visibility
from services.alpha.output.mux import add_sound
from services.alpha.output.unit import OutputConfig, OutputUnit
from services.alpha.output.wording import fitting, shortest_s, speech_s
from services.alpha.session import replay
from services.errors import UserError

FRAME = Frame(seq=0, t=0.0, width=640, height=360)


class Monotone:
    """A voice as slow as the estimate of speech allows, and half as slow again."""

    def say(self, text, words_per_minute):
        return np.full(int(1.5 * speech_s(text, words_per_minute) * RATE), 3000, np.int16)


def said(began=1.0, text="Wait. The light is red.", ends=None, hud=None):
    ends = ends if ends is not None else round(began + speech_s(text), 3)
    return Intervention(
        id="i1", case="c1", skill="light", subject="x", event_s=began, t=began, began_s=began,
        ends_s=ends, deadline_s=ends + 1.0, version=0, text=text, why_now="seen", score=1.0,
        threshold=0.5, hud=hud,
    )  # fmt: skip


@given(st.text("abcdefghij .,", min_size=1, max_size=80), st.floats(80.0, 400.0))
def test_faster_speech_takes_less_time_and_longer_text_more(text, pace):
    assert 0.0 < speech_s(text, pace) <= speech_s(text, pace * 0.9)
    assert speech_s(text + " more words", pace) > speech_s(text, pace)


@given(st.floats(0.1, 10.0))
def test_the_fullest_wording_that_fits_is_taken(seconds):
    wordings = (
        "Stand. Fifteen against a six, and the dealer often busts.",
        "Stand on it.",
        "Stand.",
    )
    text = fitting(wordings, seconds, 190.0)
    fits = [w for w in wordings if speech_s(w) <= seconds + 1e-6]
    assert text == (fits[0] if fits else None)
    assert shortest_s(wordings, 190.0) == speech_s("Stand.")


@pytest.mark.skipif(find_voice() is None, reason="espeak-ng is not installed")
@pytest.mark.parametrize(
    "text",
    [
        "Stand.",
        "Hit: 12 against a 10.",
        "Your keys are on the kitchen table. I saw them 5 minutes ago.",
        "It is size M, and you wear L. It costs 49 euros.",
    ],
)
def test_the_installed_voice_says_it_in_the_time_that_was_planned(tmp_path, text):
    unit = OutputUnit(OutputConfig(folder=str(tmp_path)), 190.0)
    words = said(text=text)
    assert unit.say(words)
    assert unit.ends_s("i1") <= words.ends_s + 1e-3
    unit.close()


def test_a_slow_voice_still_ends_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr("services.alpha.output.unit.find_voice", Monotone)
    unit = OutputUnit(OutputConfig(folder=str(tmp_path)), 190.0)
    words = said()
    unit.say(words)
    assert unit.ends_s("i1") <= words.ends_s + 1e-3


def test_a_voice_that_can_not_be_loaded_is_told():
    with pytest.raises(UserError, match=r"nowhere:Voice"):
        OutputUnit(OutputConfig(voice="nowhere:Voice"), 190.0)


def test_a_cut_is_heard_and_captioned_as_a_cut(tmp_path, monkeypatch):
    monkeypatch.setattr("services.alpha.output.unit.find_voice", Monotone)
    unit = OutputUnit(OutputConfig(folder=str(tmp_path)), 190.0)
    unit.say(said(began=1.0))
    unit.cut(Cut(intervention="i1", t=1.5, why="stop"))
    assert unit.ends_s("i1") <= 1.5 + BUFFER_S
    unit.finish(4.0)
    with wave.open(str(tmp_path / "speech.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert len(samples) == 4 * RATE
    assert not samples[int((1.5 + BUFFER_S) * RATE) + 1 :].any()
    assert "00:00:01,000 --> 00:00:01,500" in (tmp_path / "captions.srt").read_text(
        encoding="utf-8"
    )


def test_without_a_voice_it_says_so_once_and_captions_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr("services.alpha.output.unit.find_voice", lambda: None)
    unit = OutputUnit(OutputConfig(folder=str(tmp_path)), 190.0)
    assert [fault.fault for fault in unit.trouble()] == ["no_voice"]
    assert unit.say(said()) is False
    assert unit.finish(3.0) == ("captions.srt",)


def test_the_display_fades_and_leaves_the_view_alone():
    words = said(hud=Hud(title="Light", lines=("red",), marks=(mark(),)))
    view = np.full((360, 640, 3), 120, np.uint8)
    before = draw(view, FRAME, None, 0.0, Status(t=0.5))
    during = draw(view, FRAME, words, words.ends_s, Status(t=1.6))
    after = draw(view, FRAME, words, words.ends_s, Status(t=words.ends_s + LINGER_S + FADE_S))
    assert (view == 120).all()
    assert not np.array_equal(before, during)
    assert np.array_equal(before[60:], after[60:])
    middle = during[130:230, 330:360]
    assert (middle == 120).all()
    assert [visibility(t, 1.0, 2.0) for t in (0.9, 1.5, 2.5, 3.1)] == [0.0, 1.0, 1.0, 0.0]


def mark():
    return HudMark(box=Box(left=0.6, top=0.3, right=0.7, bottom=0.5), label="red", tone="warn")


@pytest.mark.parametrize("size", [(320, 180), (641, 361), (1280, 720)])
def test_the_display_fits_every_size_and_long_words(size):
    width, height = size
    long = "Pneumonoultramicroscopicsilicovolcanoconiosis " * 4
    words = said(text=long.strip(), hud=Hud(title=long, lines=(long,), marks=(mark(),)))
    view = np.full((height, width, 3), 120, np.uint8)
    picture = draw(view, FRAME, words, words.ends_s, Status(t=1.6, faults=("It is too dark.",)))
    assert picture.shape == view.shape


def film(path, seconds=2):
    out = VideoOutput(path, 10.0, (320, 180))
    for k in range(seconds * 10):
        out.write(np.full((180, 320, 3), 10 * k % 250, np.uint8))
    out.close()


def test_a_film_with_sound_still_plays_and_holds_every_sample(tmp_path):
    path = tmp_path / "a.mp4"
    film(path)
    samples = np.arange(2 * RATE, dtype=np.int16)
    add_sound(path, samples)
    data = path.read_bytes()
    assert data.count(b"trak") == 2
    at = data.index(samples.astype("<i2").tobytes())
    stco = data.rindex(b"stco")
    assert struct.unpack_from(">I", data, stco + 12)[0] == at
    video = VideoInput(str(path))
    count = 0
    while video.read() is not None:
        count += 1
    assert count == 20


def test_what_is_no_film_gets_no_sound(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"\0\0\0\x10ftypisom\0\0\0\0")
    with pytest.raises(Refused, match="no MP4"):
        add_sound(path, np.zeros(10, np.int16))


def test_the_film_has_a_picture_for_every_tenth_of_a_second(tmp_path):
    unit = OutputUnit(OutputConfig(folder=str(tmp_path), film=True, voice="none", width=320), 190.0)
    for t in (0.0, 0.1, 0.5, 1.0):
        frame = FRAME.model_copy(update={"t": t})
        unit.show(Shot(frame, np.full((180, 320, 3), 90, np.uint8)), Showing(t=t))
    assert unit.finish(2.0) == ("hud.mp4", "captions.srt")
    video = VideoInput(str(tmp_path / "hud.mp4"))
    count = 0
    while video.read() is not None:
        count += 1
    assert count == 20


def pictures(path):
    """All pictures of a film."""
    video = VideoInput(str(path))
    found = []
    while (picture := video.read()) is not None:
        found.append(picture.astype(int))
    return found


def test_the_display_goes_on_while_no_picture_comes(tmp_path):
    unit = OutputUnit(OutputConfig(folder=str(tmp_path), film=True, voice="none", width=640), 190.0)
    view = Shot(FRAME, np.full((360, 640, 3), 90, np.uint8))
    unit.show(view, Showing(t=0.0))
    unit.show(view, Showing(t=1.0, faults=("The camera does not answer: I wait.",), lost=True))
    unit.say(said(began=2.0))
    unit.show(view, Showing(t=2.0, faults=("The camera does not answer: I wait.",), lost=True))
    unit.finish(8.0)
    film = pictures(tmp_path / "hud.mp4")
    assert len(film) == 80
    assert film[5][180, 320].mean() > 80  # the picture as it is
    assert film[15][180, 320].mean() < 60  # darkened: it is an old one
    captions = [picture[300:340, 150:490].std() for picture in film]
    assert captions[15] < 5.0 < captions[30]  # what is said appears though no picture comes
    assert captions[75] < 5.0  # and goes


def test_the_display_says_what_is_missing_and_leaves_what_to_do_to_the_ledger():
    view = np.full((720, 1280, 3), 120, np.uint8)
    long = "I can not hear, only read: install a transcriber with `pip install faster-whisper`."
    picture = draw(view, FRAME, None, 0.0, Status(t=1.0, faults=(long,)))
    assert short(long) == "I can not hear, only read"
    assert (picture[:, :800] == 120).all()


def test_a_session_leaves_a_film_and_a_ledger_that_a_person_can_read(film_session):
    folder = film_session
    story = (folder / "ledger.txt").read_text(encoding="utf-8")
    assert "why now: a light turned red" in story
    assert "why not: quiet hours" not in story
    assert (folder / "hud.mp4").stat().st_size > 10_000
    assert len((folder / "ledger.jsonl").read_text(encoding="utf-8").splitlines()) >= 2


@pytest.fixture
def film_session(tmp_path, request):
    """A session over a street, with everything written."""
    write = request.getfixturevalue("film")
    from services.alpha.orders import GlassesConfig

    out = tmp_path / "out"
    out.mkdir()
    config = GlassesConfig(skills=("services.alpha.template:CrossingLight",), redact=False)
    replay(
        write([(1.0, "red")], duration=3.0), config, output=OutputConfig(folder=str(out), film=True)
    )
    return out
