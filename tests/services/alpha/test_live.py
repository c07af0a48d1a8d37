"""A live camera: the clock is real in use, and moved by hand here."""

import numpy as np
import pytest

from devices.clock import ManualClock
from devices.errors import Unreachable
from devices.glasses.capture import Capture
from devices.glasses.contracts import Words
from devices.glasses.redact import NoRedaction
from devices.glasses.sources import LiveCamera, Raw
from services.alpha.contracts import LookRequest
from services.alpha.input_unit import InputUnit
from services.alpha.orders import GlassesConfig
from services.alpha.output.unit import OutputConfig
from services.alpha.session import Live, run_units
from services.alpha.words_in import Script

LIGHT = "services.alpha.template:CrossingLight"
CONFIG = GlassesConfig(skills=(LIGHT,), redact=False)


class Street:
    """A camera in a street: a light turns red at 1 s, green at 5 s; its cable is out for a while."""

    def __init__(self, clock, away=(99.0, 99.0)):
        self.clock = clock
        self.away = away
        base = np.random.default_rng(2).integers(60, 150, (45, 80, 1)).astype(np.uint8)
        self.still = np.kron(base, np.ones((8, 8, 3), np.uint8))

    def open(self):
        if self.away[0] <= self.clock.now() < self.away[1]:
            raise Unreachable("away")
        return self

    def read(self):
        t = self.clock.now()
        if self.away[0] <= t < self.away[1]:
            return None
        picture = self.still.copy()
        colour = None if t < 1.0 else (40, 40, 230) if t < 5.0 else (90, 210, 50)
        if colour:
            y, x = np.mgrid[:360, :640]
            picture[(x - 380) ** 2 + (y - 150) ** 2 <= 24**2] = colour
        return picture

    def close(self):
        """Nothing is held."""


def session(words=(), away=(99.0, 99.0), slow=0.0, until=9.0):
    """Run live; every wait moves the clock, and every look takes `slow` seconds."""
    clock = ManualClock()
    street = Street(clock, away)
    camera = LiveCamera(street.open, clock, threaded=False)

    def pause(seconds):
        clock.advance_to(clock.now() + max(seconds, 0.001))
        if int(clock.now() * 10) > int((clock.now() - seconds) * 10):
            camera.pump()

    class Slow(InputUnit):
        """Looks that take their time on the clock."""

        def order(self, request):
            result = super().order(request)
            clock.advance_to(clock.now() + slow)
            return result

    return run_units(
        CONFIG,
        OutputConfig(voice="none"),
        lambda host: host.spawn("input", Slow, CONFIG, Capture(camera, NoRedaction())),
        Script(tuple(Words(t=t, text=text) for t, text in words)),
        live=Live(clock, pause),
        until_s=until,
    )


def test_it_speaks_when_the_light_changes():
    spoken = [e for e in session().ledger if e.kind == "intervention"]
    assert [e.answer for e in spoken] == ["wait", "walk"]
    assert [e.began_s for e in spoken] == pytest.approx([1.1, 5.1], abs=0.15)


def test_slow_looks_delay_words_but_pictures_do_not_pile_up():
    result = session(slow=0.8)
    first = next(e for e in result.ledger if e.kind == "intervention")
    assert 1.8 <= first.began_s <= 2.2
    assert first.ends_s <= first.deadline_s


def test_looks_that_take_too_long_end_in_silence():
    kinds = [e.kind for e in session(slow=2.9).ledger]
    assert "suppressed" in kinds
    assert "intervention" not in kinds


def test_stop_is_heard_at_once():
    ledger = session(words=((1.6, "stop"),)).ledger
    over = next(e for e in ledger if e.kind == "speech_over")
    assert over.how == "cut"
    assert over.t == pytest.approx(1.6, abs=0.03)


def test_an_unplugged_camera_comes_back_in_the_middle_of_a_session():
    result = session(away=(2.0, 4.0))
    kinds = [(e.kind, e.fault) for e in result.ledger if e.kind in ("fault", "recovered")]
    assert kinds == [("fault", "camera_lost"), ("recovered", "camera_lost")]
    answers = [e.answer for e in result.ledger if e.kind == "intervention" and e.answer]
    assert answers == ["wait", "walk"]


class Poor:
    """Glasses on a slow link: small pictures, and large ones when asked. The first large one of
    each burst is blurred.
    """

    live = False
    dropped = 0

    def __init__(self):
        self.asked = []
        self.seq = 0
        self.better = 0

    def burst(self, pictures, width):
        self.asked.append((pictures, width))
        self.better = pictures

    def read(self):
        size = (1280, 720) if self.better else (640, 360)
        spoilt = bool(self.better) and len(self.asked) == 1
        self.better = max(0, self.better - 1)
        noise = np.random.default_rng(2).integers(60, 150, (size[1] // 8, size[0] // 8, 1))
        picture = np.kron(noise.astype(np.uint8), np.ones((8, 8, 3), np.uint8))
        y, x = np.mgrid[: size[1], : size[0]]
        picture[np.hypot(x - 0.6 * size[0], y - 0.4 * size[1]) <= 0.06 * size[1]] = (40, 40, 230)
        if spoilt:
            picture[:] = 128
        self.seq += 1
        return Raw(self.seq - 1, round(0.1 * (self.seq - 1), 3), picture)

    def close(self):
        """Nothing is held."""


def test_a_look_asks_for_a_burst_and_takes_only_the_good_pictures():
    source = Poor()
    unit = InputUnit(CONFIG, Capture(source, NoRedaction()))
    trigger = next(n for _ in range(9) for n in unit.read().notices)
    request = LookRequest(
        id="l", case="c", skill=trigger.skill, t=trigger.t, deadline_s=9.0, frames=2, width=1280,
        trigger=trigger,
    )  # fmt: skip
    seen = []
    skill = unit._skills[trigger.skill]
    monitored = skill.look
    skill.look = lambda request, shots: (
        seen.extend(s.frame.width for s in shots) or monitored(request, shots)
    )
    assert unit.order(request) is None
    for _ in range(9):
        if unit.read().looks:
            break
    assert seen == [1280, 1280]
    assert source.asked[0] == (2, 1280)
    assert len(source.asked) > 1
