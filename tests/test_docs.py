"""The documents: every relative link leads somewhere, every command and option that they print exists."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.cli import build_parser
from service.commands import TABLE
from tests.tools.demo_data import run_command

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`", re.DOTALL)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
PATH = re.compile(
    r"(?:\.ci|api|bench|docs|ledger|service|tests|watchers)/[A-Za-z0-9_./]*|[A-Za-z.-]+\.(?:lock|toml)"
)
CITATION = re.compile(r"docs/(rules|architecture)\.md, ((?:[TC]?\d+(?: and )?)+|[A-Z][a-z]+(?: [a-z]+)*)")
ELSEWHERE = re.compile(
    r"\b(?:RULES \d+|DESIGN(?:\.md|,| section)|WATCHING|LEDGER\.md|INTERFACE\.md|STYLE\.md)"
)
OURS = re.compile(r"(?:\.{1,2}/)?aidtrail ")
NAMED = re.compile(r"([a-z-]+) [a-z-]+( |$)")
WRITTEN_BY_INIT = {"aidtrail.toml"}


def shown(document: Path) -> str:
    return str(document.relative_to(ROOT))


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(document: Path) -> Iterator[str]:
    for target in LINK.findall(FENCE.sub("", document.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (document.parent / path).resolve() if path else document
        if not found.is_relative_to(ROOT) or not found.exists() or (anchor and anchor not in anchors(found)):
            yield target


def printed_commands(document: Path) -> Iterator[str]:
    """Commands in fenced shell blocks (joined over `\\`), and in code within sentences."""
    text = document.read_text()
    for language, block in FENCE.findall(text):
        if language in {"sh", "ini"}:
            for line in block.replace("\\\n", " ").splitlines():
                for part in line.removeprefix("ExecStart=").split(" && "):
                    yield part.strip().removeprefix("/opt/aidtrail/")
    for code in CODE.findall(FENCE.sub("", text)):
        yield " ".join(code.split())


def ours(document: Path) -> list[list[str]]:
    """The words of each printed aidtrail command, without the program's name, which sentences and tables leave out."""
    known = nouns()
    named = []
    for printed in printed_commands(document):
        if OURS.match(printed):
            named.append(shlex.split(printed, comments=True)[1:])
        elif (told := NAMED.match(printed)) and told[1] in known:
            named.append(shlex.split(printed))
    return named


def nouns() -> set[str]:
    return {words.split(" ")[0] for words in TABLE}


def options_of(words: str) -> set[str]:
    """The options that a command's own parser knows."""
    row = TABLE[words]
    parser = build_parser(row, row.load())
    for word in words.split(" "):
        choices = next(a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction))
        parser = choices[word]
    return {option for action in parser._actions for option in action.option_strings}


def what_is_wrong(words: list[str]) -> str | None:
    """Why these words are no command of ours, or None."""
    if words[0] == "test":  # the launcher's own; all that follows is pytest's
        return None
    known = set(TABLE)
    two = " ".join(words[:2])
    command = two if two in known else words[0]
    if command not in known:
        only_a_noun = len(words) == 1 or words[1].startswith("-")
        return None if only_a_noun and words[0] in nouns() else "no such command"
    unknown = {w.split("=")[0] for w in words if w.startswith("--")} - options_of(command)
    return f"no option {', '.join(sorted(unknown))}" if unknown else None


@pytest.mark.parametrize("document", DOCUMENTS, ids=shown)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    assert list(broken_links(document)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=shown)
def test_every_printed_command_exists_with_its_options(document: Path) -> None:
    wrong = {" ".join(words): what_is_wrong(words) for words in ours(document)}
    assert {words: reason for words, reason in wrong.items() if reason} == {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=shown)
def test_every_file_that_is_named_in_code_exists(document: Path) -> None:
    named = {code for code in CODE.findall(FENCE.sub("", document.read_text())) if PATH.fullmatch(code)}
    missing = {name for name in named - WRITTEN_BY_INIT if not (ROOT / name).exists()}
    assert {name for name in missing if name != "tests/node/.cache"} == set()


TYPED = re.compile(r"^(?:\./aidtrail|\$A) (.*?)(?: <<'JSON'\n(.*?)^JSON)?$", re.DOTALL | re.MULTILINE)


def typed(document: Path, heading: str = "") -> Iterator[tuple[list[str], bytes]]:
    """The commands of a document, or under one of its headings, with what stands behind them as JSON."""
    text = (
        document.read_text().partition(heading)[2].partition("\n## ")[0] if heading else document.read_text()
    )
    for language, block in FENCE.findall(text):
        if language == "sh":
            for line, told in TYPED.findall(block.replace("\\\n", " ")):
                yield shlex.split(line), told.encode()


def test_the_worked_example_and_the_lines_of_the_readme_do_what_they_say(tmp_path: Path) -> None:
    for words, told in typed(ROOT / "docs/example.md"):
        ran = run_command(words, tmp_path, told)
        assert ran.code == (1 if words[0] == "inbox" else 0), ran.err
        if words[0] == "trail":
            assert "paid for 10,000 masks: 9,900 in stock at Clinic store, 100 damaged" in ran.out
            assert "795.00 USD  held at the bank" in ran.out
        if words[0] == "inbox":
            assert "PO-1/1 damaged L-77 (receipt GRN-1), 42.00 USD" in ran.out
    coordinators_commands_are_read(tmp_path)
    begun = list(typed(ROOT / "README.md", "## A campaign of your own, without money at stake"))
    assert [words[0] for words, _ in begun] == ["init", "user", "campaign", "look", "serve"]
    for words, _ in begun[:-1]:
        ran = run_command(words, tmp_path)
        assert ran.code == 0, ran.err


