"""Where a campaign's things were handed out: a table of places, and a map of countries a product, an image each.

What reached people is what the last stage of the picture says; a place that names no country has its row all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.flow.svg import shown
from api.languages.language import ENGLISH, Language
from api.map.drawn import SHADES, STYLE_HASH, Shade, map_svg, size_of, step_of
from api.map.world import World, world
from api.pages import sentences as say
from api.pages.parts import ROWS
from api.pages.sentences import countries as words
from ledger.core.errors import NotFound
from ledger.core.frozen import Amount
from ledger.views.campaign import NeedRow
from ledger.views.flow import Bar, Flow, Stage, StageKind, totals_of

WIDTHS = (288, 328, 560)
"""Of the image: on the narrowest phone, on a phone, and beside its table."""
MAPS = 3
"""Products that have a map, those first of which most was handed out."""
MAP_POLICY = f"default-src 'none'; style-src {STYLE_HASH}; frame-ancestors 'none'"
"""What the image may do: it has one style of its own."""


@dataclass(frozen=True, slots=True)
class MapSize:
    """One of the images of a map."""

    path: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CountryMap:
    """The images of one product; `caption` is empty where there is one product alone."""

    caption: str
    alt: str
    sizes: tuple[MapSize, ...]


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A row of the table: a place, or all that are not shown."""

    label: str
    figure: str
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class Countries:
    """The section of a campaign's page."""

    note: str
    maps: tuple[CountryMap, ...]
    rows: tuple[PlaceRow, ...]
    total: str


def countries_of(slug: str, flow: Flow, needs: Sequence[NeedRow]) -> Countries | None:
    """The table with its maps; None before anything was handed out."""
    stage = _handed_out(flow)
    if stage is None:
        return None
    shapes = world()
    products = _products(stage)
    maps: list[CountryMap] = []
    for product in products:
        shades = _shades(shapes, stage, product, needs)
        if any(shade.units for shade in shades.values()) and len(maps) < MAPS:
            unit = flow.units.get(product, product)
            wanted = any(not shade.units for shade in shades.values())
            sizes = tuple(
                MapSize(f"/c/{slug}/map/{products.index(product)}-{width}.svg", *size)
                for width in WIDTHS
                for size in [size_of(shapes, list(shades), wanted, width)]
            )
            caption = words.map_caption(unit) if len(products) > 1 else ""
            maps.append(CountryMap(caption, words.map_alt(unit), sizes))
    return Countries(
        words.map_note(len(maps)),
        tuple(maps),
        tuple(_rows(stage, flow, needs)),
        say.totals(totals_of(stage.bars), flow.units, named=False),
    )


def country_map(
    flow: Flow, needs: Sequence[NeedRow], number: int, width: int, language: Language = ENGLISH
) -> bytes:
    """The image of a product's map, by its place among the products; raises NotFound."""
    stage = _handed_out(flow)
    products = _products(stage) if stage else []
    if stage is None or number >= len(products) or width not in WIDTHS:
        raise NotFound("There is no such map.")
    shades = {
        code: replace(shade, label=shown(shade.label, language))
        for code, shade in _shades(world(), stage, products[number], needs).items()
    }
    most = max((shade.units for shade in shades.values()), default=0)
    if not most:
        raise NotFound("There is no such map.")
    legend = [shown(words.up_to(step_of(most) * (n + 1)), language) for n in range(len(SHADES))]
    none = shown(str(words.NOTHING_YET), language)
    return map_svg(world(), shades, legend, none, width).encode()


def _handed_out(flow: Flow) -> Stage | None:
    stages = [stage for stage in flow.stages if stage.kind is StageKind.DISTRIBUTED and stage.bars]
    return stages[0] if stages else None


def _products(stage: Stage) -> list[str]:
    """Codes of what was handed out, most of it first."""
    totals = totals_of(stage.bars)
    return [row.asset for row in sorted(totals, key=lambda row: (-row.minor, row.asset))]


def _shades(shapes: World, stage: Stage, product: str, needs: Sequence[NeedRow]) -> dict[str, Shade]:
    """What reached each country; those that only asked are outlined."""
    bars = [bar for bar in stage.bars if bar.asset == product]
    quantities = [(bar.label, bar.units) for bar in bars] + [(need.place, 0) for need in needs]
    shades: dict[str, Shade] = {}
    for place, units in quantities:
        code = shapes.country_of(place)
        if code is None:
            continue
        before = shades.get(code)
        # Of several places in a country the map says its name.
        name = shapes.name_of(place)
        several = before is not None and before.label != name
        label = shapes.countries[code].name if several else name
        shades[code] = Shade((before.units if before else 0) + units, label)
    return shades


def _rows(stage: Stage, flow: Flow, needs: Sequence[NeedRow]) -> list[PlaceRow]:
    """A row a place, most first, then those that wait; what is not shown is one row, so that the table adds up."""
    by_place: dict[str, list[Bar]] = {}
    for bar in stage.bars:
        by_place.setdefault(world().name_of(bar.label), []).append(bar)
    ordered = sorted(by_place.items(), key=lambda row: (-sum(bar.units for bar in row[1]), row[0]))
    most = len(ordered) if len(ordered) <= ROWS else ROWS - 1
    rows = [PlaceRow(place, _figure(totals_of(bars), flow)) for place, bars in ordered[:most]]
    if rest := [bar for _, bars in ordered[most:] for bar in bars]:
        rows.append(PlaceRow(words.other_places(len(ordered) - most), _figure(totals_of(rest), flow)))
    waits = {
        name: need.by
        for need in needs
        if world().country_of(need.place) and (name := world().name_of(need.place)) not in by_place
    }
    rows += [
        PlaceRow(place, words.asked_until(by), is_empty=True) for place, by in list(waits.items())[:ROWS]
    ]
    return rows


def _figure(amounts: Sequence[Amount], flow: Flow) -> str:
    return say.totals(amounts, flow.units, named=len(flow.units) > 1)
