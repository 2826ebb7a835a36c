"""The shapes of the world's countries, and which of them a place lies in.

Natural Earth 1:50m, made coarser by `tests/tools/world_shapes.py`; `static/world.json` names source and licence.
A country is called as the United Nations call it: `static/un_names.json` says from where, and when that was read.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

Corner = tuple[float, float]
"""Degrees to the east and to the north."""
_FILE = Path(__file__).resolve().parent.parent / "static" / "world.json"
_UN_NAMES = _FILE.with_name("un_names.json")
_MAIN = 0.1
"""An island that is smaller than this part of the largest piece of land of its country moves no edge of a map."""


@dataclass(frozen=True, slots=True)
class Box:
    """From the west to the east and from the south to the north, in degrees."""

    west: float
    south: float
    east: float
    north: float

    @property
    def size(self) -> float:
        return (self.east - self.west) * (self.north - self.south)

    def moved(self, east: float) -> Box:
        return Box(self.west + east, self.south, self.east + east, self.north)

    def meets(self, other: Box) -> bool:
        return not (
            self.east < other.west
            or other.east < self.west
            or self.north < other.south
            or other.north < self.south
        )


def box_of(corners: Sequence[Corner]) -> Box:
    """The smallest box around some corners."""
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return Box(min(xs), min(ys), max(xs), max(ys))


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box around others."""
    return Box(
        min(box.west for box in boxes),
        min(box.south for box in boxes),
        max(box.east for box in boxes),
        max(box.north for box in boxes),
    )


@dataclass(frozen=True)
class Country:
    """Its pieces of land, each a ring of corners. `code`: ISO 3166-1 alpha-2, or its name where it has none."""

    code: str
    name: str
    rings: tuple[tuple[Corner, ...], ...]

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """A box a ring, the largest first."""
        return tuple(sorted((box_of(ring) for ring in self.rings), key=lambda box: -box.size))

    @cached_property
    def whole(self) -> Box:
        """Around all of it."""
        return around(self.boxes)

    @cached_property
    def main(self) -> Box:
        """Around all of it but small islands far away."""
        largest = self.boxes[0].size
        return around([box for box in self.boxes if box.size >= largest * _MAIN])


class World:
    """All countries, by their codes and by what they are called in seven languages."""

    def __init__(self, countries: Mapping[str, Country], by_name: Mapping[str, str]) -> None:
        self.countries = countries
        self._by_name = by_name

    def country_of(self, place: str) -> str | None:
        """The code of the country that a place is or lies in: `Ghana`, `Accra, Ghana`, `Accra (Ghana)`.

        None where it does not say: nothing is guessed from the name of a town.
        """
        for part in (place, place.rpartition(",")[2], place.rstrip(") ").rpartition("(")[2]):
            code = self._by_name.get(_folded(part))
            if code is not None:
                return code
        return None

    def name_of(self, place: str) -> str:
        """What a place is called beside a map: a country by its name at the United Nations, else as it was recorded."""
        code = self._by_name.get(_folded(place))
        return place if code is None else self.countries[code].name


def _folded(name: str) -> str:
    """A name without accents, case, points, and the article."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return re.sub(r"^the ", "", re.sub(r"[\W_]+", " ", bare.casefold()).strip())


@cache
def world() -> World:
    """The shapes that come with the program, read when a map is first wanted."""
    fields = json.loads(_FILE.read_text("utf-8"))
    un_names: dict[str, str] = json.loads(_UN_NAMES.read_text("utf-8"))["names"]
    countries: dict[str, Country] = {}
    by_name: dict[str, str] = {}
    for code, row in fields["countries"].items():
        rings = tuple(_ring(steps, fields["units"]) for steps in row["rings"])
        countries[code] = Country(code, un_names.get(code, row["names"][0]), rings)
        for name in (*row["names"], countries[code].name):
            by_name.setdefault(_folded(name), code)
    return World(countries, by_name)


def _ring(steps: Sequence[int], units: int) -> tuple[Corner, ...]:
    """A ring's corners, of its first one and the way from each to the next."""
    x = y = 0
    corners: list[Corner] = []
    for across, up in zip(steps[::2], steps[1::2], strict=True):
        x, y = x + across, y + up
        corners.append((x / units, y / units))
    return tuple(corners)
