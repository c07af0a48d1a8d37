"""The colour of what is held up, whatever the light."""

import numpy as np
import pytest

from services.alpha.vision.cloth import colour_of_cloth
from services.alpha.vision.ocr import Line

TAG = (Line("SHIRT", 0.99, 0.80, 0.35, 0.05),)
DYES = {
    "red": (50, 50, 205),
    "green": (70, 140, 50),
    "blue": (190, 90, 40),
    "white": (225, 228, 228),
}


def view(dye, light=(1.0, 1.0, 1.0), wall=(150, 160, 165)):
    """Cloth in the middle, a tag beside it, an arm from below; 640 × 480."""
    image = np.full((480, 640, 3), wall, np.float64)
    image[60:280, 200:440] = dye
    image[180:270, 460:590] = (238, 240, 240)
    image[216:232, 480:550] = (30, 30, 30)
    image[300:, 330:420] = (140, 170, 220)
    return np.clip(image * light, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("light", [(1.0, 1.0, 1.0), (0.55, 0.75, 0.9), (1.05, 0.9, 0.8)])
@pytest.mark.parametrize("name", sorted(DYES))
def test_the_light_on_the_tag_tells_the_colour_of_the_cloth(name, light):
    named = colour_of_cloth(view(DYES[name], light), TAG)
    assert named is not None
    assert named[0] == name
    assert named[1] > 0.9


def test_without_a_tag_or_without_anything_held_no_colour_is_named():
    assert colour_of_cloth(view(DYES["red"]), ()) is None
    wall = (150, 160, 165)
    assert colour_of_cloth(view(wall, wall=wall), TAG) is None
