"""Files, folders, and cameras that come and go."""

import re
import struct
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from devices.camera import VideoInput, VideoOutput, write_picture
from devices.clock import ManualClock
from devices.errors import Refused, Unreachable
from devices.glasses.capture import Capture
from devices.glasses.contracts import Ended, Fault, Frame, Recovered
from devices.glasses.daemon import KEPT, Daemon
from devices.glasses.redact import NoRedaction
from devices.glasses.shot import Shot
from devices.glasses.sources import (
    LiveCamera,
    PictureFolder,
    Raw,
    VideoFile,
    is_live,
    open_source,
)


def everything(source):
    """All that a source gives, until it ends."""
    items = []
    while (item := source.read()) is not None:
        items.append(item)
    return items


def film(path, seconds=2.0, fps=30.0):
    out = VideoOutput(path, fps, (320, 180))
    for k in range(round(seconds * fps)):
        out.write(np.full((180, 320, 3), k % 250, np.uint8))
    out.close()
    return path


def test_a_film_is_thinned_out_to_the_rate_that_is_wanted(tmp_path):
    items = everything(VideoFile(film(tmp_path / "a.mp4"), fps=10.0))
    raws = [item for item in items if isinstance(item, Raw)]
    assert [raw.t for raw in raws] == pytest.approx([k / 10 for k in range(20)], abs=0.002)
    assert [raw.seq for raw in raws] == list(range(20))
    assert isinstance(items[-1], Ended)


def test_a_film_cut_short_is_told_in_one_sentence_and_ends(tmp_path):
    path = film(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes()[:-500])
    items = everything(VideoFile(path))
    assert [type(item) for item in items[-2:]] == [Fault, Ended]
    assert "a.mp4" in items[-2].sentence


def test_a_file_without_one_readable_picture_is_refused(tmp_path):
    path = film(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(Refused, match=r"a\.mp4 holds no picture"):
        open_source(str(path), 10.0, ManualClock())


def test_a_film_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Refused, match="no video file"):
        VideoFile(tmp_path / "none.mp4")


def index_first(data):
    """An MP4 file as it is made for streaming: its index before its pictures."""
    boxes, place = {}, 0
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        boxes[kind] = data[place : place + size]
        place += size
    index = bytearray(boxes[b"moov"])
    at = index.index(b"stco") + 8
    for k in range(struct.unpack_from(">I", index, at)[0]):
        (offset,) = struct.unpack_from(">I", index, at + 4 + 4 * k)
        struct.pack_into(">I", index, at + 4 + 4 * k, offset + len(index))
    return boxes[b"ftyp"] + bytes(index) + boxes.get(b"free", b"") + boxes[b"mdat"]


