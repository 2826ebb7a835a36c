"""The nouns of the desk on the command line, made from the ledger's own list of them. Records nothing itself:
every action is the same `ledger.recording.desk.act` that the API calls, with the same refusals.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from api.pages.figures import exact_with_asset
from api.pages.sentences.changes import preview_lines
from ledger.core.entry import Entry, entry_bytes, entry_from_bytes
from ledger.core.errors import NotFound, Refused
from ledger.core.facts import adapter
from ledger.core.frozen import Amount
from ledger.core.money import is_money
from ledger.core.strict_json import Fractions, JsonRefused, strict_json
from ledger.model.bank import BankLineRow
from ledger.model.orders import InvoiceRow
from ledger.recording.actors import Actor
from ledger.recording.bank_words import words_of
from ledger.recording.dating import BESIDE
from ledger.recording.desk import NOUNS, Action, Outcome, act
from ledger.recording.kinds import BY_NAME
from ledger.recording.papers import MOST_OF_PLACE, TreatedPaper, keep_paper, seal_paper
from ledger.recording.users import actor_named
from ledger.rules.bank import LINE, MATCH, line_left, signed
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.store.transaction import Reading, Writing
from ledger.views.invoices import invoice_state
from ledger.views.preview import Preview, preview
from service.command import BELIEVED, Answer, BadUse, Command, Exit, Outside, add_data_option
from service.folding import open_ledger
from service.paper_files.treating import treated
from service.sentences import banks, papers
from service.sentences import desk as say
from service.sentences.layout import row

_MOST_FACTS = 1_000_000
_MOST_PAPER = 50_000_000
_SHORTEST = 6


class _Schema:
    """The JSON schema of an action's facts, to read `--set` values by and to list the fields in --help."""

    def __init__(self, facts: type) -> None:
        self._whole: Mapping[str, Any] = adapter(facts).json_schema()

    def fields(self) -> Iterator[tuple[str, str, bool]]:
        """Name, shape in a word, and whether it has to be given."""
        required = self._whole.get("required", [])
        for name, shape in self._whole.get("properties", {}).items():
            yield name, self._word(shape), name in required

    def meaning(self) -> str:
        """What the fields mean, as the API tells it too."""
        return str(self._whole.get("description", "")).strip()

    def _resolved(self, shape: Mapping[str, Any]) -> Mapping[str, Any]:
        reference = shape.get("$ref")
        if reference is not None:
            return self._resolved(self._whole["$defs"][reference.rsplit("/", 1)[-1]])
        for choice in shape.get("anyOf", ()):
            if choice.get("type") != "null":
                return self._resolved(choice)
        return shape

    def _word(self, shape: Mapping[str, Any]) -> str:
        shape = self._resolved(shape)
        if "enum" in shape:
            return "|".join(map(str, shape["enum"]))
        if shape.get("type") == "array":
            return say.list_of(self._word(shape.get("items", {})))
        if shape.get("type") == "object":
            needed = shape.get("required", ())
            properties = shape.get("properties", {}).items()
            names = (
                self._within(name if name in needed else f"{name}?", inner) for name, inner in properties
            )
            return "{" + ", ".join(names) + "}"
        form = shape.get("format", "")
        return say.shape_of(form if say.has_format(form) else shape.get("type", ""))

    def _within(self, name: str, shape: Mapping[str, Any]) -> str:
        """A field of an object: with its shape where that is one of some words, or holds fields of its own."""
        resolved = self._resolved(shape)
        is_nested = "enum" in resolved or resolved.get("type") in {"object", "array"}
        return f"{name}: {self._word(resolved)}" if is_nested else name

    def is_text(self, path: list[str]) -> bool:
        if len(path) == 1 and path[0] in BESIDE:
            return True
        shape: Mapping[str, Any] = self._whole
        for step in path:
            shape = self._resolved(shape)
            shape = shape.get("properties", {}).get(step, {})
        return self._resolved(shape).get("type") == "string"


