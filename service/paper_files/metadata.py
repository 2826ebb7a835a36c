"""What was found in a paper beside what it shows, and what is done to it: told to who adds it, and kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.core.wording import Wording
from ledger.model.evidence import Treatment

_MOST_SHOWN = 80
_MOST_VALUE = 60


@dataclass(frozen=True, slots=True)
class MetadataItem:
    """One thing in a file: what is done to its like, its name in the format, and what it says."""

    treatment: Treatment
    name: str
    value: str = ""

    def line(self) -> str:
        """In a line, as the format names it: nothing that a terminal would run."""
        name, value = _shown(self.name), _shown(self.value)
        return f"{name}: {value}" if value else name


@dataclass(frozen=True, slots=True)
class Plain:
    """A file without what was found in it."""

    data: bytes
    found: tuple[MetadataItem, ...]

    @property
    def done(self) -> tuple[Treatment, ...]:
        """What was done to it, each once, in the order of the words."""
        kinds = {one.treatment for one in self.found}
        return tuple(kind for kind in Treatment if kind in kinds)


def metadata_lines(items: Iterable[MetadataItem]) -> tuple[str, ...]:
    """What a file says beside what it shows, a line each; of more than are told the last one says how many."""
    lines = tuple(dict.fromkeys(one.line() for one in items))
    if len(lines) <= _MOST_VALUE:
        return lines
    more = Wording(
        "and {n} more thing of another name or value",
        {"n": len(lines) - _MOST_VALUE + 1},
        "and {n} more things of other names or values",
    )
    return (*lines[: _MOST_VALUE - 1], str(more))


def _shown(text: str) -> str:
    shown = "".join(c if c.isprintable() else " " for c in text)
    words = " ".join(shown.split())
    return words if len(words) <= _MOST_SHOWN else f"{words[:_MOST_SHOWN]}…"
