"""Drivers that come along: a robot behind a pipe, and the recording of one."""

from devices.contracts import BodyCard
from devices.device import BodyKind

PIPE = BodyKind(
    card=BodyCard(
        kind="pipe", title="a robot whose program speaks over a pipe", mobility="fixed", sensors=()
    ),
    driver="devices.drivers.pipe:open_pipe",
    brings_card=True,
)

RECORDED = BodyKind(
    card=BodyCard(
        kind="recorded", title="what a body did once, played back", mobility="fixed", sensors=()
    ),
    driver="devices.drivers.recorded:open_recording",
    is_timed=True,
    brings_card=True,
)
