"""Text from outside, made safe to show: no control and no bidirectional characters, bounded in length.

It never escapes; that is the template's work.
"""

from __future__ import annotations

import unicodedata

_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = {"\u200c", "\u200d"}  # Persian, Hindi and others spell words with them


def clean(text: str, limit: int = 2000) -> str:
    """Spaces for line ends and tabs, nothing for other control, format, surrogate or unassigned characters."""
    kept: list[str] = []
    for char in text[:limit]:
        if char in "\n\r\t":
            kept.append(" ")
        elif char in _JOINERS or unicodedata.category(char) not in _DROPPED:
            kept.append(char)
    return "".join(kept)
