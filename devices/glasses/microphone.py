"""The microphone of this machine, by way of ALSA's arecord."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable
from typing import IO

import numpy as np

from devices.child import start
from devices.clock import Clock
from devices.errors import Unreachable
from devices.glasses.contracts import Words
from devices.glasses.hearing import RATE, Endpointer, Transcriber

INSTALL = "apt-get install alsa-utils"
_PIECE_S = 0.1
_START_S = 1.0


def open_microphone() -> subprocess.Popen[bytes]:
    """Begin to record: mono, 16 bits, 16000 samples a second on the program's output.

    Raises:
        Unreachable: there is no arecord, or it finds no microphone.
    """
    if shutil.which("arecord") is None:
        raise Unreachable(f"there is no way to a microphone here: `{INSTALL}` gives one")
    command = ["arecord", "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(RATE), "-"]
    program = start(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        program.wait(_START_S)
    except subprocess.TimeoutExpired:
        return program
    if program.stdout is not None:
        program.stdout.close()
    raise Unreachable("there is no microphone that can be used: is one plugged in?")


def listen(
    stream: IO[bytes],
    clock: Clock,
    transcriber: Transcriber,
    on_words: Callable[[Words], None],
    on_end: Callable[[], None] = lambda: None,
) -> threading.Thread:
    """Hand over what is said on the stream, as it is said, until the stream ends; then tell."""

    def run() -> None:
        ears = Endpointer()
        while data := stream.read(int(_PIECE_S * RATE) * 2):
            for heard in ears.feed(np.frombuffer(data[: len(data) & ~1], np.int16)):
                text = transcriber.words(heard.sound)
                if text:
                    t = round(clock.now(), 3)
                    on_words(Words(t=t, text=text, channel="spoken"))
        on_end()

    thread = threading.Thread(target=run, name="microphone", daemon=True)
    thread.start()
    return thread
