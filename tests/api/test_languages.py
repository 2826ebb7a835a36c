"""The languages of the pages: their catalogues are whole and hold what the English texts hold, and an address, a
browser and a choice on the page lead to them.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from html import unescape

import pytest
from babel.messages.catalog import Catalog
from fastapi.testclient import TestClient

from api.app import create_app
from api.languages.address import preferred
from api.languages.language import ARABIC, ENGLISH, FRENCH, HERE, OFFERED, Language
from api.languages.localised import Localisable, localised
from api.pages.figures import count, exact_with_asset
from api.pages.messages import AND, Message, Piece, joined_list, listed, localised_sentence, said, worded
from api.pages.sentences import fixed
from ledger.core.frozen import Amount
from tests.tools.catalogues import Key, catalogue, extracted, missing, tags, told_by
from tests.tools.fakes_api import ports

OTHERS = [language for language in OFFERED if not language.is_english]
_PLACE = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")
_CODE = re.compile(r"`[^`]*`|(?<![A-Za-z0-9])[A-Z]{3,}(?:[:=][A-Z]+)*(?![A-Za-z0-9])")
"""What is typed as it stands: commands, and names in capital letters that stand for something."""
_MARK = re.compile(r"\*\*|\[\[|\]\]|\*[^*]+\*|\[[^\]]+\]")
_FOR_MACHINES = re.compile(r"https://|curl |bitcoin-cli |SHA-256$|Bitcoin \(BTC\)$|\{day\}, \{clock\} UTC$")
"""Texts that are told alike in every language: addresses, lines of a shell, and names."""
_OTHER_MEANING = {
    "need": {
        "Everything public, without a key. The whole description: [openapi.json]. Writing needs a token: {header}."
    },
    "receipt": {"A number, or a kind as: receipt"},
    "settled": {
        "What began to wait last stands first. Nothing here is hidden until it is settled: it keeps its row.",
        "Loans settled in other money",
    },
    "gap": {
        "{n} donor can still have an address of their own, after whom all share the fixed one: raise the gap limit of "
        "the wallet (`gap_limit`), or add one; what was given out and not paid waits for its payment"
    },
}  # fmt: skip
"""Where a word of the glossary means something else."""


@dataclass(frozen=True, slots=True)
class Translated:
    """A text with its forms; a form of one number alone may leave the number out."""

    key: Key
    forms: tuple[str, ...]


@cache
def _catalogue(tag: str) -> Catalog:
    return catalogue(tag)


@cache
def _translated(tag: str) -> tuple[Translated, ...]:
    return tuple(
        Translated(
            told_by(entry),
            (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ()),
        )
        for entry in _catalogue(tag)
        if entry.id
    )


def _numbers_of(tag: str, form: int) -> int:
    """How many of the first thousand numbers a form is told for."""
    of = _catalogue(tag).plural_expr
    decide = eval(f"lambda n: int({_as_python(of)})")
    return sum(1 for n in range(1_000) if decide(n) == form)


def _as_python(expression: str) -> str:
    """A rule of `Plural-Forms`, which is written in C, as Python has it."""
    text = expression.replace("&&", " and ").replace("||", " or ").strip()
    if text.startswith("(") and "?" in text and text.find(")") == len(text) - 1:
        text = text[1:-1]
    while (found := re.search(r"^(.*?)\?(.*?):(.*)$", text)) is not None:
        text = f"({found[2]}) if ({found[1]}) else ({_as_python(found[3])})"
    return text


@pytest.mark.parametrize("tag", tags())
def test_a_catalogue_has_the_texts_of_the_pages_and_no_others(tag: str) -> None:
    """`python -m tests.tools.catalogues` brings it up to them."""
    assert {told.key for told in _translated(tag)} == set(extracted())


def test_a_language_that_is_offered_is_whole() -> None:
    for language in OTHERS:
        assert not missing(_catalogue(language.tag)), language.tag
        for told in _translated(language.tag):
            wanted = _catalogue(language.tag).num_plurals if told.key.many else 1
            assert len(told.forms) == wanted, told.key


@pytest.mark.parametrize("tag", tags())
def test_a_translation_has_the_places_marks_and_commands_of_its_text(tag: str) -> None:
    """None is missing, broken or another; nothing is half of a mark."""
    alone = {form for form in range(_catalogue(tag).num_plurals) if _numbers_of(tag, form) == 1}
    for told in _translated(tag):
        for number, form in enumerate(told.forms):
            if not form:
                continue
            places = set(_PLACE.findall(told.key.text)) | set(_PLACE.findall(told.key.many))
            may_lack = {"n"} if number in alone and told.key.many else set()
            assert places - may_lack <= set(_PLACE.findall(form)) <= places, (told.key, form)
            assert set(_CODE.findall(told.key.text)) <= set(_CODE.findall(form)), (told.key, form)
            assert form.count("`") == told.key.text.count("`"), (told.key, form)
            assert form == form.strip(), form
            if told.key in _messages():
                assert len(_MARK.findall(form)) == len(_MARK.findall(told.key.text)), (told.key, form)
                rest = _MARK.sub("", _PLACE.sub("", form)).replace("{{", "").replace("}}", "")
                assert not set("*[]{}") & set(rest), form


@cache
def _messages() -> set[Key]:
    """Texts that have marks: those of pages, not of refusals."""
    return {key for key, (files, _) in extracted().items() if any("/pages/" in file for file in files)}


@pytest.mark.parametrize("tag", tags())
def test_a_translation_that_is_its_text_says_why(tag: str) -> None:
    with (HERE / tag / "same.csv").open(encoding="utf-8", newline="") as file:
        reasons = {row["text"]: row["reason"] for row in csv.DictReader(file)}
    same = {
        told.key.text
        for told in _translated(tag)
        if told.forms[0] == told.key.text
        and re.search(r"[^\W\d_]", _PLACE.sub("", told.key.text))
        and not _FOR_MACHINES.match(told.key.text)
    }
    assert same == set(reasons)
    assert all(reasons.values())


@pytest.mark.parametrize("tag", tags())
def test_a_catalogue_uses_the_words_of_its_glossary(tag: str) -> None:
    """One word for one thing: each English one is told by one of the words that the glossary has for it."""
    with (HERE / tag / "glossary.csv").open(encoding="utf-8", newline="") as file:
        glossary = list(csv.DictReader(file))
    assert {row["english"] for row in glossary} == _GLOSSARY
    told = [
        (each.key, _told_words(each.key.text), " ".join(each.forms).lower())
        for each in _translated(tag)
        if not _FOR_MACHINES.match(each.key.text)
    ]
    for row in glossary:
        english = row["english"]
        word = re.compile(rf"(?<![\w-])[{english[0].upper()}{english[0]}]{re.escape(english[1:])}s?(?![\w-])")
        for key, text, forms in told:
            if word.search(text) and key.text not in _OTHER_MEANING.get(english, set()) and forms:
                assert any(stem in forms for stem in row["words"].split("|")), (english, key, forms)


_GLOSSARY = {
    "campaign", "need", "pledge", "mempool", "outpoint", "supplier", "partner", "donation", "donor", "settled",
    "confirmed", "evicted", "reorged", "dust line", "blocked", "reversal", "waybill", "stock", "loss", "handover",
    "distributed", "withheld", "sealed", "redacted", "unexplained", "reconciled", "journal", "lot", "gap",
    "claim code", "receipt", "invoice", "paper", "shortfall",
}  # fmt: skip
"""Words that mean one thing everywhere on the pages; each language has its own for each."""


def _told_words(text: str) -> str:
    return _CODE.sub("", _PLACE.sub("", text))


@pytest.fixture(scope="module")
def site() -> TestClient:
    return TestClient(create_app(ports()), follow_redirects=False)


def test_a_page_is_told_in_the_language_of_its_address_and_its_links_stay_in_it(site: TestClient) -> None:
    for language in OTHERS:
        html = site.get(f"/{language.tag}/c/bithelp?show=1").text
        assert f'<html lang="{language.tag}" dir="{language.direction}">' in html
        links = re.findall(r'<(?:a|form) [^>]*?(?:href|action)="(/[^"]*)"', html)
        ours = [link for link in links if not link.startswith(("/api/", "/papers/"))]
        assert ours
        assert all(link.startswith(tuple(f"/{each.tag}/" for each in OFFERED)) for link in ours), ours
        assert unescape(str(localised(str(_text("Campaigns")), language))) in html
        told = unescape(str(localised(str(fixed.BY_MACHINE), language)))
        assert (told in unescape(html)) is not language.is_reviewed


def _text(words: str) -> Message:
    return Message(words, "title on a page")


def test_each_page_has_itself_in_every_language(site: TestClient) -> None:
    """By a link that is seen, and one for machines; English has an address of its own, which nothing redirects."""
    for path in ("/c/bithelp", "/fr/c/bithelp", "/en/c/bithelp"):
        html = site.get(path).text
        for language in OFFERED:
            assert (
                f'<link rel="alternate" hreflang="{language.tag}" href="/{language.tag}/c/bithelp">' in html
            )
            assert f'href="/{language.tag}/c/bithelp" hreflang="{language.tag}" lang="{language.tag}"' in html
        assert '<link rel="alternate" hreflang="x-default" href="/c/bithelp">' in html
    assert site.get("/en/c/bithelp", headers={"Accept-Language": "fr"}).status_code == 200


def test_a_page_whose_address_is_secret_leads_to_its_languages_without_telling_it(site: TestClient) -> None:
    assert '<a href="?in=fr" hreflang="fr"' in site.get("/c/bithelp/give").text
    for address in ("/c/bithelp/give?in=fr", "/en/c/bithelp/give?in=fr", "/fr/c/bithelp/give?in=fr"):
        assert site.get(address).headers["location"] == "/fr/c/bithelp/give"
    assert site.get("/fr/c/bithelp?in=en").headers["location"] == "/en/c/bithelp"
    assert site.get("/c/bithelp?in=xx").status_code == 200


def test_a_browser_is_sent_to_its_language_where_the_address_has_none(site: TestClient) -> None:
    french = {"Accept-Language": "de, fr-BE;q=0.8, en;q=0.7"}
    sent = site.get("/c/bithelp/donations?show=bank", headers=french)
    assert (sent.status_code, sent.headers["location"]) == (302, "/fr/c/bithelp/donations?show=bank")
    assert sent.headers["vary"] == "Accept-Language"
    assert "no-store" in sent.headers["cache-control"]
    assert "Accept-Language" in site.get("/c/bithelp").headers["vary"]
    for path in ("/api/v1/campaigns", "/fr/c/bithelp", "/healthz", "/static/mark.svg", "/openapi.json"):
        assert site.get(path, headers=french).status_code == 200, path
    assert site.get("/fr/api/v1/campaigns").status_code == 404


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", ENGLISH),
        ("fr", FRENCH),
        ("FR-ca, en", FRENCH),
        ("en, fr", ENGLISH),
        ("fr;q=0.3, en;q=0.9", ENGLISH),
        ("xx, fr;q=0.1", FRENCH),
        ("fr;q=0", ENGLISH),
        ("*, fr;q=0.5", ENGLISH),
        ("fr;q=many, ;;;,,q=1", FRENCH),
    ],
)
def test_a_browser_says_what_it_likes_best(header: str, language: Language) -> None:
    assert preferred(header) is language


_WORDS = re.compile(r"\b(?:the|of|and|is|are|not|with|was|by|to|no|in|from|at|on|for)\b", re.IGNORECASE)
_TOLD_BY_OTHERS = {
    "Bithelp: masks for West Africa", "Bithelp: masks for West Africa · aidtrail", "600 lost, wet cartons at Abuja",
    "81,000 to WAHO", "Maker’s safety in its country", "The Gambia",
}  # fmt: skip
"""What a campaign wrote, which is told as it stands."""


def test_nothing_on_a_page_of_another_language_is_english_of_ours(site: TestClient) -> None:
    """A text that was cut or put beside another lost its language, and would stand here."""
    gift = re.findall(r'href="(/d/[^"]*)"', site.get("/c/bithelp").text)[0]
    paths = ("/", "/c/bithelp", "/c/bithelp/accounts", gift, "/words", "/donors", "/about", "/not-shown")
    for path in (*paths, "/c/bithelp/give"):
        english = set(_shown(site.get(path).text))
        for language in OTHERS:
            same = english.intersection(_shown(site.get(f"/{language.tag}{path}").text))
            assert {text for text in same if _WORDS.search(text)} <= _TOLD_BY_OTHERS, (language.tag, path)


def _shown(html: str) -> list[str]:
    plain = re.sub("[\u2066-\u2069]", "", html)
    return [unescape(text).strip() for text in re.split(r"<[^>]*>", plain)]


def test_a_problem_is_told_in_the_language_of_its_address(site: TestClient) -> None:
    """A key that nobody has may be a secret: it stands in no link to the other languages."""
    key = "z" * 300
    html = site.get(f"/fr/d/{key}").text
    assert "Rien n’est trouvé sous cette clé" in html
    assert "Caractères de ce que vous avez écrit" in html
    assert f"/en/d/{key}" not in html


def test_figures_days_and_lists_are_told_as_their_language_has_them() -> None:
    gift = exact_with_asset(Amount.of("USD", 123_456_789))
    assert (gift, localised(gift, FRENCH)) == ("1,234,567.89 USD", "1\u202f234\u202f567,89\u00a0USD")
    assert localised(count(-2_000), FRENCH) == "-2\u202f000"
    assert FRENCH.day(date(2020, 6, 5)) == "5 juin 2020"
    assert localised(listed(["a", "b", "c"]), FRENCH) == "a, b et c"
    told = joined_list([(Piece(gift, "coin"),), (Piece("x"),)], AND)
    pieces = localised_sentence(told, FRENCH)
    assert "".join(piece.text for piece in pieces) == "1\u202f234\u202f567,89\u00a0USD et x"
    assert pieces[0].mark == "coin"


def test_a_number_chooses_the_form_of_its_language() -> None:
    """French has one form for none and one; Babel has the rules of CLDR."""
    place = Message("{n} place", "the head of a stage in the picture; short", many="{n} places")
    assert [localised(worded(place, n=n), FRENCH) for n in (0, 1, 2)] == ["0 lieu", "1 lieu", "2 lieux"]


def test_a_language_from_right_to_left_keeps_figures_and_what_comes_from_outside_apart() -> None:
    """A sum and a key read from left to right, and a name of unknown direction touches nothing around it."""
    told = Message("Worth {fact}", "a fact that stands under a step of the way of a gift", "{fact}: a sum")
    gift = exact_with_asset(Amount.of("BTC", 1_000_000))
    assert localised(gift, ARABIC) == "\u20660.01000000\u00a0BTC\u2069"
    assert "\u2068Aid\u2069" in localised(worded(told, fact="Aid"), ARABIC)
    assert localised(count(-2_000), ARABIC) == "\u2066-2,000\u2069"
    assert ARABIC.day(date(2020, 6, 5)) == "5 يونيو 2020"


def test_arabic_has_six_forms_for_a_number() -> None:
    place = Message("{n} place", "the head of a stage in the picture; short", many="{n} places")
    told = [localised(worded(place, n=n), ARABIC) for n in (0, 1, 2, 3, 11, 100, 103)]
    assert told == ["0 مكان", "مكان واحد", "مكانان", "3 أماكن", "11 مكانا", "100 مكان", "103 أماكن"]


def test_what_comes_from_outside_is_cleaned_in_every_language() -> None:
    """Characters that turn text around are taken from values, and not from the language's own text."""
    fact = Message("Worth {fact}", "a fact that stands under a step of the way of a gift", "{fact}: a sum")
    for language in OTHERS:
        told = localised(worded(fact, fact="\u202eevil\u2066"), language)
        assert "evil" in told
        assert "\u202e" not in told
        assert told.count("\u2066") == 0
        pieces = localised_sentence(said(fact, fact=Piece("\u202ex", "coin")), language)
        assert "\u202e" not in "".join(piece.text for piece in pieces)


def test_a_text_that_is_copied_is_english_alone() -> None:
    assert type(Localisable("a", lambda _: "b")[:]) is str
