"""What can go wrong with cubes."""

from __future__ import annotations

from stem_memory.errors import MemoryFault


class CubeFault(MemoryFault):
    """A command can not be carried out on the cubes as they are."""


class NotGranted(CubeFault):
    """Whoever asked has no right to do this to the cube."""


class BlobDamaged(MemoryFault):
    """A blob is missing, or its bytes are not those it is named after."""


class NotSafetensors(MemoryFault):
    """The file is no sound safetensors file."""


class BundleUnreadable(MemoryFault):
    """The file is damaged, or it is not an exported memory."""
