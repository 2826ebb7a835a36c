"""A map of countries as an SVG image of its own: shaded by how much reached each, small ones marked by a square.

It knows words only as they are given. Every corner is rounded to a pixel, so a map of any region is small.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, log10, radians

from api.flow.svg import esc, n, width_of
from api.map.world import Box, Corner, Country, World, around

STYLE = (
    ".s{fill:#eef1f3}.n{fill:#fff;stroke:#9aa3a9}.a{fill:#cfeadf}.b{fill:#8fcdb9}.c{fill:#3d9c82}.d{fill:#0a6350}"
    ".a,.b,.c,.d,.o{stroke:#14191d}.o{fill:#fff;stroke-dasharray:3 2}.n,.a,.b,.c,.d,.o{stroke-width:.8}"
    "text{font:13px system-ui,sans-serif;fill:#14191d}.h{fill:none;stroke:#fff;stroke-width:3;stroke-linejoin:round}"
    "@media(prefers-color-scheme:dark){.s{fill:#192025}.n{fill:#0f1417;stroke:#5f6b73}.a{fill:#15483c}"
    ".b{fill:#236e5b}.c{fill:#3fae90}.d{fill:#a4ecd5}.a,.b,.c,.d,.o{stroke:#eaeef0}.o{fill:#0f1417}"
    "text{fill:#eaeef0}.h{stroke:#0f1417}}"
)
STYLE_HASH = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
"""What a policy of contents says to allow this style and no other."""
SHADES = "abcd"
_SMALL = 90.0
"""Square pixels below which a country is marked."""
_SEEN = 1.5
"""Square pixels below which an island is not drawn."""
_SQUARE = 10.0
_LEAST = 9.0
"""Degrees that a map shows at least, so that neighbours tell where it is."""
_ROW = 22.0


@dataclass(frozen=True, slots=True)
class Shade:
    """What reached a country (0: it was asked for there and nothing came yet), and what it is called on the map."""

    units: int
    label: str


@dataclass(frozen=True, slots=True)
class _Room:
    """A region laid out on a picture of some width."""

    box: Box
    width: float
    height: float

    def at(self, corner: Corner) -> Corner:
        x, y = corner
        across = (x - self.box.west) / (self.box.east - self.box.west) * self.width
        down = (self.box.north - y) / (self.box.north - self.box.south) * self.height
        return across, down


def step_of(most: int) -> int:
    """What each of the four shades spans, a round figure: the largest one lies in the darkest or the one below."""
    quarter = max(1, -(-most // len(SHADES)))
    size = 10 ** int(log10(quarter))
    return int(
        next(
            size * part // 10
            for part in (10, 15, 20, 25, 30, 40, 50, 60, 80, 100)
            if size * part >= quarter * 10
        )
    )


def shade_of(units: int, step: int) -> str:
    """The class of a country's shade; `o` an outline, where nothing came yet."""
    return SHADES[min(len(SHADES) - 1, (units - 1) // step)] if units else "o"


def _room(countries: Sequence[Country], width: float) -> _Room:
    """The region of some countries with a margin, no taller than it is wide."""
    box = around([country.main for country in countries])
    middle = (box.south + box.north) / 2
    narrow = max(0.4, cos(radians(middle)))
    high = max(_LEAST, (box.north - box.south) * 1.1)
    wide = max(_LEAST / narrow, (box.east - box.west) * 1.1, high / narrow)
    if wide * narrow > high * 2:
        high = wide * narrow / 2
    centre = (box.west + box.east) / 2
    room = Box(
        centre - wide / 2, max(-85.0, middle - high / 2), centre + wide / 2, min(85.0, middle + high / 2)
    )
    return _Room(room, width, round(width * (room.north - room.south) / (wide * narrow)))


def _clipped(ring: Sequence[Corner], turn: float, room: _Room) -> list[Corner]:
    """A ring in pixels, cut at the edges of the picture (Sutherland and Hodgman), without corners that fall together.

    `turn`: degrees by which it is moved first.
    """
    corners = [room.at((x + turn, y)) for x, y in ring]
    for axis, limit, sign in ((0, 0.0, 1), (0, room.width, -1), (1, 0.0, 1), (1, room.height, -1)):
        inside: list[Corner] = []
        for here, before in zip(corners, [*corners[-1:], *corners[:-1]], strict=True):
            is_in, was_in = (here[axis] - limit) * sign >= 0, (before[axis] - limit) * sign >= 0
            if is_in != was_in:
                part = (limit - before[axis]) / (here[axis] - before[axis])
                inside.append(
                    (before[0] + part * (here[0] - before[0]), before[1] + part * (here[1] - before[1]))
                )
            if is_in:
                inside.append(here)
        corners = inside
    kept: list[Corner] = []
    for x, y in corners:
        corner = (round(x * 2) / 2, round(y * 2) / 2)
        if not kept or abs(kept[-1][0] - corner[0]) + abs(kept[-1][1] - corner[1]) >= 1:
            kept.append(corner)
    return kept


def _rings(country: Country, room: _Room) -> list[list[Corner]]:
    """What is to be seen of a country, also of what lies on the other side of the 180th meridian."""
    cut = [
        _clipped(ring, turn, room)
        for turn in (-360.0, 0.0, 360.0)
        if country.whole.moved(turn).meets(room.box)
        for ring in country.rings
    ]
    return [ring for ring in cut if len(ring) > 2 and _area(ring) >= _SEEN]


def _area(ring: Sequence[Corner]) -> float:
    pairs = zip(ring, [*ring[1:], *ring[:1]], strict=True)
    return abs(sum(x * other_y - other_x * y for (x, y), (other_x, other_y) in pairs)) / 2


def map_svg(world: World, shades: Mapping[str, Shade], legend: Sequence[str], none: str, width: float) -> str:
    """The drawing; `shades` by code of a country, at least one. `legend`: a word for each of the four shades.

    `none`: the word for countries that something was asked for and that nothing reached yet.
    """
    countries = [world.countries[code] for code in shades]
    room = _room(countries, width)
    step = step_of(max(shade.units for shade in shades.values()))
    lands: list[str] = []
    marks: list[str] = []
    places: list[tuple[str, Corner, bool]] = []
    for country in sorted(world.countries.values(), key=lambda country: -country.boxes[0].size):
        rings = _rings(country, room)
        shade = shades.get(country.code)
        css = "n" if shade is None else shade_of(shade.units, step)
        if rings:
            lands.append(f'<path class="{css}" d="{"".join(_drawn(ring) for ring in rings)}"/>')
        if shade is None:
            continue
        small = sum(_area(ring) for ring in rings) < _SMALL
        largest = country.main if small else country.boxes[0]
        x, y = room.at(((largest.west + largest.east) / 2, (largest.south + largest.north) / 2))
        if small:
            half = _SQUARE / 2
            marks.append(f'<rect class="{css}" x="{n(x - half)}" y="{n(y - half)}" width="10" height="10"/>')
        places.append((shade.label, (x, y), small))
    below, high = _legend(legend, none if any(not shade.units for shade in shades.values()) else "", room)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {n(width)} {n(high)}" width="{n(width)}" '
        f'height="{n(high)}"><style>{STYLE}</style>'
        f'<rect class="s" width="{n(width)}" height="{n(room.height)}"/>'
        f"{''.join(lands)}{''.join(marks)}{''.join(_labels(places, room))}{''.join(below)}</svg>"
    )


def size_of(world: World, codes: Sequence[str], none: bool, width: float) -> tuple[int, int]:
    """Width and height of the drawing, so that a page keeps its place."""
    room = _room([world.countries[code] for code in codes], width)
    rows = -(-(len(SHADES) + none) // _columns(width))
    return int(width), int(room.height + rows * _ROW + 4)


def _drawn(ring: Sequence[Corner]) -> str:
    return f"M{' '.join(f'{n(x)} {n(y)}' for x, y in ring)}Z"


def _columns(width: float) -> int:
    return 5 if width > 500 else 2


def _legend(words: Sequence[str], none: str, room: _Room) -> tuple[list[str], float]:
    """The shades with their words below the map, and how high the whole is then."""
    drawn: list[str] = []
    columns = _columns(room.width)
    entries = [*zip(SHADES, words, strict=True), *([("o", none)] if none else [])]
    for number, (css, word) in enumerate(entries):
        x, y = number % columns * room.width / columns, room.height + 8 + number // columns * _ROW
        drawn.append(f'<rect class="{css}" x="{n(x + 1)}" y="{n(y)}" width="14" height="14"/>')
        drawn.append(f'<text x="{n(x + 20)}" y="{n(y + 12)}">{esc(word)}</text>')
    return drawn, room.height + -(-len(entries) // columns) * _ROW + 4


def _labels(places: Sequence[tuple[str, Corner, bool]], room: _Room) -> list[str]:
    """Names where they have room: on the country, else beside it; the table has those that have none."""
    taken = [Box(x - 6, y - 6, x + 6, y + 6) for _, (x, y), small in places if small]
    drawn: list[str] = []
    for label, (x, y), small in places:
        wide = width_of(label, 13)
        middle = [] if small else [x - wide / 2]
        for left in (*middle, x + 9, x - 9 - wide):
            box = Box(left, y - 7, left + wide, y + 7)
            inside = left >= 2 and left + wide <= room.width - 2 and y - 7 >= 0 and y + 7 <= room.height
            if inside and not any(box.meets(other) for other in taken):
                taken.append(box)
                at = f'x="{n(left)}" y="{n(y + 4.5)}"'
                drawn.append(f'<text class="h" {at}>{esc(label)}</text><text {at}>{esc(label)}</text>')
                break
    return drawn
