"""The daemon as a program: from a card or a kind, an address and a key to a body that takes part.

What it keeps lies in one folder: its key, and what it must not forget. Nothing here needs more than the
two lower floors of the house: no Ray, no solver, no OpenCV.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import yaml
from pydantic import ValidationError

from cerebellum.daemon.link import Daemon, Line
from cerebellum.daemon.member import Calling
from cerebellum.daemon.onboard import FarHardware, Hardware
from cerebellum.daemon.outbox import Outbox
from cerebellum.errors import CerebellumError
from devices.attendant import Attendant, DeviceSpec
from devices.catalogue import body_kinds
from devices.clock import WallClock
from devices.contracts import BodyCard, BodySpec

_KEY, _OUTBOX = "key", "outbox.db"


class BadDevice(CerebellumError):
    """What was said of the device can not be: the sentence says what, and what to do."""


@dataclass(frozen=True)
class DeviceFolder:
    """What a daemon keeps.

    Args:
        path: The folder.
    """

    path: Path

    @property
    def outbox(self) -> Path:
        """What it must not forget."""
        return self.path / _OUTBOX

    def key(self) -> str:
        """The key by which the site knows it; "": it has none."""
        file = self.path / _KEY
        return file.read_text(encoding="utf-8").strip() if file.is_file() else ""

    def enrolled(self, key: str) -> None:
        """Keep a new key. What it owed the site that it was enrolled at before, it owes nobody."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in self.path.glob(_OUTBOX + "*"):
            file.unlink()
        draft = self.path / (_KEY + ".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file_:
            file_.write(key + "\n")
        draft.replace(self.path / _KEY)


def opened(kind: str, body: str, address: str) -> tuple[BodyCard, BodySpec | None, Hardware]:
    """What a body can do, where it is, and its hardware.

    Args:
        kind: The name of an installed kind of body, or the path of a card as YAML or JSON.
        body: Its id.
        address: Where its driver finds it; "": the site simulates its hardware.

    Raises:
        BadDevice: There is no such kind, or it needs an address.
        DeviceError: It can not be opened.
    """
    kinds = body_kinds()
    known = kinds.get(kind)
    if known is None:
        if not Path(kind).is_file():
            raise BadDevice(
                f"there is no kind of body called {kind!r}: name one of {', '.join(kinds)}, or the file "
                "of a card"
            )
        card = _card(Path(kind))
        known = kinds.get(card.kind)
        if address and (known is None or known.driver is None):
            raise BadDevice(f"{kind}: no driver for a {card.kind!r} is installed")
    else:
        card = known.card
    if not address:
        if known is not None and known.driver is not None:
            raise BadDevice(f"a {card.kind} is a real body: say where it is with --address")
        return card, None, FarHardware()
    attendant = Attendant(DeviceSpec(id=body, kind=card.kind, address=address))
    joined = attendant.join(0.0)
    return joined.card, joined.spec, attendant


def run(calling: Calling, hardware: Hardware, folder: DeviceFolder, tell: Line) -> None:
    """Take part until told to end by a signal; the body is left standing still.

    Raises:
        Rejected: The site will not have this device.
    """
    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    outbox = Outbox(folder.outbox)
    try:
        asyncio.run(_run(calling, hardware, outbox, tell))
    finally:
        close: Any = getattr(hardware, "close", None)
        if close is not None:
            close()
        outbox.close()


async def _run(calling: Calling, hardware: Hardware, outbox: Outbox, tell: Line) -> None:
    daemon = Daemon(calling, hardware, outbox, WallClock(), Random(), tell)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, daemon.end)
    await daemon.run()


def _card(path: Path) -> BodyCard:
    try:
        return BodyCard.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise BadDevice(f"{path} is no card of a body: {' '.join(why.split())}") from None
