"""What can go wrong with a device, named after who should act.

    DeviceError
    ├── Unreachable    nobody answers: retry later, or give the step to another body
    ├── Refused        the device will not do this: plan something else
    └── SafetyStop     the emergency stop is in: halt everything and ask a person

Drivers raise these and nothing else: errors of their own libraries are mapped to one of them.
A command that was accepted and then failed is no error: it ends in a `Receipt` that says why.
"""

from __future__ import annotations


class DeviceError(Exception):
    """A device cannot do what was asked. The message is one sentence for a person."""


class Unreachable(DeviceError):
    """The device does not answer, or has been closed. Retry later."""


class Refused(DeviceError):
    """The device understood and will not do it, now or ever. Replan."""


class SafetyStop(DeviceError):
    """The emergency stop is in. Nothing moves until a person releases it at the device."""
