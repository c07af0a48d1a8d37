"""Speech that ends in time, and at once when it must."""

import numpy as np
import pytest

from devices.errors import Unreachable
from devices.glasses.sound import BUFFER_S, Player, Track, write_wav
from devices.glasses.voice import RATE, Espeak, find_voice, in_time


class Slow:
    """A voice that takes a second for each word at 190 words a minute."""

    def say(self, text, words_per_minute):
        seconds = len(text.split()) * 190.0 / words_per_minute
        return np.full(int(seconds * RATE), 5000, np.int16)


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.9, 10.0])
def test_speech_ends_in_the_time_it_has(seconds):
    samples = in_time(Slow(), "three words here", seconds, 190.0)
    assert len(samples) <= seconds * RATE


def test_a_cut_ends_the_clip_within_one_buffer():
    track = Track()
    track.add("i1", 1.0, np.full(RATE * 3, 5000, np.int16))
    track.cut("i1", 2.003)
    assert 2.003 <= track.ends_s("i1") <= 2.003 + BUFFER_S
    mixed = track.mixed(5.0)
    assert not mixed[int((2.003 + BUFFER_S) * RATE) + 1 :].any()
    assert mixed[int(1.5 * RATE)] == 5000


def test_a_cut_before_the_first_word_leaves_silence():
    track = Track()
    track.add("i1", 1.0, np.full(RATE, 5000, np.int16))
    track.cut("i1", 0.5)
    assert not track.mixed(3.0).any()


class Loudspeaker:
    """Counts buffers; after some of them somebody says stop."""

    def __init__(self, stop_after):
        self.buffers = 0
        self.stop_after = stop_after
        self.player = None
        self.closed = False

    def write(self, samples):
        assert len(samples) <= round(BUFFER_S * RATE)
        self.buffers += 1
        if self.buffers == self.stop_after:
            self.player.stop()

    def playing(self):
        return False

    def close(self):
        self.closed = True


def test_the_player_stops_within_one_buffer():
    speaker = Loudspeaker(stop_after=7)
    speaker.player = Player(lambda: speaker)
    speaker.player.play(np.zeros(RATE * 5, np.int16))
    while not speaker.closed:
        speaker.player._thread.join(0.01)
    speaker.player.close()
    assert speaker.buffers == 7


def test_a_loudspeaker_that_is_not_there_is_no_error():
    def none():
        raise OSError("no sound card")

    player = Player(none)
    player.play(np.zeros(100, np.int16))
    player.close()


def test_a_voice_that_fails_says_so():
    with pytest.raises(Unreachable, match="no-such-voice"):
        Espeak("no-such-voice").say("hello", 190.0)


@pytest.mark.skipif(find_voice() is None, reason="espeak-ng is not installed")
def test_the_installed_voice_speaks(tmp_path):
    samples = in_time(find_voice(), "Stand: fifteen against a six.", 3.0, 190.0)
    assert 0.8 * RATE < len(samples) <= 3.0 * RATE
    assert np.abs(samples.astype(np.int32)).max() > 2000
    write_wav(tmp_path / "a.wav", samples)
    assert (tmp_path / "a.wav").stat().st_size == 44 + 2 * len(samples)
