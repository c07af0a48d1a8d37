"""The glasses as a body: they are worn, so they move with a person and carry nothing.

They have no skill of the fleet: where they look and when they speak is the wearer's and their own
units' affair, so no step of a plan can be theirs.
"""

from __future__ import annotations

from devices.contracts import BodyCard, Sensor

GLASSES = BodyCard(
    kind="glasses",
    title="AI glasses",
    mobility="fixed",
    radius_m=0.1,
    height_m=1.6,
    reach_m=0.0,
    hands=0,
    carry=0,
    payload_kg=0.0,
    sensors=(
        Sensor(kind="camera", range_m=6.0, fov_rad=1.4),
        Sensor(kind="microphone", range_m=4.0, fov_rad=6.283),
    ),
    battery_wh=2.0,
    idle_w=0.2,
    move_w=0.0,
    work_w=1.0,
    charge_w=5.0,
    colour="#8866bb",
)