PLACES = {
    "TXID:VOUT": f"{'ab' * 32}:0", "TXID": "ab" * 32, "IDENTITY": "cd" * 32, "SHA256": "ef" * 32, "2020-": "2026-",
    "signed.pdf": "signed.txt", "eva": "root",
}  # fmt: skip
"""What is written for the names in commands that stand for something of one's own."""
LACKS = (
    "there is no ", "no such bank line", "no evidence that stands", "entry 141 moved no EUR",
    "does not have exactly this role", "of this campaign has settled here", "is more than the 0.00000000 BTC",
)  # fmt: skip
HAS = (
    "there is a user whose name is this one",
    "is recorded already",
    "is unpaid",
    "have 795.00 USD there already",
)


def coordinators_commands_are_read(home: Path) -> None:
    """Each command for coordinators is done on the example's ledger, or only refused for what that has or lacks."""
    document = ROOT / "docs/coordinators.md"
    mapping = next(block for language, block in FENCE.findall(document.read_text()) if language == "toml")
    files = {
        "first-bank.toml": mapping,
        "june.csv": "Buchungstag;Betrag;Saldo;Empfaenger;Buchungstext;Verwendungszweck;Referenz\n"
        "30.06.2026;-4,00;996,00;Bank;Entgelt;Juni;R-1\n",
        "payment.json": json.dumps(
            {"number": "P-2", "order": "PO-1", "asset": "USD", "amount": 100, "discharges": 100, "bank": "First Bank",
             "prepayment": True, "date": "2026-02-25"}
        ),
        "signed.txt": "Balances of 31 May",
        "sanctioned_addresses_XBT.txt": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa\n",
    }  # fmt: skip
    for name, told in files.items():
        (home / name).write_text(told)
    done, refused = set(), {}
    for words, _ in typed(document):
        for place, own in PLACES.items():
            words = [word.replace(place, own) for word in words]
        command = " ".join(words[:2])
        ran = run_command([*words, *(["--data", "example"] if "--data" in options_of(command) else [])], home)
        if ran.code == 0:
            done.add(command)
        elif ran.code != 2 or not any(reason in ran.err for reason in (*LACKS, *HAS)):
            refused[" ".join(words)] = ran.err
    assert refused == {}
    assert done >= {"evidence add", "opening template", "import bank", "deposit add", "period approve", "limit set",
                    "exchange-rate add", "screening add", "import sanctions", "token add"}  # fmt: skip


def headings(document: Path) -> set[str]:
    """What a document's headings are cited by: all of a heading, or the number that it begins with."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", document.read_text()), re.MULTILINE)
    return {*titles, *(title.partition(". ")[0] for title in titles)}


def source_files() -> Iterator[Path]:
    for folder in ("api", "bench", "ledger", "service", "tests", "watchers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            hidden = (
                "/." in path.relative_to(ROOT).as_posix()
            )  # real programs' own files lie in hidden folders
            if not hidden and path != Path(__file__):
                yield path


def citations() -> Iterator[tuple[str, str, str]]:
    """(where, document, what of it) of each citation of our documents in the source."""
    for path in source_files():
        for document, cited in CITATION.findall(path.read_text(encoding="utf-8")):
            for part in cited.split(" and ") if document == "rules" else [cited]:
                yield str(path.relative_to(ROOT)), f"{document}.md", part


def test_every_rule_and_section_that_the_source_cites_exists() -> None:
    known = {document.name: headings(document) for document in DOCUMENTS}
    cited = list(citations())
    assert {part for _, document, part in cited if document == "rules.md"} > {"1", "T3", "C1"}
    assert [found for found in cited if found[2] not in known[found[1]]] == []


def test_nobody_needs_a_paper_that_is_not_in_the_repository() -> None:
    """The design and the rules are cited from `docs/`, so whoever has the source can read them."""
    wrong = [
        f"{path.relative_to(ROOT)}: {paper}"
        for path in (*source_files(), *DOCUMENTS)
        for paper in ELSEWHERE.findall(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_the_readme_names_every_command_and_no_other_noun() -> None:
    table = (ROOT / "README.md").read_text().split("## Commands", 1)[1].split("\n## ", 1)[0]
    named = {
        code.removeprefix("aidtrail ").split(" ")[0] for code in CODE.findall(table.split("| exit", 1)[0])
    }
    missing = nouns() - named
    assert missing - {"spend"} == set()  # spends record themselves


def test_the_readme_lists_the_exit_codes_that_the_program_has() -> None:
    rows = re.findall(r"^\| (\d+) \| ", (ROOT / "README.md").read_text(), re.MULTILINE)
    used = {int(code) for row in TABLE.values() for code in row.load().exits}
    assert used <= {int(row) for row in rows}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("fly", "no such command"),
        ("user fly", "no such command"),
        ("user add ana --rool admin", "no option --rool"),
        ("user add ana --role admin", None),
        ("user", None),
        ("test -k merkle", None),
    ],
)
def test_the_check_of_commands_sees_what_is_wrong(words: str, reason: str | None) -> None:
    assert what_is_wrong(words.split(" ")) == reason


def test_the_check_of_links_sees_a_dead_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    document = tmp_path / "a.md"
    document.write_text(
        "# One heading\n[x](b.md) [y](#one-heading) [z](#none) [w](../out.md) [h](https://a.b)\n"
    )
    assert list(broken_links(document)) == ["b.md", "#none", "../out.md"]
