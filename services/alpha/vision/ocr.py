"""Printed lines in a picture, by the optional OCR of the extra `glasses` (rapidocr-onnxruntime).

The only file that knows it. Without it nothing is read, and `available` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from services.alpha.vision import opencv as cv

INSTALL = "pip install 'retinue[glasses]'"
WIDTH = 800


@dataclass(frozen=True)
class Line:
    """A line of text: what it says, how sure (0..1), its middle and height as shares of the width."""

    text: str
    confidence: float
    x: float
    y: float
    height: float


def available() -> bool:
    """Whether text can be read here."""
    return find_spec("rapidocr_onnxruntime") is not None


def load() -> None:
    """Load the OCR, if it is here: the first reading need not wait for it then."""
    if available():
        _engine()


@lru_cache(maxsize=1)
def _engine() -> Any:
    from rapidocr_onnxruntime import RapidOCR

    return RapidOCR(
        det_limit_side_len=480,
        det_limit_type="max",
        use_cls=False,
        intra_op_num_threads=1,
        inter_op_num_threads=1,
    )


def lines(image: cv.Image) -> list[Line]:
    """Every line read, from the top on; none where there is no OCR."""
    if not available():
        return []
    scale = min(1.0, WIDTH / image.shape[1])
    small = cv.resized(image, round(image.shape[1] * scale), round(image.shape[0] * scale))
    found, _ = _engine()(small, use_cls=False)
    wide = small.shape[1]
    out = []
    for quad, text, sure in found or []:
        xs, ys = [p[0] for p in quad], [p[1] for p in quad]
        out.append(
            Line(
                str(text),
                float(sure),
                sum(xs) / 4 / wide,
                sum(ys) / 4 / wide,
                (max(ys) - min(ys)) / wide,
            )
        )
    return sorted(out, key=lambda line: (line.y, line.x))
