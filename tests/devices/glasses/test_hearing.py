"""Where speech begins and ends."""

import io
import wave

import numpy as np
import pytest

from devices.clock import ManualClock
from devices.errors import Refused, Unreachable
from devices.glasses.hearing import RATE, Endpointer, spoken, utterances
from devices.glasses.microphone import listen, open_microphone


def room(seconds, loudness=40.0, seed=3):
    """The noise of a room."""
    return np.random.default_rng(seed).normal(0, loudness, int(seconds * RATE)).astype(np.int16)


def talk(seconds, loudness=4000.0):
    """A voice, more or less: a tone that swells."""
    t = np.arange(int(seconds * RATE)) / RATE
    return (loudness * np.sin(2 * np.pi * 180 * t) * (0.6 + 0.4 * np.sin(9 * t))).astype(np.int16)


def write(path, sound, rate=RATE, channels=1):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(sound.astype("<i2").tobytes())
    return path


def spans(sound, piece):
    ears = Endpointer()
    found = []
    for first in range(0, len(sound), piece):
        found += ears.feed(sound[first : first + piece])
    return [(u.begins_s, u.ends_s) for u in found + ears.finish()]


SCENE = np.concatenate([room(1.0), talk(1.2), room(1.0), talk(0.5), room(1.0)])


def test_utterances_are_found_where_they_are():
    found = spans(SCENE, 1600)
    assert np.allclose(found, [(1.0, 2.2), (3.2, 3.7)], atol=0.25)


@pytest.mark.parametrize("piece", [100, 480, 1601, 99999])
def test_how_the_sound_is_cut_into_pieces_makes_no_difference(piece):
    assert spans(SCENE, piece) == spans(SCENE, 1600)


def test_a_louder_room_is_no_speech_for_long():
    louder = np.concatenate([room(1.0), *(room(0.5, 60.0 + 25 * k, seed=k) for k in range(12))])
    assert len(spans(louder, 1600)) <= 1


def test_an_endless_talk_is_cut_into_pieces():
    assert all(end - begin <= 12.1 for begin, end in spans(talk(30.0), 1600))
    assert len(spans(talk(30.0), 1600)) == 3


class Parrot:
    """Says how long it heard."""

    def words(self, sound):
        return f"{len(sound) / RATE:.1f} seconds" if len(sound) > 1.5 * RATE else ""


def test_words_come_at_the_end_of_what_was_said_and_nonsense_is_dropped(tmp_path):
    said = spoken(write(tmp_path / "a.wav", SCENE), Parrot())
    assert [(round(w.t, 1), w.channel) for w in said] == [(2.2, "spoken")]


def test_stereo_at_another_rate_is_heard_the_same(tmp_path):
    stereo = np.repeat(
        np.interp(np.arange(0, len(SCENE), RATE / 48000), np.arange(len(SCENE)), SCENE), 2
    )
    found = utterances(write(tmp_path / "a.wav", stereo, rate=48000, channels=2))
    assert np.allclose([(u.begins_s, u.ends_s) for u in found], [(1.0, 2.2), (3.2, 3.7)], atol=0.25)


def test_what_is_no_sound_is_refused(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"nothing")
    with pytest.raises(Refused, match=r"a\.wav"):
        spoken(tmp_path / "a.wav", Parrot())


def test_a_microphone_hands_over_words_as_they_are_said():
    heard = []
    stream = io.BytesIO(np.concatenate([SCENE[: 3 * RATE], room(1.0)]).tobytes())
    listen(stream, ManualClock(7.0), Parrot(), heard.append).join()
    assert [(w.t, w.channel) for w in heard] == [(7.0, "spoken")]


def test_a_microphone_that_goes_away_is_told():
    gone = []
    stream = io.BytesIO(room(0.5).tobytes())
    listen(stream, ManualClock(7.0), Parrot(), lambda words: None, lambda: gone.append(True)).join()
    assert gone == [True]


def test_without_a_microphone_the_recorder_ends_at_once_and_that_is_told(tmp_path, monkeypatch):
    program = tmp_path / "arecord"
    program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unreachable, match="no microphone"):
        open_microphone()