def test_a_film_that_breaks_off_is_told_with_what_is_missing(tmp_path):
    whole = index_first(film(tmp_path / "a.mp4", seconds=4.0).read_bytes())
    (tmp_path / "b.mp4").write_bytes(whole[: len(whole) * 3 // 5])
    *_, fault, end = everything(VideoFile(tmp_path / "b.mp4"))
    assert isinstance(fault, Fault)
    assert re.search(r"b\.mp4 breaks off at [123]\.\d s of 4\.0 s", fault.sentence)
    assert isinstance(end, Ended)


def test_a_folder_goes_on_after_a_picture_that_can_not_be_read(tmp_path):
    for k in range(3):
        write_picture(tmp_path / f"{k}.png", np.full((8, 8, 3), k, np.uint8))
    (tmp_path / "1.png").write_bytes(b"no picture")
    kinds = [type(item) for item in everything(PictureFolder(tmp_path))]
    assert kinds == [Raw, Fault, Recovered, Raw, Ended]


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(Refused, match="no pictures"):
        PictureFolder(tmp_path)


class Camera:
    """A camera that gives pictures until its cable is pulled."""

    def __init__(self):
        self.plugged = True
        self.opened = 0

    def open(self):
        if not self.plugged:
            raise Unreachable("no camera")
        self.opened += 1
        return self

    def read(self):
        return np.zeros((8, 8, 3), np.uint8) if self.plugged else None

    def close(self):
        """Nothing is held."""


def test_the_newest_picture_wins_and_the_rest_is_counted():
    clock = ManualClock()
    live = LiveCamera(Camera().open, clock, threaded=False)
    for k in range(5):
        clock.advance_to(k * 0.1)
        live.pump()
    raw = live.read()
    assert (raw.t, raw.seq) == (0.4, 4)
    assert live.read() is None
    assert live.dropped == 4


def test_a_camera_that_is_unplugged_is_told_once_and_comes_back():
    clock, camera = ManualClock(), Camera()
    live = LiveCamera(camera.open, clock, threaded=False)
    live.pump()
    camera.plugged = False
    signals = []
    for k in range(1, 80):
        clock.advance_to(k * 0.1)
        camera.plugged = k > 50
        live.pump()
        item = live.read()
        if item is not None and not isinstance(item, Raw):
            signals.append(type(item))
    assert signals == [Fault, Recovered]
    assert camera.opened == 2


class Stills:
    """A source from a list of pictures."""

    live = False
    dropped = 0

    def __init__(self, pictures):
        self.items = [Raw(k, k / 10, p) for k, p in enumerate(pictures)]

    def read(self):
        return self.items.pop(0) if self.items else None

    def close(self):
        """Nothing is held."""


def test_a_covered_lens_is_told_once_and_its_clearing_once():
    sharp = np.random.default_rng(3).integers(0, 255, (90, 160, 3)).astype(np.uint8)
    flat = np.full((90, 160, 3), 100, np.uint8)
    capture = Capture(Stills([sharp] * 5 + [flat] * 30 + [sharp] * 20), NoRedaction())
    items = everything(capture)
    signals = [item for item in items if not isinstance(item, Shot | Frame)]
    assert [(type(s), s.fault) for s in signals] == [(Fault, "covered"), (Recovered, "covered")]
    assert signals[0].t == pytest.approx(1.5, abs=0.11)


def test_a_short_touch_of_the_lens_is_not_worth_words():
    sharp = np.random.default_rng(3).integers(0, 255, (90, 160, 3)).astype(np.uint8)
    flat = np.full((90, 160, 3), 100, np.uint8)
    items = everything(Capture(Stills([sharp] * 5 + [flat] * 6 + [sharp] * 20), NoRedaction()))
    assert all(isinstance(item, Shot | Frame) for item in items)


def test_hardware_comes_in_by_a_plugin(tmp_path, monkeypatch):
    (tmp_path / "my_glasses.py").write_text(
        "class Mine:\n"
        "    live = True\n"
        "    dropped = 0\n"
        "    def __init__(self, fps, clock):\n"
        "        self.fps = fps\n"
        "    def read(self):\n"
        "        return None\n"
        "    def close(self):\n"
        "        pass\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert is_live("my_glasses:Mine")
    assert open_source("my_glasses:Mine", 7.0, ManualClock()).fps == 7.0
    with pytest.raises(Refused, match="my_glasses:Other"):
        open_source("my_glasses:Other", 7.0, ManualClock())


def test_a_file_is_no_plugin(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a:b").write_text("", encoding="utf-8")
    assert not is_live("a:b")
    assert not is_live("clip.mp4")
    assert is_live("rtsp://camera/1")


class Fast:
    """A camera that gives thirty pictures a second."""

    def read(self):
        return np.random.default_rng(1).integers(60, 200, (90, 160, 3)).astype(np.uint8)

    def close(self):
        """Nothing is held."""


def test_a_fast_camera_is_thinned_out_and_that_is_no_loss():
    clock = ManualClock()
    camera = LiveCamera(Fast, clock, threaded=False, fps=10.0)
    got = 0
    for k in range(90):
        clock.advance_to(k / 30)
        camera.pump()
        got += camera.read() is not None
    assert 29 <= got <= 31
    assert camera.dropped == 0


def test_pictures_that_nobody_gets_to_are_told_once_and_that_it_is_over_too():
    clock = ManualClock()
    camera = LiveCamera(Fast, clock, threaded=False, fps=10.0)
    capture = Daemon(Capture(camera, NoRedaction()), clock, threaded=False)
    signals = []
    for k in range(300):
        clock.advance_to(k / 10)
        camera.pump()
        capture.pump()
        if k > 150 or k % 4 == 0:
            item = capture.read()
            signals += [item] if isinstance(item, Fault | Recovered) else []
    assert [(s.kind, s.fault) for s in signals] == [
        ("fault", "overload"),
        ("recovered", "overload"),
    ]


def live(until):
    """A daemon on a camera that nobody has read for `until` pictures, ten a second."""
    clock = ManualClock()
    camera = LiveCamera(Fast, clock, threaded=False, fps=10.0)
    daemon = Daemon(Capture(camera, NoRedaction()), clock, threaded=False)
    for k in range(until):
        clock.advance_to(k / 10)
        camera.pump()
        daemon.pump()
    return daemon


def taken(item):
    """When a picture was taken, whatever the gate thought of it."""
    return item.frame.t if isinstance(item, Shot) else item.t


def test_a_reader_that_is_busy_for_a_moment_misses_nothing():
    daemon = live(3)
    assert [taken(daemon.read()) for _ in range(3)] == [0.0, 0.1, 0.2]
    assert daemon.read() is None
    assert daemon.dropped == 0


def test_a_reader_that_is_busy_for_long_gets_fresh_pictures_and_few():
    daemon = live(50)
    times = []
    while (item := daemon.read()) is not None:
        times.append(taken(item))
    assert times == pytest.approx([4.6, 4.7, 4.8, 4.9])
    assert len(times) <= KEPT
    assert daemon.dropped == 46


def test_what_breaks_in_the_thread_is_not_lost(monkeypatch):
    clock = ManualClock()
    capture = Capture(LiveCamera(Fast, clock, threaded=False), NoRedaction())

    def broken():
        raise RuntimeError("the detector fell over")

    monkeypatch.setattr(capture, "read", broken)
    daemon = Daemon(capture, clock)
    daemon._thread.join(5.0)
    with pytest.raises(RuntimeError, match="fell over"):
        daemon.read()
    daemon.close()


class Mjpeg(BaseHTTPRequestHandler):
    """A network camera that sends twenty pictures and hangs up; the second caller gets more."""

    def do_GET(self):
        picture = self.server.picture
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=x")
        self.end_headers()
        for _ in range(20):
            head = f"--x\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            self.wfile.write(head.encode() + picture + b"\r\n")

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def network_camera(tmp_path):
    pixels = np.random.default_rng(0).integers(60, 200, (90, 160, 3)).astype(np.uint8)
    write_picture(tmp_path / "a.jpg", pixels)
    server = HTTPServer(("127.0.0.1", 0), Mjpeg)
    server.picture = (tmp_path / "a.jpg").read_bytes()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/stream.mjpg"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_stream_from_the_network_ends_is_told_and_comes_back(network_camera):
    clock = ManualClock()
    camera = LiveCamera(lambda: VideoInput(network_camera), clock, threaded=False)
    told = []
    for k in range(60):
        clock.advance_to(k / 10)
        camera.pump()
        while (item := camera.read()) is not None:
            told.append(item)
    camera.close()
    kinds = [type(item) for item in told]
    assert kinds.count(Raw) >= 30
    assert told[0].pixels.shape == (90, 160, 3)
    assert [type(item) for item in told if not isinstance(item, Raw)][:2] == [Fault, Recovered]


def test_where_no_stream_is_one_sentence_says_so(network_camera):
    dead = network_camera.replace("127.0.0.1", "127.0.0.2")
    with pytest.raises(Unreachable, match=r"can not be opened"):
        VideoInput(dead)
