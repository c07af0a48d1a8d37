"""A street with a crossing light, filmed; traces of it."""

from __future__ import annotations

import numpy as np
import pytest

from devices.camera import VideoOutput
from devices.glasses.contracts import Words
from services.alpha.contracts import WearerProfile
from services.alpha.orders import GlassesConfig
from services.alpha.recording import Trace

LIGHT = "services.alpha.template:CrossingLight"
CONFIG = GlassesConfig(skills=(LIGHT,), redact=False)


def street(t, colour, size=(640, 360), sway=3.0):
    """A picture of a street at `t` seconds with a light of this colour ("" for none)."""
    width, height = size
    noise = np.random.default_rng(5)
    wide = (
        noise.integers(60, 150, (height // 8 + 2, width // 8 + 4, 1))
        .astype(np.uint8)
        .repeat(3, axis=2)
    )
    big = np.kron(wide, np.ones((8, 8, 1), np.uint8))
    dx = int(8 + sway * np.sin(2.0 * t))
    picture = big[:height, dx : dx + width].copy()
    if colour:
        paint = {"red": (40, 40, 230), "green": (90, 210, 50)}[colour]
        y, x = np.mgrid[:height, :width]
        disc = (x - width * 0.6) ** 2 + (y - height * 0.4) ** 2 <= (height * 0.06) ** 2
        picture[disc] = paint
    return picture


@pytest.fixture
def film(tmp_path):
    """Writes a trace: `lights` are (from, colour), in order of time."""

    def write(lights, duration=8.0, name="street", **fields):
        folder = tmp_path / name
        folder.mkdir()
        out = VideoOutput(folder / "video.mp4", 10.0, (640, 360))
        for k in range(round(duration * 10)):
            t = k / 10
            colour = next((c for since, c in reversed(lights) if since <= t), "")
            out.write(street(t, colour))
        out.close()
        said = tuple(Words(t=t, text=text) for t, text in fields.pop("words", ()))
        wearer = fields.pop("wearer", WearerProfile(id="ana", name="Ana"))
        trace = Trace(
            name=name, video="video.mp4", duration_s=duration, words=said, wearer=wearer, **fields
        )
        (folder / "trace.json").write_text(trace.model_dump_json(indent=1), encoding="utf-8")
        return folder

    return write
