"""Six kinds of bodies as cards: one each of the shapes that service robots come in.

The figures are typical of a class of machines that one can buy, rounded, and of no single product:

| kind | the class of | what the class is like |
|---|---|---|
| server | BellaBot, Servi | tray robots of restaurants: ~1 m/s, trays for tens of kilograms |
| arm | Franka, UR5e on a counter | fixed arms: 0.85 m reach, 3 to 5 kg |
| dual_arm | TIAGo++, RB-Y1 | mobile manipulators: ~1 m/s, two 7-axis arms, a torso that lifts |
| humanoid | Digit, G1 | bipeds: walk like people, work slower than wheels and arms do |
| quadruped | Spot with its arm | four legs: fast, one arm, at home near the floor |
| drone | indoor quadrotors under 1 kg | fast, far-seeing, minutes of flight, payload of a letter |

`rate` in `skills` compares with the skill's nominal time: 2 is twice as fast.
"""

from __future__ import annotations

import math

from devices.contracts import BodyCard, Sensor

_ALL_ROUND = 2 * math.pi
_EARS = Sensor(kind="microphone", range_m=6.0, fov_rad=_ALL_ROUND)

# Every skill that two arms and wheels or legs can do, in the catalogue's order.
_TWO_HANDED = (
    "navigate",
    "pick",
    "place",
    "hand_over",
    "open",
    "close",
    "switch",
    "pour",
    "wash",
    "wipe",
    "heat",
    "slice",
    "scan",
    "look",
    "say",
    "charge",
    "carry_together",
)

SERVER = BodyCard(
    kind="server",
    title="wheeled server",
    mobility="wheels",
    speed_m_s=1.0,
    radius_m=0.26,
    height_m=1.3,
    reach_m=0.75,
    low_m=0.3,
    high_m=1.3,
    hands=1,
    carry=4,
    payload_kg=10.0,
    sensors=(
        Sensor(kind="lidar", range_m=12.0, fov_rad=_ALL_ROUND),
        Sensor(kind="camera", range_m=5.0, fov_rad=2.1),
        _EARS,
    ),
    battery_wh=650.0,
    idle_w=25.0,
    move_w=90.0,
    work_w=60.0,
    charge_w=200.0,
    skills={
        "navigate": 1.0,
        "pick": 0.9,
        "place": 0.9,
        "hand_over": 1.0,
        "switch": 0.9,
        "scan": 1.0,
        "look": 1.0,
        "say": 1.0,
        "charge": 1.0,
    },
    colour="#e08a3c",
)

ARM = BodyCard(
    kind="arm",
    title="single arm",
    mobility="fixed",
    speed_m_s=0.0,
    radius_m=0.15,
    height_m=1.6,
    reach_m=0.85,
    low_m=0.5,
    high_m=1.6,
    hands=1,
    carry=1,
    payload_kg=3.0,
    sensors=(Sensor(kind="camera", range_m=2.5, fov_rad=_ALL_ROUND),),
    # On the mains: the battery only bridges.
    battery_wh=5000.0,
    idle_w=30.0,
    move_w=0.0,
    work_w=150.0,
    charge_w=1000.0,
    skills={
        "pick": 1.3,
        "place": 1.3,
        "open": 1.0,
        "close": 1.0,
        "switch": 1.2,
        "pour": 1.2,
        "heat": 1.0,
        "slice": 1.2,
        "look": 1.2,
    },
    colour="#7a5fb0",
)

DUAL_ARM = BodyCard(
    kind="dual_arm",
    title="mobile dual arm",
    mobility="wheels",
    speed_m_s=0.8,
    radius_m=0.3,
    height_m=1.45,
    reach_m=0.8,
    low_m=0.0,
    high_m=1.7,
    hands=2,
    carry=2,
    payload_kg=3.0,
    sensors=(
        Sensor(kind="lidar", range_m=10.0, fov_rad=_ALL_ROUND),
        Sensor(kind="camera", range_m=4.5, fov_rad=1.8),
        _EARS,
    ),
    battery_wh=1000.0,
    idle_w=80.0,
    move_w=180.0,
    work_w=150.0,
    charge_w=500.0,
    skills=dict.fromkeys(_TWO_HANDED, 1.0),
    colour="#3b82c4",
)

HUMANOID = BodyCard(
    kind="humanoid",
    title="humanoid",
    mobility="legs",
    speed_m_s=0.9,
    radius_m=0.28,
    height_m=1.6,
    reach_m=0.7,
    low_m=0.0,
    high_m=1.8,
    hands=2,
    carry=2,
    payload_kg=5.0,
    sensors=(
        Sensor(kind="camera", range_m=5.0, fov_rad=2.0),
        _EARS,
    ),
    battery_wh=900.0,
    idle_w=120.0,
    move_w=400.0,
    work_w=250.0,
    charge_w=900.0,
    skills=dict.fromkeys(_TWO_HANDED, 0.75) | {"navigate": 1.0, "say": 1.0, "charge": 1.0},
    colour="#4caf7a",
)

QUADRUPED = BodyCard(
    kind="quadruped",
    title="quadruped with an arm",
    mobility="legs",
    speed_m_s=1.3,
    radius_m=0.35,
    height_m=0.8,
    reach_m=0.7,
    low_m=0.0,
    high_m=0.8,
    hands=1,
    carry=2,
    payload_kg=4.0,
    sensors=(
        Sensor(kind="camera", range_m=4.0, fov_rad=_ALL_ROUND),
        _EARS,
    ),
    battery_wh=560.0,
    idle_w=90.0,
    move_w=350.0,
    work_w=200.0,
    charge_w=400.0,
    skills={
        "navigate": 1.0,
        "pick": 0.8,
        "place": 0.8,
        "wipe": 0.7,
        "scan": 1.2,
        "look": 1.0,
        "say": 1.0,
        "charge": 1.0,
    },
    colour="#d9b32c",
)

DRONE = BodyCard(
    kind="drone",
    title="indoor drone",
    mobility="air",
    speed_m_s=2.0,
    radius_m=0.2,
    height_m=0.2,
    reach_m=0.5,
    low_m=0.0,
    high_m=2.2,
    hands=1,
    carry=1,
    # Letters, keys, a phone: nothing that spills over people from above.
    payload_kg=0.15,
    sensors=(Sensor(kind="camera", range_m=7.0, fov_rad=2.1),),
    battery_wh=70.0,
    # It waits landed, with its rotors off.
    idle_w=6.0,
    move_w=140.0,
    work_w=140.0,
    charge_w=180.0,
    skills={
        "navigate": 1.0,
        "pick": 0.6,
        "place": 0.6,
        "scan": 2.0,
        "look": 1.5,
        "say": 1.0,
        "charge": 1.0,
    },
    colour="#c0504d",
)

CARDS: tuple[BodyCard, ...] = (SERVER, ARM, DUAL_ARM, HUMANOID, QUADRUPED, DRONE)
