"""Pictures from cameras and files, and what can be measured on them.

The only file of this package that knows OpenCV. Pixels are blue, green, red.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.errors import Refused, Unreachable
from devices.glasses.contracts import Box
from devices.glasses.shot import Image

Grey = NDArray[np.uint8]
FACE_STRIDE = 4
_CODECS = {".mp4": "mp4v", ".webm": "VP80"}
# A stream that is silent for so long (ms) is gone; by itself OpenCV waits for half a minute.
_LIMITS = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 5000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 3000]


class VideoInput:
    """A video file, a camera by number, or a stream by address, read picture by picture."""

    def __init__(self, source: str) -> None:
        """Open the source.

        Raises:
            Unreachable: nobody answers, or the file holds no video that can be read.
        """
        self.source = source
        self.live = source.isdigit() or "://" in source
        with quiet():
            if source.isdigit():
                self._video = cv2.VideoCapture(int(source))
            else:
                limits = _LIMITS if self.live else []
                self._video = cv2.VideoCapture(source, cv2.CAP_FFMPEG, limits)
        if not self._video.isOpened():
            self._video.release()
            what = "camera or stream" if self.live else "video file"
            raise Unreachable(f"the {what} {source} can not be opened: is it there and whole?")
        if self.live:
            # The oldest picture in a driver's queue is of no use: keep the queue short.
            self._video.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    @property
    def fps(self) -> float:
        """Pictures per second as the source says; 0.0 where it does not."""
        fps = float(self._video.get(cv2.CAP_PROP_FPS))
        return fps if 0.0 < fps < 1000.0 else 0.0

    @property
    def frames(self) -> int:
        """How many pictures the file says it has; 0 for a live source."""
        return max(0, int(self._video.get(cv2.CAP_PROP_FRAME_COUNT)))

    def read(self) -> Image | None:
        """The next picture; None at the end, and where nothing can be decoded any more."""
        with quiet():
            good, pixels = self._video.read()
        return np.asarray(pixels, np.uint8) if good else None

    def skip(self) -> bool:
        """Pass over the next picture without decoding it; False at the end."""
        with quiet():
            return bool(self._video.grab())

    def close(self) -> None:
        """Let go of the source."""
        self._video.release()


class VideoOutput:
    """A video file in `.mp4` or `.webm` that takes pictures of one size."""

    def __init__(self, path: Path, fps: float, size: tuple[int, int]) -> None:
        """Begin the file; `size` is (width, height).

        Raises:
            Refused: the name ends in something else, or the file can not be written there.
        """
        codec = _CODECS.get(path.suffix)
        if codec is None:
            raise Refused(f"cannot write a video to {path}: name a file in .mp4 or .webm")
        with quiet():
            self._video = cv2.VideoWriter(
                str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), fps, size
            )
        if not self._video.isOpened():
            raise Refused(f"cannot write a video to {path}: may you write in its folder?")
        self.size = size

    def write(self, pixels: Image) -> None:
        """Append a picture; another size is fitted to the file's."""
        if (pixels.shape[1], pixels.shape[0]) != self.size:
            pixels = np.asarray(cv2.resize(pixels, self.size, interpolation=cv2.INTER_AREA))
        self._video.write(pixels)

    def close(self) -> None:
        """Finish the file."""
        with quiet():
            self._video.release()


class FaceFinder:
    """Faces in a picture: CenterFace (Xu et al. 2019, arXiv 1911.03599) from its ONNX file.

    The net gives, on a grid of 4 pixels, how much a cell is the middle of a face, the logarithm of
    the face's height and width, and the offset of its middle.
    """

    def __init__(self, weights: Path, width: int = 320, threshold: float = 0.35) -> None:
        """Load the net.

        Args:
            weights: The ONNX file.
            width: Pictures are looked at in this width (pixels); smaller is faster and misses
                small faces.
            threshold: How sure a face must be (0..1). Redaction rather sees one too many.

        Raises:
            Refused: the file can not be used.
        """
        try:
            self._net = cv2.dnn.readNetFromONNX(str(weights))
        except cv2.error as error:
            raise Refused(f"the face detector {weights} can not be loaded: {error.err}") from None
        self._names = self._net.getUnconnectedOutLayersNames()
        self._width = width
        self._threshold = threshold

    def find(self, pixels: Image) -> tuple[Box, ...]:
        """Boxes of faces, the surest first."""
        height, width = pixels.shape[:2]
        # The net wants sides that 32 divides.
        w = max(32, round(min(self._width, width) / 32) * 32)
        h = max(32, round(w * height / width / 32) * 32)
        self._net.setInput(cv2.dnn.blobFromImage(pixels, 1.0, (w, h), (0, 0, 0), True, False))
        maps = [np.asarray(out)[0] for out in self._net.forward(self._names)]
        heat, scale, offset = maps[:3]
        rows, columns = np.nonzero(heat[0] > self._threshold)
        if not len(rows):
            return ()
        tall, wide = (np.exp(scale[k, rows, columns]) * FACE_STRIDE for k in (0, 1))
        y = (rows + offset[0, rows, columns] + 0.5) * FACE_STRIDE
        x = (columns + offset[1, rows, columns] + 0.5) * FACE_STRIDE
        boxes = np.stack([x - wide / 2, y - tall / 2, wide, tall], axis=1)
        sure = heat[0, rows, columns]
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), sure.tolist(), self._threshold, 0.3)
        return tuple(
            Box(
                left=max(0.0, float(bx / w)),
                top=max(0.0, float(by / h)),
                right=min(1.0, float((bx + bw) / w)),
                bottom=min(1.0, float((by + bh) / h)),
            )
            for bx, by, bw, bh in (boxes[int(k)] for k in np.ravel(np.asarray(kept)))
        )


