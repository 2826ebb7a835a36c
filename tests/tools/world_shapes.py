"""The shapes of the world's countries, made from Natural Earth 1:50m for the map of a campaign's page.

Run as `python -m tests.tools.world_shapes`: it fetches two pinned packages of npm's registry, `world-atlas` (Natural
Earth's admin-0 countries as TopoJSON) and `i18n-iso-countries` (their names in seven languages), and writes
`api/static/world.json`. Lines are made coarser arc by arc, so that two neighbours keep one border.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ATLAS = ("world-atlas-2.0.2", "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97")
NAMES = ("i18n-iso-countries-7.14.0", "bb418ebfb965789fcfbcce7dee59888d901ef64b03601da78b2e224cd6f5825c")
LANGUAGES = ("ar", "en", "es", "fr", "pt", "ru", "zh")
SOURCE = (
    "Natural Earth 4.1.0, admin-0 countries 1:50m, public domain, by world-atlas 2.0.2 (ISC); names by "
    "i18n-iso-countries 7.14.0 (MIT)"
)
UNITS = 50
"""Steps of a degree in which corners are written."""
COARSE = 2.5
"""How far, in these steps, a line may lie from where Natural Earth has it: 0.05 degrees, below a pixel of a phone."""
OTHER_NAMES = {"CI": ["Ivory Coast"], "CV": ["Cape Verde"], "SZ": ["Swaziland"], "MK": ["North Macedonia"]}
TARGET = Path(__file__).resolve().parents[2] / "api" / "static" / "world.json"

Corner = tuple[int, int]


def fetched(package: tuple[str, str]) -> tarfile.TarFile:
    """A package of npm's registry; raises ValueError where its bytes are others than the pinned ones."""
    name, sha256 = package
    url = f"https://registry.npmjs.org/{name.rpartition('-')[0]}/-/{name}.tgz"
    with urllib.request.urlopen(url, timeout=60) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError(f"{url} has other bytes than those that were pinned; do not use it")
    return tarfile.open(fileobj=io.BytesIO(data))


def read(packed: tarfile.TarFile, name: str) -> Any:
    file = packed.extractfile(f"package/{name}")
    assert file is not None
    return json.load(file)


def coarser(corners: Sequence[Corner]) -> list[Corner]:
    """The line without corners that lie nearer than `COARSE` to it (Douglas and Peucker); a ring keeps its far end."""
    first, last = corners[0], corners[-1]

    def distance(corner: Corner) -> float:
        along, across = last[0] - first[0], last[1] - first[1]
        x, y = corner[0] - first[0], corner[1] - first[1]
        length = float(along**2 + across**2)
        part = max(0.0, min(1.0, (x * along + y * across) / length)) if length else 0.0
        return float(((x - part * along) ** 2 + (y - part * across) ** 2) ** 0.5)

    if len(corners) < 3:
        return list(corners)
    far = max(range(1, len(corners) - 1), key=lambda n: distance(corners[n]))
    if distance(corners[far]) <= COARSE:
        return [first, last]
    return [*coarser(corners[: far + 1])[:-1], *coarser(corners[far:])]


def arcs_of(atlas: Any) -> list[list[Corner]]:
    """Each arc as corners in our steps, x to the east and y to the north."""
    (scale_x, scale_y), (from_x, from_y) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    made = []
    for arc in atlas["arcs"]:
        x = y = 0
        corners: list[Corner] = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            corners.append((round((x * scale_x + from_x) * UNITS), round((y * scale_y + from_y) * UNITS)))
        made.append(coarser(corners))
    return made


def ring_of(numbers: Sequence[int], arcs: Sequence[Sequence[Corner]]) -> list[Corner]:
    """The corners of a ring that is made of arcs; `~n` is the arc n backwards."""
    corners: list[Corner] = []
    for number in numbers:
        arc = list(arcs[number]) if number >= 0 else list(arcs[~number])[::-1]
        corners += arc if not corners else arc[1:]
    turn, half = 360 * UNITS, 180 * UNITS
    whole = corners[:1]
    for x, y in corners[1:-1]:
        # Where a ring crosses the 180th meridian it goes on, and lies a whole turn away from its other side.
        before = whole[-1][0]
        x += turn * round((before - x) / turn) if abs(before - x) > half else 0
        whole.append((x, y))
    return whole


def beside(rings: list[list[Corner]]) -> list[list[Corner]]:
    """The rings of a country, those beyond the 180th meridian moved beside its largest one."""

    def middle(ring: list[Corner]) -> float:
        return (min(x for x, _ in ring) + max(x for x, _ in ring)) / 2

    turn = 360 * UNITS
    largest = max(rings, key=len)
    moved = []
    for ring in rings:
        by = turn * round((middle(largest) - middle(ring)) / turn)
        moved.append([(x + by, y) for x, y in ring])
    return moved


def as_steps(corners: Sequence[Corner]) -> list[int]:
    """The first corner, and the way from each to the next, as one list."""
    steps, (x, y) = [], (0, 0)
    for corner in corners:
        steps += [corner[0] - x, corner[1] - y]
        x, y = corner
    return steps


def names_of(code: str, name: str, catalogues: Sequence[Any]) -> list[str]:
    """What a country is called, English first."""
    told: list[str] = []
    for catalogue in catalogues:
        given = catalogue["countries"].get(code, [])
        told += [given] if isinstance(given, str) else given
    return list(dict.fromkeys([*told, name, *OTHER_NAMES.get(code, [])]))


def main() -> None:
    with fetched(ATLAS) as packed:
        atlas = read(packed, "countries-50m.json")
    with fetched(NAMES) as packed:
        codes = {number: code for code, _, number, _ in read(packed, "codes.json")}
        order = ("en", *(language for language in LANGUAGES if language != "en"))
        catalogues = [read(packed, f"langs/{language}.json") for language in order]
    arcs = arcs_of(atlas)
    countries: dict[str, Any] = {}
    for shape in atlas["objects"]["countries"]["geometries"]:
        name = shape["properties"]["name"]
        code = codes.get(shape.get("id"), name)
        polygons = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
        # A hole is another country or a lake: what lies in it is drawn over it.
        rings = beside([ring_of(polygon[0], arcs) for polygon in polygons])
        kept = [as_steps(ring) for ring in rings if len(ring) > 2]
        if code in countries:
            countries[code]["rings"] += kept
        elif code != "AQ":
            # What is too small for a shape has a place all the same, where it is marked.
            countries[code] = {
                "names": names_of(code, name, catalogues),
                "rings": kept or [as_steps(max(rings, key=len))],
            }
    body = {"source": SOURCE, "units": UNITS, "countries": dict(sorted(countries.items()))}
    TARGET.write_text(json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main()
