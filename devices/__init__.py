"""The nouns every floor shares, and the contract of a body."""

from devices.catalogue import body_kinds
from devices.clock import Clock, ManualClock, WallClock
from devices.device import BodyKind, Device, Timed
from devices.errors import DeviceError, Refused, SafetyStop, Unreachable

__all__ = [
    "BodyKind",
    "Clock",
    "Device",
    "DeviceError",
    "ManualClock",
    "Refused",
    "SafetyStop",
    "Timed",
    "Unreachable",
    "WallClock",
    "body_kinds",
]
