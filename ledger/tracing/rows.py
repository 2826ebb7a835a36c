"""How lines lie on a shelf: the rows of the spaces `line`, `span`, `free`, `source` and `use`, and their bytes.

It neither reads nor changes a shelf.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple

from ledger.core.lines import Part, PartKind, Span, UnitState, Use
from ledger.store.shelf import Form


def at(line: str, position: int) -> str:
    return f"{line}|{position:016d}"


_read = json.JSONDecoder().raw_decode


def _load(text: str) -> Any:
    """The value that a row's text is."""
    return _read(text)[0]


class LineRow(NamedTuple):
    """A line's own row: `filled` is how far payments have reached where it was opened, elsewhere its length."""

    asset: str
    length: int
    filled: int
    opened: bool


class SpanRow(NamedTuple):
    """A row of `span` under its line and start: units that are not free; those of `free` have only an end."""

    end: int
    state: UnitState
    ref: str


class SourceRow(NamedTuple):
    """A row of `source` under its line and start."""

    end: int
    gift: str | None
    use: str | None
    part: int


class UseRow(NamedTuple):
    """A row of `use` under its name: the use, and the number of the entry that recorded it."""

    use: Use
    entry: int


_STATES = {state.value: state for state in UnitState}
_PARTS = {kind.value: kind for kind in PartKind}


def _line_bytes(row: LineRow) -> bytes:
    opened = "true" if row.opened else "false"
    return f'{{"asset":{quoted(row.asset)},"filled":{row.filled},"length":{row.length},"opened":{opened}}}'.encode()


def _line_of(data: bytes) -> LineRow:
    return LineRow(**_load(data.decode()))


def _span_bytes(row: SpanRow) -> bytes:
    return f'[{row.end},"{row.state}",{quoted(row.ref)}]'.encode()


def _span_of(data: bytes) -> SpanRow:
    return SpanRow(*_span_parts(data.decode()))


def span_at(key: str, data: bytes) -> Span:
    """A row of `span` with its key."""
    return Span(int(key[-16:]), *_span_parts(data.decode()))


def _span_parts(text: str) -> tuple[int, UnitState, str]:
    if "\\" in text:
        end, state, ref = _load(text)
        return end, _STATES[state], ref
    # No character is escaped, so the row is its three parts between commas.
    end, state, ref = text[1:-1].split(",", 2)
    return int(end), _STATES[state[1:-1]], ref[1:-1]


def _source_bytes(row: SourceRow) -> bytes:
    gift = "null" if row.gift is None else quoted(row.gift)
    use = "null" if row.use is None else quoted(row.use)
    return f"[{row.end},{gift},{use},{row.part}]".encode()


def source_of(data: bytes) -> SourceRow:
    return SourceRow(*_load(data.decode()))


def _use_bytes(row: UseRow) -> bytes:
    use, entry = row
    pieces = ",".join([f"[{start},{end}]" for start, end in use.pieces])
    parts = ",".join(map(_part_text, use.parts))
    return f"[{entry},{quoted(use.id)},{quoted(use.line)},[{pieces}],{use.scale},[{parts}]]".encode()


def _part_text(part: Part) -> str:
    kind, share, out, line, start = part
    onward = "" if line is None else f",{quoted(line)},{start}"
    return f'["{kind}",{share},{out}{onward}]'


def _use_of(data: bytes) -> UseRow:
    (entry, name, line, pieces, scale, parts), _ = _read(data.decode())
    there = tuple([Part(_PARTS[kind], *rest) for kind, *rest in parts])
    return UseRow(Use(name, line, tuple([(start, end) for start, end in pieces]), scale, there), entry)


def _free_bytes(end: int) -> bytes:
    return b"%d" % end


LINE = Form("line", _line_bytes, _line_of)
SPAN = Form("span", _span_bytes, _span_of)
FREE = Form("free", _free_bytes, int)
SOURCE = Form("source", _source_bytes, source_of)
USE = Form("use", _use_bytes, _use_of, once=True)
