"""A picture with its frame. Pixels are blue, green, red, as OpenCV has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.glasses.contracts import Frame

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Shot:
    """One redacted picture: `pixels` is height × width × 3, uint8, and is never written to."""

    frame: Frame
    pixels: Image