def _action_options(noun: str) -> Any:
    def options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--as", dest="user", metavar="USER", required=True, help="who records this" + BELIEVED
        )
        parser.add_argument(
            "--campaign", metavar="SLUG", help="the campaign (else the only one there is)", default=None
        )
        parser.add_argument("--facts", metavar="FILE", help="a JSON object with the fields; - for stdin")
        parser.add_argument(
            "--set",
            dest="sets",
            metavar="FIELD=VALUE",
            action="append",
            default=[],
            help="one field; a.b=… for an inner one, a list or object as JSON",
        )
        if noun == "evidence":
            _paper_options(parser)
        else:
            parser.add_argument(
                "--preview",
                action="store_true",
                help="show whose gifts it would touch, its approval included where it waits for one; record nothing",
            )
        add_data_option(parser)

    return options


def _notes(action: Action) -> str:
    schema = _Schema(action.facts)
    return "\n".join(say.fields(action, schema.fields(), schema.meaning()))


def _action(noun: str, verb: str, action: Action) -> Any:
    def run(options: argparse.Namespace, outside: Outside) -> Answer:
        body = _facts_of(options, action, outside)
        paper = _paper(options, verb, body, outside) if noun == "evidence" else None
        said: tuple[str, ...] = ()
        with open_ledger(options.data, outside) as store, store.write() as tx:
            actor = actor_named(tx, options.user, now=outside.clock())
            slug = _slug(tx, options, noun, verb, body)
            if paper is not None:
                said = _keep(tx, actor, body, paper, now=outside.clock())
            if noun != "evidence" and options.preview:
                return _previewed(preview(tx, actor, slug, noun, verb, body, now=outside.clock()))
            outcome = act(tx, actor, slug, noun, verb, body, now=outside.clock())
        return _answer(noun, verb, slug, outcome, said)

    return run


def _paper_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--file",
        metavar="PAPER",
        help="the paper itself: a copy without metadata is kept, of a sealed one nothing",
    )
    parser.add_argument("--original", metavar="FILE", help="the paper before it was blacked out; only hashed")
    parser.add_argument(
        "--keep-metadata",
        action="store_true",
        help="all may read the metadata of a paper that is not rewritten, as a signed PDF",
    )
    parser.add_argument(
        "--where",
        metavar="TEXT",
        help="where the original of a sealed paper lies; private (else the file's path)",
    )


def _previewed(previewed: Preview) -> Answer:
    """Whom an act would touch, in words and as data."""
    return Answer(tuple(preview_lines(previewed)), previewed.data())


def _slug(tx: Reading, options: argparse.Namespace, noun: str, verb: str, facts: Mapping[str, Any]) -> str:
    if options.campaign is not None:
        return str(options.campaign)
    if (noun, verb) == ("campaign", "add") and isinstance(facts.get("slug"), str):
        return str(facts["slug"])
    return only_campaign(tx)


def only_campaign(tx: Reading) -> str:
    """The one campaign there is; BadUse lists them when there are several or none."""
    slugs = [row.campaign for row in tx.journal.rows(kind="campaign")]
    if len(slugs) == 1:
        return slugs[0]
    if not slugs:
        raise BadUse("--campaign: there is no campaign yet; add one with `aidtrail campaign add`.")
    raise BadUse("--campaign: name one of {campaigns}.", campaigns=sorted(slugs)[:20])


def _facts_of(options: argparse.Namespace, action: Action, outside: Outside) -> dict[str, Any]:
    source = options.facts if options.facts is not None else options.as_json
    facts: dict[str, Any] = {}
    if isinstance(source, str):
        loaded = _json(_read(source, _MOST_FACTS, outside), source)
        if not isinstance(loaded, dict):
            raise BadUse("{source}: write one JSON object with the fields.", source=source)
        facts = loaded
    schema = _Schema(action.facts)
    named: set[str] = set()
    for pair in options.sets:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise BadUse("--set: write FIELD=VALUE.")
        if name in named:
            raise BadUse("--set {name}: stands twice; write it once.", name=name)
        named.add(name)
        _set(facts, name.split("."), text, schema)
    return facts


