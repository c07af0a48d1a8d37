"""The devices that a run is given on the command line."""

from __future__ import annotations

import difflib
import re

from devices.attendant import DeviceSpec
from devices.catalogue import body_kinds
from services.errors import UserError

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FORM = 'ID=KIND:ADDRESS, for example "toy=pipe:python -m devices.drivers.toy --x 2 --y 2"'


def parse_device(text: str) -> DeviceSpec:
    """Read ID=KIND:ADDRESS.

    Raises:
        UserError: It has another form, or there is no such kind with a driver.
        Refused: An installed kind of body cannot be used.
    """
    name, is_named, rest = text.partition("=")
    kind, is_kind, address = rest.partition(":")
    name, kind, address = name.strip(), kind.strip(), address.strip()
    if not (is_named and is_kind and name and kind):
        raise UserError(f"--device {text!r} is not of the form {_FORM}")
    if not _ID.fullmatch(name):
        raise UserError(
            f"--device {text!r}: {name!r} is no id; take lower-case letters, digits and hyphens"
        )
    drivers = {known: body for known, body in body_kinds().items() if body.driver is not None}
    if kind not in drivers:
        near = difflib.get_close_matches(kind, drivers, n=1)
        hint = f"do you mean {near[0]}?" if near else f"take one of {', '.join(drivers)}"
        raise UserError(f"--device {text!r}: there is no driver for a {kind!r}; {hint}")
    if not address:
        raise UserError(f"--device {text!r}: say where it is, after {kind}:")
    return DeviceSpec(id=name, kind=kind, address=address, is_timed=drivers[kind].is_timed)
