"""Speech from text: espeak-ng where it is installed, or any voice that is handed in."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from devices.child import run
from devices.errors import Unreachable

Samples = NDArray[np.int16]
RATE = 22050
INSTALL = "apt-get install espeak-ng"
# espeak-ng can not speak faster than this.
FASTEST_WPM = 450.0


class Voice(Protocol):
    """Says a text."""

    def say(self, text: str, words_per_minute: float) -> Samples:
        """Mono samples, 22050 of them a second.

        Raises:
            devices.errors.Unreachable: the voice does not answer.
        """
        ...


class Espeak:
    """The voice of espeak-ng, run once for each sentence (about 20 ms)."""

    def __init__(self, program: str = "espeak-ng", timeout_s: float = 5.0) -> None:
        self._program = program
        self._timeout_s = timeout_s

    def say(self, text: str, words_per_minute: float) -> Samples:
        """Speak the text."""
        pace = str(round(min(FASTEST_WPM, max(80.0, words_per_minute))))
        try:
            done = run(
                [self._program, "--stdout", "-v", "en", "-s", pace, "--stdin"],
                given=text.encode(),
                timeout=self._timeout_s,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise Unreachable(f"the voice {self._program} failed: {error}") from error
        return _samples(done.stdout)


def find_voice() -> Espeak | None:
    """The voice that is installed here, if one is."""
    for program in ("espeak-ng", "espeak"):
        if shutil.which(program) is not None:
            return Espeak(program)
    return None


def in_time(voice: Voice, text: str, seconds: float, words_per_minute: float) -> Samples:
    """Speak the text so that it ends in time: faster if need be, and cut as the last resort."""
    samples = _trimmed(voice.say(text, words_per_minute))
    most = int(seconds * RATE)
    if len(samples) > most:
        faster = min(FASTEST_WPM, words_per_minute * len(samples) / most * 1.08)
        samples = _trimmed(voice.say(text, faster))
    return samples[:most]


def _trimmed(samples: Samples) -> Samples:
    """Without the silence at the end, which takes time and says nothing."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 200)
    return samples[: loud[-1] + RATE // 50] if len(loud) else samples[:0]


def _samples(data: bytes) -> Samples:
    # Writing to a pipe, espeak-ng can not fill in the lengths of the header: take all that follows.
    with wave.open(io.BytesIO(data)) as file:
        rate, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
    body = data[data.index(b"data") + 8 :]
    samples = np.frombuffer(body[: len(body) // (width * channels) * width * channels], np.int16)
    if rate != RATE:
        at = np.arange(int(len(samples) * RATE / rate)) * rate / RATE
        samples = np.interp(at, np.arange(len(samples)), samples).astype(np.int16)
    return np.asarray(samples, np.int16)