def _set(facts: dict[str, Any], path: list[str], text: str, schema: _Schema) -> None:
    value: Any = text
    if not schema.is_text(path):
        try:
            value = _json(text.encode(), f"--set {'.'.join(path)}")
        except BadUse:
            value = text
    inner = facts
    for step in path[:-1]:
        inner = inner.setdefault(step, {})
        if not isinstance(inner, dict):
            raise BadUse("--set {field}: {step} is not an object.", field=".".join(path), step=step)
    inner[path[-1]] = value


def _json(raw: bytes, name: str) -> Any:
    """The parsed document; BadUse names the file and what is wrong with it."""
    try:
        return strict_json(raw, most_bytes=_MOST_FACTS, fractions=Fractions.REFUSED)
    except JsonRefused as refused:
        if refused.place is not None:
            line, column = refused.place
            raise BadUse(
                "{name}: is not JSON at line {line}, column {column}.", name=name, line=line, column=column
            ) from None
        if refused.twice is not None:
            raise BadUse("{name}: a field stands twice in one object; write it once.", name=name) from None
        raise BadUse(
            "{name}: {refused}; amounts are whole minor units.", name=name, refused=refused.wording
        ) from None


def _read(name: str, most: int, outside: Outside) -> bytes:
    if name != "-":
        return outside.read(name, most)
    raw = outside.stdin.read(most + 1)
    if len(raw) > most:
        raise BadUse("{name}: is larger than {most} bytes.", name=name, most=most)
    return raw


def _answer(noun: str, verb: str, slug: str, outcome: Outcome, said: tuple[str, ...]) -> Answer:
    line = say.outcome(noun, slug, outcome)
    data = {
        "noun": noun,
        "action": verb,
        "campaign": slug,
        "seq": outcome.seq,
        "key": outcome.key,
        "already": outcome.already,
        "waiting_for": outcome.waiting_for,
        "entry": None if outcome.data is None else json.loads(outcome.data),
    }
    return Answer((*said, line, *_said_of_match(outcome.data)), data)


def _said_of_match(data: bytes | None) -> tuple[str, ...]:
    """That a bank line and an entry do not match whole, and what of each waits still."""
    entry = None if data is None else entry_from_bytes(data)
    if entry is None or entry.kind != MATCH.name:
        return ()
    notes, sentences = entry.notes, []
    currency = notes["currency"]
    if "line_open" in notes:
        sentences.append(banks.line_left_open(Amount.of(currency, notes["line_open"])))
    if "entry_open" in notes:
        sentences.append(
            banks.entry_left_open(Amount.of(currency, notes["entry_open"]), entry.facts["entry"])
        )
    return tuple(sentences)


def _entries(tx: Reading, noun: str, campaign: str | None) -> list[Entry]:
    kinds = [kind.name for kind in BY_NAME.values() if noun in {kind.noun, *kind.listed_with}]
    rows = [row for kind in kinds for row in tx.journal.rows(campaign=campaign, kind=kind)]
    return [entry_from_bytes(row.data) for row in sorted(rows, key=lambda row: row.seq)]


def _list_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--campaign", metavar="SLUG", help="only this campaign's")
    add_data_option(parser)


def _list(noun: str) -> Any:
    def run(options: argparse.Namespace, outside: Outside) -> Answer:
        with open_ledger(options.data, outside) as store, store.read() as tx:
            books = Books(tx)
            if options.campaign is not None:
                campaign_of(books.session, options.campaign)
            entries = _entries(tx, noun, options.campaign)
            undone = books.reversals()
            lines = [_line(tx, books, entry, undone.get(entry.seq)) for entry in entries]
            plain_entries = [_plain(tx, entry) for entry in entries]
        return Answer(tuple(lines) or (say.none_recorded(noun),), plain_entries)

    return run


