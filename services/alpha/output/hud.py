"""The display: what is said as a caption, a card with the facts, marks in the picture, the status.

Everything fades in and out within a fifth of a second and leaves the middle of the view alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from devices.glasses.contracts import Frame
from devices.glasses.shot import Image
from services.alpha.contracts import HudMark, Intervention
from sim_worlds.drawing.canvas import Canvas, text_width

FADE_S = 0.2
LINGER_S = 0.8
_TONES = {"plain": "#7fb4ff", "good": "#5fd38d", "warn": "#ffc457", "bad": "#ff6b6b"}
_PANEL = np.array((34, 26, 20), np.float32)  # blue, green, red: a dark warm grey
_PANEL_SHARE = 0.74
_TEXT, _FAINT = "#f4f6fa", "#aeb8c6"


@dataclass(frozen=True)
class Status:
    """What the corner tells: seconds of the session, covered faces, what is missing. `lost`: the
    picture is an old one.
    """

    t: float
    faults: tuple[str, ...] = ()
    looking: str = ""
    lost: bool = False


def draw(
    pixels: Image, frame: Frame, shown: Intervention | None, ends_s: float, status: Status
) -> Image:
    """The picture with the display over it; the picture itself stays as it is.

    Args:
        pixels: What the wearer sees.
        frame: Its frame.
        shown: What is being said or was said a moment ago.
        ends_s: When that ends or ended (it may have been cut).
        status: For the corner.
    """
    picture = _faded(pixels) if status.lost else pixels.copy()
    unit = max(0.5, picture.shape[1] / 1280)
    _corner(picture, frame, status, unit)
    if shown is not None:
        share = visibility(status.t, shown.began_s, ends_s)
        if share > 0.0:
            over = picture.copy()
            _marks(over, shown, unit)
            _card(over, shown, unit)
            _caption(over, shown, ends_s, status.t, unit)
            picture = _mixed(picture, over, share)
    return picture


def visibility(now: float, began_s: float, ends_s: float) -> float:
    """How much of the display shows: fading in from its begin, out after it has lingered (0..1)."""
    if now < began_s or now >= ends_s + LINGER_S + FADE_S:
        return 0.0
    rising = (now - began_s) / FADE_S + 0.25
    falling = (ends_s + LINGER_S + FADE_S - now) / FADE_S
    return max(0.0, min(1.0, rising, falling))


def wrapped(text: str, size: int, width: float, weight: int = 400) -> list[str]:
    """The text in lines of at most `width` pixels."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _caption(picture: Image, shown: Intervention, ends_s: float, now: float, unit: float) -> None:
    """The words, at the bottom, with a line that says how much is still to come."""
    height, width = picture.shape[:2]
    size = round(30 * unit)
    lines = wrapped(shown.text, size, width * 0.72, 500)
    wide = max(text_width(line, size, 500) for line in lines) + 64 * unit
    tall = len(lines) * size * 1.4 + 40 * unit
    x0, y1 = (width - wide) / 2, height - 36 * unit
    y0 = y1 - tall
    _panel(picture, x0, y0, x0 + wide, y1, 18 * unit)
    canvas = Canvas(picture)
    for k, line in enumerate(lines):
        at = (width / 2, y0 + 18 * unit + size * (0.7 + 1.4 * k))
        canvas.text(at, line, size, _TEXT, 500, "middle")
    total = max(0.1, ends_s - shown.began_s)
    part = min(1.0, max(0.0, (now - shown.began_s) / total))
    left, right, y = x0 + 28 * unit, x0 + wide - 28 * unit, y1 - 12 * unit
    canvas.line([(left, y), (right, y)], "#4a5261", 3 * unit)
    if part > 0.01:
        canvas.line([(left, y), (left + (right - left) * part, y)], _tone(shown), 3 * unit)


def _card(picture: Image, shown: Intervention, unit: float) -> None:
    """The facts, in the upper left: title and lines, with a stripe in the tone of the message."""
    hud = shown.hud
    if hud is None:
        return
    big, small = round(26 * unit), round(21 * unit)
    lines = [part for line in hud.lines for part in wrapped(line, small, 400 * unit)]
    wide = max(
        [text_width(hud.title, big, 700), *(text_width(line, small) for line in lines)], default=0
    )
    x0 = y0 = 28 * unit
    x1 = x0 + wide + 60 * unit
    y1 = y0 + 34 * unit + big + len(lines) * small * 1.5
    _panel(picture, x0, y0, x1, y1, 14 * unit)
    canvas = Canvas(picture)
    canvas.box(
        (x0 + 12 * unit, y0 + 14 * unit), (x0 + 17 * unit, y1 - 14 * unit), 2.5 * unit, _tone(shown)
    )
    x = x0 + 32 * unit
    canvas.text((x, y0 + 16 * unit + big * 0.5), hud.title, big, _TEXT, 700)
    for k, line in enumerate(lines):
        y = y0 + 24 * unit + big + small * (0.75 + 1.5 * k)
        canvas.text((x, y), line, small, _FAINT)


