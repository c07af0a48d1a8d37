"""What a tool raises when nobody answers, as opposed to when it was asked nonsense."""

from __future__ import annotations


class ToolUnavailable(Exception):
    """The tool's other end does not answer; the text is one sentence for the wearer."""