def _line(tx: Reading, books: Books, entry: Entry, undone: int | None) -> str:
    """An entry in a list; one that was reversed says by which."""
    if entry.kind == LINE.name:
        return row(*_bank_line(tx, books, entry))
    said = _verdict(books, entry) if undone is None else say.reversed_by(undone)
    return row(
        str(entry.seq), entry.date, entry.campaign, _kind_label(entry), _short(entry), _money(entry), said
    )


def _kind_label(entry: Entry) -> str:
    """The kind of an entry, or the command that made it where it is listed among those of another noun."""
    kind = BY_NAME[entry.kind]
    return f"{kind.noun} {kind.verb}" if kind.listed_with else entry.kind


def _money(entry: Entry) -> str:
    """The sum that its facts say, or that its items are worth together; nothing where they say none."""
    facts = entry.facts
    asset = facts.get("asset", facts.get("currency"))
    amount = facts.get("amount")
    if amount is None and "items" in facts:
        amount = sum(item.get("value", 0) for item in facts["items"])
    if not isinstance(asset, str) or not is_money(asset) or not amount:
        return ""
    return exact_with_asset(Amount.of(asset, amount))


def _bank_line(tx: Reading, books: Books, entry: Entry) -> Iterator[str]:
    """A line of a bank as people know it: day, amount, what it says, and what became of it."""
    line = books.session.get_one(BankLineRow, entry.seq)
    yield from (str(entry.seq), line.booked, entry.campaign, entry.kind)
    yield banks.at_bank(Amount.of(line.currency, signed(line)), line.bank)
    words = words_of(tx, line.text)
    if words is not None:
        yield words.said
    yield banks.fate(Amount.of(line.currency, line_left(line)), line.reversed_by, line.aside_by)
    yield line.identity


def _verdict(books: Books, entry: Entry) -> str:
    """What the three-way match says of an invoice; nothing of other entries."""
    if entry.kind != "invoice":
        return ""
    state = invoice_state(books, books.session.get_one(InvoiceRow, entry.seq))
    return say.invoice(state)


def _short(entry: Entry) -> str:
    """Its name on paper: the key without its kind and campaign; a payment's is its outpoint, whole."""
    if "outpoint" in entry.facts:
        return str(entry.facts["outpoint"])
    return entry.key.split(":", 2)[-1] if entry.key.count(":") > 1 else entry.key.partition(":")[2]


def _plain(tx: Reading, entry: Entry) -> dict[str, Any]:
    """An entry as it is published; of a bank line also its `words`, which are not."""
    body: dict[str, Any] = json.loads(entry_bytes(entry))
    if entry.kind == LINE.name:
        words = words_of(tx, entry.facts.get("text"))
        body["words"] = None if words is None else words.as_json()
    return body


def _show_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "which", metavar="NUMBER", help="its number on paper, key, or sequence in the journal"
    )
    _list_options(parser)


def _show(noun: str) -> Any:
    def run(options: argparse.Namespace, outside: Outside) -> Answer:
        with open_ledger(options.data, outside) as store, store.read() as tx:
            entries = [e for e in _entries(tx, noun, options.campaign) if _is(e, options.which)]
            if not entries:
                raise NotFound.field(
                    noun,
                    "none is named {which}; see `aidtrail {noun} list`.",
                    which=repr(options.which[:70]),
                    noun=noun,
                )
            undone = Books(tx).reversals()
            named = {e.seq for e in entries} | {undone[e.seq] for e in entries if e.seq in undone}
            rows = [tx.journal.by_seq(seq) for seq in sorted(named)]
            plain_entries = [_plain(tx, entry_from_bytes(row.data)) for row in rows if row is not None]
        return Answer(
            tuple(json.dumps(plain_entries, ensure_ascii=False, indent=2).splitlines()), plain_entries
        )

    return run


