"""How lines lie on a shelf: the rows of the spaces `line`, `span`, `free`, `source` and `use`, and their bytes.

It neither reads nor changes a shelf.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as quoted
from typing import NamedTuple

from ledger.canonical import compact
from ledger.lines import UnitState, Use, use_from_json, use_json
from ledger.shelf import Form


def at(line: str, position: int) -> str:
    return f"{line}|{position:016d}"


_written = compact(ascii_only=True)
_load = json.JSONDecoder().decode


class LineRow(NamedTuple):
    """A line's own row: `filled` is how far payments have reached where it was opened, elsewhere its length."""

    asset: str
    length: int
    filled: int
    opened: bool


class SpanRow(NamedTuple):
    """A row of `span` under its line and start."""

    end: int
    state: UnitState
    ref: str


class SourceRow(NamedTuple):
    """A row of `source` under its line and start."""

    end: int
    gift: str | None
    use: str | None
    part: int


_STATES = {state.value: state for state in UnitState}


def _line_bytes(row: LineRow) -> bytes:
    opened = "true" if row.opened else "false"
    return f'{{"asset":{quoted(row.asset)},"filled":{row.filled},"length":{row.length},"opened":{opened}}}'.encode()


def _line_of(data: bytes) -> LineRow:
    return LineRow(**_load(data.decode()))


def _span_bytes(row: SpanRow) -> bytes:
    return f'[{row.end},"{row.state}",{quoted(row.ref)}]'.encode()


def span_of(data: bytes) -> SpanRow:
    text = data.decode()
    if "\\" in text:
        end, state, ref = _load(text)
        return SpanRow(end, _STATES[state], ref)
    # No character is escaped, so the row is its three parts between commas.
    end, state, ref = text[1:-1].split(",", 2)
    return SpanRow(int(end), _STATES[state[1:-1]], ref[1:-1])


def _source_bytes(row: SourceRow) -> bytes:
    gift = "null" if row.gift is None else quoted(row.gift)
    use = "null" if row.use is None else quoted(row.use)
    return f"[{row.end},{gift},{use},{row.part}]".encode()


def source_of(data: bytes) -> SourceRow:
    return SourceRow(*_load(data.decode()))


def _use_bytes(use: Use) -> bytes:
    return _written(use_json(use)).encode()


def _use_of(data: bytes) -> Use:
    return use_from_json(_load(data.decode()))


def _free_bytes(end: int) -> bytes:
    return b"%d" % end


LINE = Form("line", _line_bytes, _line_of)
SPAN = Form("span", _span_bytes, span_of)
FREE = Form("free", _free_bytes, int)
SOURCE = Form("source", _source_bytes, source_of)
USE = Form("use", _use_bytes, _use_of)
