"""Which pictures are worth looking at."""

import numpy as np
import pytest

from devices.glasses.gate import MOSAIC, Gate


def scene(seed=1, size=(360, 640), low=30, high=220):
    """A picture with sharp detail."""
    height, width = size
    noise = np.random.default_rng(seed).integers(low, high, (height // 8, width // 8, 1))
    return np.kron(noise.astype(np.uint8), np.ones((8, 8, 3), np.uint8))


def blurred(pixels):
    """The picture moved while it was taken."""
    return np.asarray(sum(np.roll(pixels, k, axis=1).astype(np.float32) for k in range(48)) / 48)


@pytest.mark.parametrize(
    ("pixels", "verdict"),
    [
        (scene(), "good"),
        (scene() // 12, "dark"),
        (np.full((360, 640, 3), 90, np.uint8), "covered"),
        (np.zeros((360, 640, 3), np.uint8), "dark"),
        (blurred(scene()).astype(np.uint8), "blurred"),
    ],
)
def test_verdicts(pixels, verdict):
    gate = Gate()
    gate.judge(scene(), 0, 0.0)
    assert gate.judge(pixels, 1, 0.1).verdict == verdict


def test_an_unchanged_scene_passes_once_a_second_after_it_has_settled():
    gate = Gate()
    passed = [k / 10 for k in range(60) if gate.judge(scene(), k, k / 10).verdict == "good"]
    assert [t for t in passed if t <= 1.0] == [k / 10 for k in range(11)]
    assert [t for t in passed if t > 1.0] == [2.0, 3.0, 4.0, 5.0]


def test_a_small_new_thing_opens_the_gate():
    gate = Gate()
    for k in range(30):
        gate.judge(scene(), k, k / 10)
    changed = scene()
    changed[100:190, 300:365] = 250  # about as large as a card on a table
    assert gate.judge(changed, 30, 3.05).verdict == "good"


def test_it_keeps_no_picture():
    gate = Gate()
    gate.judge(scene(), 0, 0.0)
    kept = [v for v in vars(gate).values() if isinstance(v, np.ndarray)]
    assert all(array.shape[1] <= MOSAIC for array in kept)