class Window:
    """A window on this machine's screen."""

    def __init__(self, title: str) -> None:
        """Open the window.

        Raises:
            Refused: there is no screen.
        """
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            raise Refused("there is no screen to open a window on: write a file with --out instead")
        self._title = title
        cv2.namedWindow(title, cv2.WINDOW_NORMAL)

    def show(self, pixels: Image) -> str:
        """Show a picture and return the key pressed since the last one, or ""."""
        cv2.imshow(self._title, pixels)
        key = cv2.waitKey(1) & 0xFF
        return chr(key) if key < 128 else ""

    def close(self) -> None:
        """Close the window."""
        cv2.destroyWindow(self._title)


def read_picture(path: Path) -> Image | None:
    """A picture file's pixels; None where it can not be decoded."""
    with quiet():
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return np.asarray(pixels, np.uint8) if pixels is not None else None


def write_picture(path: Path, pixels: Image) -> None:
    """Write pixels to a PNG or JPEG file.

    Raises:
        Refused: it can not be written there.
    """
    if not cv2.imwrite(str(path), pixels):
        raise Refused(f"cannot write a picture to {path}: may you write in its folder?")


def narrowed(pixels: Image, width: int) -> Image:
    """The picture at most `width` pixels wide; itself if it is that already."""
    if pixels.shape[1] <= width:
        return pixels
    height = max(1, round(pixels.shape[0] * width / pixels.shape[1]))
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def grey(pixels: Image, width: int) -> Grey:
    """A grey copy, `width` pixels wide."""
    small = narrowed(pixels, width)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def sharpness(picture: Grey) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al. 2000): high where edges are crisp."""
    return float(cv2.Laplacian(picture, cv2.CV_64F).var())


def smeared(pixels: Image, boxes: Sequence[Box], margin: float = 0.25, blocks: int = 4) -> Image:
    """A copy in which the boxes, wider by `margin` on each side, hold `blocks`² colours each.

    The means of so few blocks do not tell one face from another, and nothing restores the rest.
    """
    picture = pixels.copy()
    height, width = picture.shape[:2]
    for box in boxes:
        wide, tall = (box.right - box.left) * margin, (box.bottom - box.top) * margin
        x0, x1 = int(max(0.0, box.left - wide) * width), int(min(1.0, box.right + wide) * width) + 1
        y0, y1 = (
            int(max(0.0, box.top - tall) * height),
            int(min(1.0, box.bottom + tall) * height) + 1,
        )
        part = picture[y0:y1, x0:x1]
        if part.size:
            few = cv2.resize(part, (blocks, blocks), interpolation=cv2.INTER_AREA)
            picture[y0:y1, x0:x1] = cv2.resize(
                few, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR
            )
    return picture


def use_threads(count: int) -> None:
    """How many threads OpenCV may use: one is fastest where the machine is busy."""
    cv2.setNumThreads(count)


class _Silencer:
    """The error stream while decoders are at work. It belongs to the whole process, and cameras are
    read in threads: the first one in redirects it, the last one out puts it back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._kept = -1

    def enter(self) -> None:
        """Somebody begins to decode."""
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._kept = os.dup(2)
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, 2)
                os.close(nowhere)

    def leave(self) -> None:
        """Somebody has decoded."""
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                os.dup2(self._kept, 2)
                os.close(self._kept)


_SILENCER = _Silencer()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the decoders from writing to the error stream: what failed is told by who called."""
    _SILENCER.enter()
    try:
        yield
    finally:
        _SILENCER.leave()
