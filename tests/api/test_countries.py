"""Where things were handed out: places find their country, shades their class, and the map a strict page."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.map.drawn import SHADES, Shade, map_svg, shade_of, step_of
from api.map.world import world
from api.pages.countries import WIDTHS
from tests.api.test_flow import SVG
from tests.tools.fakes_api import ports, text_of

LEGEND = ("one", "two", "three", "four")


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("Ghana", "GH"), ("The Gambia", "GM"), ("Cabo Verde", "CV"), ("Cape Verde", "CV"), ("Côte d’Ivoire", "CI"),
        ("cote d'ivoire", "CI"), ("Accra, Ghana", "GH"), ("Dakar (Sénégal)", "SN"), ("غانا", "GH"), ("几内亚", "GN"),
        ("Guinea-Bissau", "GW"), ("Guinea", "GN"), ("Niger", "NE"), ("Nigeria", "NG"), ("Kosovo", "Kosovo"),
        ("Accra", None), ("", None), ("Ghana Health Service", None),
    ],
)  # fmt: skip
def test_a_place_finds_the_country_that_it_names_and_nothing_is_guessed(place: str, code: str | None) -> None:
    assert world().country_of(place) == code


def test_a_country_is_called_as_the_united_nations_call_it_and_a_town_as_it_was_recorded() -> None:
    told = {
        "Russia": "Russian Federation", "Vatican": "Holy See", "Ivory Coast": "Côte d'Ivoire", "turkey": "Türkiye",
        "Cape Verde": "Cabo Verde", "The Gambia": "Gambia", "South Korea": "Republic of Korea", "Vietnam": "Viet Nam",
        "Accra, Ghana": "Accra, Ghana", "Hong Kong": "Hong Kong", "Depot": "Depot",
    }  # fmt: skip
    assert {place: world().name_of(place) for place in told} == told
    assert len({country.name for country in world().countries.values()}) == len(world().countries)


def test_every_country_can_be_mapped_alone_and_nothing_lies_outside() -> None:
    """Also those on both sides of the 180th meridian, and those too small for a shape, which are a square."""
    marked = set()
    for code, country in world().countries.items():
        width = WIDTHS[1]
        drawing = ElementTree.fromstring(
            map_svg(world(), {code: Shade(7, country.name)}, LEGEND, "none", width)
        )
        high = float(drawing.attrib["height"])
        own = [path.attrib["d"] for path in drawing.iter(f"{SVG}path") if path.attrib["class"] == "d"]
        squares = [rect for rect in drawing.iter(f"{SVG}rect") if rect.attrib.get("width") == "10"]
        assert own or squares, code
        marked |= {code} if squares else set()
        for d in (path.attrib["d"] for path in drawing.iter(f"{SVG}path")):
            numbers = [float(number) for number in re.findall(r"-?[\d.]+", d)]
            assert all(-0.5 <= x <= width + 0.5 for x in numbers[::2]), code
            assert all(-0.5 <= y <= high for y in numbers[1::2]), code
        for rect in squares:
            assert 0 <= float(rect.attrib["x"]) <= width - 10, code
    assert {"VA", "NR", "MC"} <= marked
    assert not marked & {"FJ", "RU", "US", "NZ", "GH", "LS"}


def test_a_shade_holds_its_count_and_the_largest_count_lies_in_the_last_that_is_needed() -> None:
    for most in (1, 3, 4, 5, 9, 11, 99, 101, 40_000, 123_457, 10**12):
        step = step_of(most)
        assert step * len(SHADES) >= most
        for units in (1, most // 2 or 1, most):
            number = SHADES.index(shade_of(units, step))
            assert step * number < units <= step * (number + 1)
    assert shade_of(0, 10) == "o"


def test_the_page_has_a_table_that_adds_up_and_a_map_that_may_style_nothing_else() -> None:
    site = TestClient(create_app(ports()))
    html = site.get("/c/bithelp").text
    section = re.search(r'<section aria-labelledby="where">.*?</section>', html, re.S)
    assert section
    figures = [int(cell.replace(",", "")) for cell in re.findall(r'<td class="n">([\d,]+)', section[0])]
    assert sum(figures[:-1]) == figures[-1] == 217_000
    assert "do not imply official endorsement or acceptance by the United Nations" in text_of(section[0])
    images = re.findall(r'(?:src|srcset)="(/c/bithelp/map/[^"]+)" width="(\d+)" height="(\d+)"', section[0])
    assert len(images) == len(WIDTHS)
    for path, width, height in images:
        for _ in range(2):  # made, and kept
            answer = site.get(path)
            assert answer.headers["content-type"] == "image/svg+xml"
            policy = answer.headers.get_list("content-security-policy")
            assert len(policy) == 1
            assert "style-src 'sha256-" in policy[0]
        drawing = ElementTree.fromstring(answer.text)
        assert (drawing.attrib["width"], drawing.attrib["height"]) == (width, height)
    assert site.get("/c/bithelp/map/9-328.svg").status_code == 404
    assert site.get("/c/bithelp/map/0-300.svg").status_code == 404
    assert site.get("/c/bithelp/map/x-y.svg").status_code in {404, 422}
    assert 'id="where"' not in site.get("/c/new").text
