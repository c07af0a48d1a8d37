"""What the glasses hear: a trace's sound, or a microphone, where a transcriber is installed."""

from __future__ import annotations

from pathlib import Path

from devices.clock import Clock
from devices.errors import Unreachable
from devices.glasses.contracts import Fault, Words
from devices.glasses.hearing import INSTALL, find_transcriber, spoken
from devices.glasses.microphone import listen, open_microphone
from services.alpha.recording import Trace
from services.alpha.words_in import Inbox


def hear_trace(trace: Trace, folder: Path) -> tuple[tuple[Words, ...], tuple[Fault, ...]]:
    """The words in a trace's sound, and what is missing to hear them.

    A trace that lists spoken words has been transcribed already.

    Raises:
        devices.errors.Refused: the sound can not be read.
    """
    if not trace.audio or any(said.channel == "spoken" for said in trace.words):
        return (), ()
    return hear_sound(folder / trace.audio)


def hear_sound(path: Path) -> tuple[tuple[Words, ...], tuple[Fault, ...]]:
    """The words in a wav file, and what is missing to hear them.

    Raises:
        devices.errors.Refused: the sound can not be read.
    """
    transcriber = find_transcriber()
    if transcriber is None:
        return (), (_deaf(f"install a transcriber with `{INSTALL}`"),)
    return spoken(path, transcriber), ()


def open_ears(clock: Clock, inbox: Inbox) -> tuple[Fault, ...]:
    """Listen to the microphone from now on; what is missing, if it can not be done."""
    transcriber = find_transcriber()
    if transcriber is None:
        return (_deaf(f"install a transcriber with `{INSTALL}`"),)
    try:
        program = open_microphone()
    except Unreachable as error:
        return (_deaf(str(error)),)
    if program.stdout is not None:
        listen(
            program.stdout,
            clock,
            transcriber,
            inbox.put,
            lambda: inbox.put_fault(_deaf("the microphone is gone", round(clock.now(), 3))),
        )
    return ()


def _deaf(why: str, t: float = 0.0) -> Fault:
    return Fault(t=t, fault="no_hearing", sentence=f"I can not hear, only read: {why}.")