def _is(entry: Entry, which: str) -> bool:
    names = {entry.key, _short(entry), str(entry.seq)}
    names |= {
        str(entry.facts[field])
        for field in ("number", "slug", "code", "outpoint", "txid")
        if field in entry.facts
    }
    # What a bank line is known by is 64 digits long; its beginning is enough to look at it.
    is_begun = entry.kind == LINE.name and len(which) >= _SHORTEST and _short(entry).startswith(which)
    return which in names or is_begun


@dataclass(frozen=True, slots=True)
class _Paper:
    """A file that was given as evidence: its bytes of a paper that may be shown, else where its original lies."""

    sha256: str
    shown: TreatedPaper | None
    original: str | None
    lies: str


def _paper(options: argparse.Namespace, verb: str, facts: dict[str, Any], outside: Outside) -> _Paper | None:
    """What `--file` holds, without what must not be served; None where no file was given."""
    if options.file is None:
        if options.original is not None or options.where is not None or options.keep_metadata:
            raise BadUse("--original, --where and --keep-metadata: name the paper in --file.")
        return None
    data = _read(options.file, _MOST_PAPER, outside)
    digest = hashlib.sha256(data).hexdigest()
    if facts.get("sha256", digest) != digest:
        raise Refused.field("sha256", "is not the SHA-256 of the file; leave it out and it is computed")
    if verb == "seal":
        if options.original is not None or options.keep_metadata:
            raise BadUse("--original and --keep-metadata: of a sealed paper nothing is kept; leave them out.")
        path = "" if options.file == "-" else str((outside.folder / options.file).resolve())
        return _Paper(digest, None, None, _place(options.where, path))
    if options.where is not None:
        raise BadUse("--where: only of a sealed paper it is noted where the original lies; leave it out.")
    original = None
    if options.original is not None:
        original = hashlib.sha256(_read(options.original, _MOST_PAPER, outside)).hexdigest()
    shown = treated(data, keep_metadata=options.keep_metadata)
    return _Paper(digest, shown, original, "")


def _place(place: str | None, path: str) -> str:
    """Where the original of a sealed paper lies: as it was told, else the path of its file; BadUse for too long one."""
    where = " ".join((path if place is None else place).split())
    if len(where) <= MOST_OF_PLACE:
        return where
    if place is None:
        raise BadUse(
            "--where: the path of this file has more than {most} characters; say in fewer where the original lies.",
            most=MOST_OF_PLACE,
        )
    raise BadUse("--where: is too long; write at most {most} characters.", most=MOST_OF_PLACE)


def _keep(tx: Writing, actor: Actor, facts: dict[str, Any], paper: _Paper, *, now: int) -> tuple[str, ...]:
    """Keep the copy that is served, or note where a sealed one lies; its hash becomes the fact `sha256`."""
    if paper.shown is None:
        facts["sha256"] = seal_paper(tx, actor, paper.sha256, paper.lies, now=now)
        return (papers.sealed(facts["sha256"]),)
    facts["sha256"] = keep_paper(tx, actor, paper.shown, now=now)
    if paper.original is not None:
        facts.setdefault("original", paper.original)
    return papers.treated(paper.shown)


def _commands() -> Iterator[tuple[str, Command]]:
    reads = (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)
    writes = (*reads, Exit.DENIED)
    for noun in dict.fromkeys((*NOUNS, *sorted(kind.noun for kind in BY_NAME.values()))):
        for verb, action in NOUNS[noun].actions.items() if noun in NOUNS else ():
            yield (
                f"{noun} {verb}",
                Command(
                    _action(noun, verb, action),
                    _action_options(noun),
                    writes,
                    partial(_notes, action),
                    facts_by_json=True,
                ),
            )
        yield f"{noun} list", Command(_list(noun), _list_options, reads)
        yield f"{noun} show", Command(_show(noun), _show_options, reads)


COMMANDS: Mapping[str, Command] = dict(_commands())