def _marks(picture: Image, shown: Intervention, unit: float) -> None:
    marks = shown.hud.marks if shown.hud is not None else ()
    for mark in marks:
        _mark(picture, mark, unit)


def _mark(picture: Image, mark: HudMark, unit: float) -> None:
    """Corners around the box rather than a frame, so that what is marked stays to be seen."""
    height, width = picture.shape[:2]
    x0, x1 = mark.box.left * width, mark.box.right * width
    y0, y1 = mark.box.top * height, mark.box.bottom * height
    arm = min(x1 - x0, y1 - y0) * 0.25
    colour = _TONES[mark.tone]
    canvas = Canvas(picture)
    for x, dx in ((x0, arm), (x1, -arm)):
        for y, dy in ((y0, arm), (y1, -arm)):
            canvas.line([(x + dx, y), (x, y), (x, y + dy)], "#10131a", 5 * unit)
            canvas.line([(x + dx, y), (x, y), (x, y + dy)], colour, 3 * unit)
    if mark.label:
        size = round(20 * unit)
        wide = text_width(mark.label, size, 600) + 18 * unit
        top = y0 - size * 1.7 if y0 > size * 2 else y1 + size * 0.3
        _panel(picture, x0, top, x0 + wide, top + size * 1.5, 6 * unit)
        canvas.text((x0 + 9 * unit, top + size * 0.75), mark.label, size, colour, 600)


def _corner(picture: Image, frame: Frame, status: Status, unit: float) -> None:
    """Time and what is missing, in the upper right."""
    size = round(18 * unit)
    minutes, seconds = divmod(status.t, 60.0)
    words = [f"{int(minutes):02d}:{seconds:04.1f}"]
    if frame.redacted:
        words.append("1 face covered" if frame.redacted == 1 else f"{frame.redacted} faces covered")
    if status.looking:
        words.append(f"looking: {status.looking}")
    text = "   ".join(words)
    x1, y0 = picture.shape[1] - 28 * unit, 28 * unit
    rows: list[tuple[str, str]] = [(text, _FAINT)]
    for fault in status.faults:
        rows += [(line, _TONES["warn"]) for line in wrapped(short(fault), size, 380 * unit)]
    wide = max(text_width(row, size) for row, _ in rows) + 28 * unit
    _panel(picture, x1 - wide, y0, x1, y0 + len(rows) * size * 1.6 + 8 * unit, 9 * unit)
    canvas = Canvas(picture)
    for k, (row, colour) in enumerate(rows):
        y = y0 + 4 * unit + size * (0.8 + 1.6 * k)
        canvas.text((x1 - 14 * unit, y), row, size, colour, 400, "right")


def short(sentence: str) -> str:
    """What is missing, without what to do about it: that stands in the ledger."""
    return sentence.split(":")[0].rstrip(".")


def _faded(pixels: Image) -> Image:
    """A picture that is no more: darker, and grey."""
    grey = pixels.mean(axis=2, keepdims=True) * 0.35
    return np.asarray(np.rint(grey + pixels * 0.1), np.uint8)


def _tone(shown: Intervention) -> str:
    return _TONES[shown.hud.tone if shown.hud is not None else "plain"]


def _panel(picture: Image, x0: float, y0: float, x1: float, y1: float, radius: float) -> None:
    """A dark glass with round corners."""
    height, width = picture.shape[:2]
    left, top = max(0, round(x0)), max(0, round(y0))
    right, bottom = min(width, round(x1)), min(height, round(y1))
    if right <= left or bottom <= top:
        return
    mask = _round_mask(right - left, bottom - top, round(radius))
    part = picture[top:bottom, left:right].astype(np.float32)
    mixed = part + (_PANEL - part) * mask
    picture[top:bottom, left:right] = np.rint(mixed).astype(np.uint8)


@lru_cache(maxsize=256)
def _round_mask(
    width: int, height: int, radius: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """How much of the panel's colour each pixel takes."""
    canvas = Canvas.blank((width, height), "#000000")
    canvas.box((0, 0), (width - 1, height - 1), radius, "#ffffff")
    return np.asarray(canvas.image[:, :, :1] / 255.0 * _PANEL_SHARE, np.float32)


def _mixed(under: Image, over: Image, share: float) -> Image:
    if share >= 1.0:
        return over
    mixed = under.astype(np.float32) * (1.0 - share) + over.astype(np.float32) * share
    return np.rint(mixed).astype(np.uint8)
