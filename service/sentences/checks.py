"""English: `check`, `rebuild`, `backup` and `restore`: whether the ledger holds, and where its copies are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from api.pages.messages import SENTENCES, Message, listed, worded
from ledger.checks.finding import Finding

_TRIGGER = Message("the database lacks the trigger {trigger}", "{trigger}: its name")
_OFF = Message(
    "the server's {setting} is off: a power cut can lose entries; set it on",
    "a database server",
    "{setting}: name of a setting",
)
_STRANGE = Message(
    "the database has {what}, which this program did not make", "{what}: a table, index or trigger"
)
_FINDING = Message(
    "{check}, {subject}: {sentence}",
    "something that is wrong",
    "{check}: name of a check",
    "{subject}: about what",
    "{sentence}: what is wrong",
)
_CHECKED = Message(
    "{invariants} checked over {entries}; {broken} broken.",
    "{invariants}: as: 31 invariants",
    "{entries}: as: 200 entries",
    "{broken}: how many",
)
_INVARIANTS = Message("{n} invariant", "sums that have to hold", many="{n} invariants")
_ENTRIES = Message("{n} entry", "of the journal", many="{n} entries")
_ROWS = Message("{n} row compared;", "of tables, with their sums made anew", many="{n} rows compared;")
_SAMPLED = Message(
    "{n} row drawn of the {rows} in the tables: its entry, campaign and number compared with the journal; "
    "`check --all` compares every row, and all that it says.",
    "{rows}: how many there are",
    many="{n} rows drawn of the {rows} in the tables: their entry, campaign and number compared with the journal; "
    "`check --all` compares every row, and all that it says.",
)
_ALL_COMPARED = Message(
    "{n} row of the tables, all there are, compared with what the journal gives.",
    many="{n} rows of the tables, all there are, compared with what the journal gives.",
)
_DIFFER = Message("{n} differs.", "rows", many="{n} differ.")
_WRITTEN = Message("{n} byte written to {file}.", "{file}: its name", many="{n} bytes written to {file}.")
_RESTORED = Message(
    "{entries} restored into {folder}; {broken}.",
    "{entries}: as: 200 entries",
    "{folder}: its name",
    "{broken}: as: 2 invariants broken",
)
_BROKEN = Message("{n} invariant broken", many="{n} invariants broken")
_FORGOTTEN = Message(
    "the words of {n} bank line that were forgotten since are forgotten here too.",
    many="the words of {n} bank lines that were forgotten since are forgotten here too.",
)
MAY_LACK_ENTRIES = Message(
    "this file is the bare one of a database, and no copy by `aidtrail backup`: entries that stood in the log beside "
    "it (-wal) are not here; compare the newest with a head that you kept (`aidtrail check --head N:HASH`)."
)
COPY_CONFIGURATION = Message("the configuration is not part of a backup; copy aidtrail.toml there too.")


def lacks_trigger(name: str) -> str:
    return worded(_TRIGGER, trigger=name)


def loses_at_power_cut(setting: str) -> str:
    return worded(_OFF, setting=setting)


def is_strange(what: str) -> str:
    return worded(_STRANGE, what=what)


def findings(findings_made: Iterable[Finding]) -> Iterator[str]:
    """What is wrong, a line each."""
    for one in findings_made:
        yield worded(_FINDING, check=one.check, subject=one.subject, sentence=one.sentence)


def checked(invariants: int, entries: int, broken: int) -> str:
    """How much was checked and how much of it is broken."""
    return worded(
        _CHECKED,
        invariants=worded(_INVARIANTS, n=invariants),
        entries=worded(_ENTRIES, n=entries),
        broken=broken,
    )


def compared(rows: int, differing: int) -> str:
    """How many rows of the model are what the journal gives."""
    return listed([worded(_ROWS, n=rows), worded(_DIFFER, n=differing)], SENTENCES)


def sampled(rows: int, of: int, *, whole: bool) -> str:
    """How many rows of all that the model has were held against the journal, and in what."""
    return worded(_ALL_COMPARED, n=rows) if whole else worded(_SAMPLED, n=rows, rows=of)


def written(size: int, file: str) -> str:
    """Where the backup is, and how large (bytes)."""
    return worded(_WRITTEN, n=size, file=file)


def restored(entries: int, folder: str, broken: int) -> str:
    """Where the backup was put back."""
    sentence = worded(_ENTRIES, n=entries)
    return worded(_RESTORED, entries=sentence, folder=folder, broken=worded(_BROKEN, n=broken))


def forgotten_again(lines: int) -> str:
    return worded(_FORGOTTEN, n=lines)
