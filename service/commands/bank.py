"""`import bank` and `bank forget`: a statement's lines into the journal, and their private words out of the database.

All lines of a file are recorded or none; the same file again changes nothing. The words of a line stay in a table
beside the journal, which holds only their commitments: forgetting them changes no entry, and no backup.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ledger.core.facts import Date
from ledger.core.money import decimal_text
from ledger.model.bank import Direction
from ledger.recording.bank_words import forget_words
from ledger.recording.desk import act
from ledger.recording.users import Actor, actor_named
from ledger.rules.bank import STATEMENT, BankLine, BankStatement, find_line, statements_of
from ledger.rules.books import Books
from ledger.store.transaction import Writing
from ledger.views.bank_state import bank_secret, commitment, open_lines
from service.bank_files import FileLine, FileStatement, Layout, csv_statement, layout_from
from service.camt_files import camt_statements
from service.command import Answer, BadUse, Command, Exit, Outside, add_data_option
from service.commands.desk import only_campaign
from service.folding import open_ledger

_MOST_FILE, _MOST_MAPPING = 20_000_000, 100_000
_MOST_SHOWN = 20


def _import_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a CSV, or CAMT.053 (XML)")
    parser.add_argument(
        "--mapping", metavar="FILE", required=True, help="TOML: the bank, and how its CSV is read"
    )
    parser.add_argument(
        "--opening", metavar="AMOUNT", help="balance before the first line, where the CSV has none"
    )
    parser.add_argument(
        "--closing", metavar="AMOUNT", help="balance after the last line, where the CSV has none"
    )
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    parser.add_argument("--as", dest="user", metavar="USER", required=True, help="who records this")
    add_data_option(parser)


def _import(options: argparse.Namespace, outside: Outside) -> Answer:
    layout = layout_from(_read(outside.folder / options.mapping, options.mapping, _MOST_MAPPING))
    layout = replace(
        layout, opening=options.opening or layout.opening, closing=options.closing or layout.closing
    )
    data = _read(outside.folder / options.file, options.file, _MOST_FILE)
    statements = _statements(data, layout)
    now, new, known = outside.clock(), 0, 0
    with open_ledger(options.data, outside) as store, store.write() as tx:
        actor = actor_named(tx, options.user)
        slug = options.campaign or only_campaign(tx)
        for part, statement in enumerate(statements):
            added, there = _record(tx, actor, slug, layout, statement, data, part, now)
            new, known = new + added, known + there
        waiting = open_lines(tx, slug)
    lines = [f"{new} lines recorded, {known} known already{'' if new else '; nothing changed'}."]
    for line in waiting[:_MOST_SHOWN]:
        money = f"{decimal_text(line.currency, line.left)} {line.currency}"
        lines.append(f"waits: {line.identity} {line.booked} {money} at {line.bank}")
        lines += [f"  {p.score:>3}  entry {p.reference}: {', '.join(p.why)}" for p in line.proposals]
    if waiting:
        lines.append(
            f"{len(waiting)} wait; `bank match` with line and entry confirms one, `bank aside` sets one aside."
        )
    return Answer(tuple(lines), {"new": new, "known": known, "waiting": len(waiting)})


def _read(path: Path, name: str, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as failure:
        reason = getattr(failure, "strerror", None) or "not a file name"
        raise BadUse(f"{name}: cannot be read ({reason}).") from None
    if len(data) > most:
        raise BadUse(f"{name}: is larger than {most} bytes.")
    return data


def _statements(data: bytes, layout: Layout) -> tuple[FileStatement, ...]:
    """The statements of a file, each of which ties; raises BadUse with how much one is off."""
    is_xml = data.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")[:1] == b"<"
    found = camt_statements(data, layout) if is_xml else (csv_statement(data, layout),)
    for statement in found:
        if statement.off:
            off = decimal_text(statement.currency, statement.off)
            raise BadUse(
                f"file: opening, lines and closing do not tie: the lines lead {off} {statement.currency} too far; "
                "nothing was taken. Take the whole statement as the bank gave it."
            )
        if not statement.lines:
            raise BadUse("file: a statement without a booked line; there is nothing to import.")
    return found


def _record(
    tx: Writing,
    actor: Actor,
    slug: str,
    layout: Layout,
    statement: FileStatement,
    data: bytes,
    part: int,
    now: int,
) -> tuple[int, int]:
    """(lines that are new, lines that were known)."""
    new = known = 0
    sha256 = hashlib.sha256(data).hexdigest()
    before = _lines(tx, slug, layout.bank, statement, Counter())
    if _goes_on(tx, slug, layout.bank, statement, before, sha256):
        before = _lines(tx, slug, layout.bank, statement, _counted(tx, slug, layout.bank, statement))
    for line, words in before:
        outcome = act(tx, actor, slug, "bank", "line", line, now=now)
        new, known = new + (not outcome.already), known + outcome.already
        if words is not None and not outcome.already and line.text is not None:
            tx.desk.save_opening(line.text, *words)
    days = [line.booked for line in statement.lines]
    amounts = [line.minor for line in statement.lines]
    told = BankStatement(
        bank=layout.bank,
        currency=statement.currency,
        sha256=sha256,
        part=part,
        opening=statement.opening,
        came=sum(minor for minor in amounts if minor > 0),
        went=-sum(minor for minor in amounts if minor < 0),
        closing=statement.closing,
        lines=len(amounts),
        first=min(days),
        last=max(days),
    )
    act(tx, actor, slug, "bank", "statement", _standing(tx, slug, told), now=now)
    return new, known


def _standing(tx: Writing, slug: str, told: BankStatement) -> BankStatement:
    """Told anew where the same file was recorded and reversed before."""
    n = 0
    while (row := tx.journal.by_key(STATEMENT.key(slug, told))) and Books(tx).reversed_by(row.seq):
        n += 1
        told = replace(told, n=n)
    return told


Told = list[tuple[BankLine, tuple[bytes, bytes] | None]]


def _goes_on(tx: Writing, slug: str, bank: str, statement: FileStatement, lines: Told, sha256: str) -> bool:
    """Does a file begin where the newest statement closed, and hold lines that look like earlier ones of that day?

    Then those are further ones: a bank that gives no reference writes the same fee twice a day in two files alike.
    """
    told = [s for s in statements_of(tx.session, slug) if (s.bank, s.currency) == (bank, statement.currency)]
    if not told or any(s.sha256 == sha256 for s in told) or any(line.reference for line in statement.lines):
        return False
    first = min(line.booked for line in statement.lines)
    newest = told[-1]
    if newest.closing != statement.opening or first < newest.last:
        return False
    # What looks known and sums to nothing may as well be the same lines again, exported a second time.
    return (
        sum(
            line.amount if line.direction is Direction.IN else -line.amount
            for line, _ in lines
            if find_line(tx.session, slug, line.identity) is not None
        )
        != 0
    )


def _counted(tx: Writing, slug: str, bank: str, statement: FileStatement) -> Counter[str]:
    """How often each line of a file stands on earlier statements already."""
    secret, place = bank_secret(tx), _place(slug, bank, statement)
    seen: Counter[str] = Counter()
    for line in dict.fromkeys(statement.lines):
        while find_line(tx.session, slug, _identity(secret, place, line, seen)) is not None:
            pass
        seen[_said(line)] -= 1
    return seen


def _place(slug: str, bank: str, statement: FileStatement) -> str:
    return f"{slug}\0{bank}\0{statement.currency}"


def _lines(tx: Writing, slug: str, bank: str, statement: FileStatement, seen: Counter[str]) -> Told:
    """Facts of each line with (salt, words) of its text; known by the bank's reference, else by what it says.

    `seen`: how often each was there before.
    """
    secret, place, found = bank_secret(tx), _place(slug, bank, statement), Told()
    for line in statement.lines:
        identity = _identity(secret, place, line, seen)
        text, words = None, None
        if line.text:
            value = line.text.encode()
            text, salt = commitment(secret, f"text\0{identity}", value)
            words = (salt, value)
        told = BankLine(
            bank=bank,
            currency=statement.currency,
            identity=identity,
            direction=Direction.IN if line.minor > 0 else Direction.OUT,
            amount=abs(line.minor),
            booked=line.booked,
            text=text,
        )
        found.append((told, words))
    return found


def _said(line: FileLine) -> str:
    """What a line is known by, but for its n-th occurrence."""
    if line.reference:
        return f"reference\0{line.reference}"
    return f"line\0{line.booked}\0{line.minor}\0{line.text}"


def _identity(secret: bytes, place: str, line: FileLine, seen: Counter[str]) -> str:
    """The bank's own reference, else booking date, amount, text and n-th occurrence that day (docs/rules.md, 14)."""
    told = _said(line)
    seen[told] += 1
    return commitment(secret, place, f"{told}\0{seen[told]}".encode())[0]


