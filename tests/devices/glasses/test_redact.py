"""No face gets past the redactor, and nothing before it keeps a picture."""

import gc
from importlib import metadata

import numpy as np
import pytest

from devices.errors import Refused
from devices.glasses import redact
from devices.glasses.capture import Capture
from devices.glasses.contracts import Box, Ended, Frame
from devices.glasses.redact import NoRedaction, Redactor, face_finder
from devices.glasses.shot import Shot
from devices.glasses.sources import Raw

FACE = Box(left=0.4, top=0.3, right=0.6, bottom=0.7)


class Finder:
    """Finds the face in all pictures but some."""

    def __init__(self, misses=()):
        self.misses = set(misses)
        self.calls = 0

    def find(self, pixels):
        self.calls += 1
        return () if self.calls - 1 in self.misses else (FACE,)


class Source:
    """Pictures of one face, each of them different."""

    live = False
    dropped = 0

    def __init__(self, count):
        self.count = count
        self.made = 0

    def read(self):
        if self.made == self.count:
            return Ended(t=self.made / 10)
        k, self.made = self.made, self.made + 1
        return Raw(k, k / 10, portrait(k))

    def close(self):
        """Nothing is held."""


def portrait(k=0):
    """A noisy picture with the pattern of a face where FACE is."""
    pixels = np.random.default_rng(k).integers(0, 255, (200, 300, 3)).astype(np.uint8)
    pixels[60:140:2, 120:180] = 255
    pixels[61:140:2, 120:180] = 0
    return pixels


def face_shows(pixels):
    """Whether the pattern can still be seen."""
    part = pixels[70:130, 130:170].astype(np.int16)
    return np.abs(np.diff(part, axis=0)).mean() > 20


def frame(t=0.0, seq=0):
    return Frame(seq=seq, t=t, width=300, height=200)


def test_a_face_is_covered_and_counted():
    shot = Redactor(Finder()).redact(portrait(), frame())
    assert face_shows(portrait())
    assert not face_shows(shot.pixels)
    assert shot.frame.redacted == 1


def test_a_face_missed_for_a_moment_stays_covered():
    redactor = Redactor(Finder(misses={1, 2, 3, 9}))
    shots = [redactor.redact(portrait(k), frame(k / 10, k)) for k in range(10)]
    assert not any(face_shows(shot.pixels) for shot in shots)


def test_a_face_that_left_is_given_up_after_half_a_second():
    redactor = Redactor(Finder(misses=set(range(1, 30))))
    shots = [redactor.redact(portrait(k), frame(k / 10, k)) for k in range(10)]
    assert face_shows(shots[9].pixels)


def test_nothing_in_front_of_the_redactor_keeps_a_picture():
    capture = Capture(Source(8), Redactor(Finder()), show_all=True)
    shots = []
    while isinstance(item := capture.read(), Shot | Frame):
        shots.append(item)
    assert shots
    gc.collect()
    kept = [
        thing
        for thing in gc.get_objects()
        if isinstance(thing, Shot | Raw) and face_shows(thing.pixels)
    ]
    assert kept == []


def test_without_a_detector_nothing_is_buffered(monkeypatch):
    def nothing(_name):
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(redact.metadata, "distribution", nothing)
    with pytest.raises(Refused, match="--no-redact"):
        face_finder()


def test_who_allowed_it_gets_pictures_as_they_are():
    pixels = portrait()
    assert NoRedaction().redact(pixels, frame()).pixels is pixels


def test_the_installed_detector_leaves_a_room_without_people_alone():
    pytest.importorskip("importlib.metadata")
    try:
        finder = face_finder()
    except Refused:
        pytest.skip("no face detector is installed")
    height, width = 240, 320
    y, x = np.mgrid[:height, :width]
    room = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], axis=2).astype(np.uint8)
    assert finder.find(room) == ()