def _forget_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lines", nargs="*", metavar="IDENTITY", help="lines, as `bank list` names them")
    parser.add_argument("--before", metavar="DAY", help="all lines booked before this day (YYYY-MM-DD)")
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    parser.add_argument("--as", dest="user", metavar="USER", required=True, help="the admin who asks for it")
    add_data_option(parser)


def _forget(options: argparse.Namespace, outside: Outside) -> Answer:
    if not options.lines and options.before is None:
        raise BadUse("IDENTITY or --before is needed: say which lines, or before which day.")
    if options.before is not None:
        try:
            TypeAdapter(Date).validate_python(options.before)
        except ValidationError:
            raise BadUse("--before: write the day as YYYY-MM-DD.") from None
    with open_ledger(options.data, outside) as store, store.write() as tx:
        slug = options.campaign or only_campaign(tx)
        actor = actor_named(tx, options.user)
        count = forget_words(tx, actor, slug, options.lines, options.before, now=outside.clock())
    said = (
        f"the words of {count} bank lines are forgotten; entries and matches stand"
        if count
        else "no words to forget"
    )
    return Answer((f"{said}. Backups made before still hold them.",), {"forgotten": count})


COMMANDS: Mapping[str, Command] = {
    "import bank": Command(_import, _import_options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE, Exit.DENIED)),
    "bank forget": Command(_forget, _forget_options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE, Exit.DENIED)),
}
