"""`check` and `rebuild`: does the ledger hold, and does it say what its journal says?"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping

from ledger.checks.journal import head_stands
from ledger.checks.run import CHECKS, run_checks
from ledger.core.money import MAX_AMOUNT
from ledger.recording.rebuild import compared, model_rows, rebuild
from service.command import Answer, BadUse, Command, Exit, Outside, add_data_option
from service.folding import open_ledger
from service.sentences import checks as say

_MOST_SHOWN = 50
_UNREAD = {"bytes_hash", "rows_are_bytes"}
"""Checks that find what entries cannot be folded from."""
_HASH = re.compile(r"[0-9a-f]{64}")
_EXITS = (Exit.OK, Exit.OPEN, Exit.USAGE, Exit.UNAVAILABLE)


def _check_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--all",
        action="store_true",
        help="fold all tables again and compare each row, however long the journal is (as `rebuild --compare`)",
    )
    parser.add_argument(
        "--head", metavar="N:HASH", help="an entry that was kept elsewhere: does it still have this hash?"
    )
    add_data_option(parser)


def _head(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _, parts = text.strip().lower().partition(":")
    if (
        not (number.isascii() and number.isdecimal())
        or not 1 <= int(number[:18]) <= MAX_AMOUNT
        or not _HASH.fullmatch(parts)
    ):
        raise BadUse("--head: write the number of an entry, a colon and its hash, 64 hexadecimal digits.")
    return int(number), parts


def _check(options: argparse.Namespace, outside: Outside) -> Answer:
    kept = _head(options.head)
    with open_ledger(options.data, outside) as store:
        store.require_sound()
        missing, strange = store.missing_triggers(), [str(what) for what in store.strangers()]
        losing = store.losses_at_power_cut()
        with store.read() as tx:
            findings = [*(head_stands(tx, *kept) if kept is not None else ()), *run_checks(tx)]
            # What the journal gives is known only while its own bytes can be read.
            compared_rows = (
                None if _UNREAD & {one.check for one in findings} else compared(tx, whole=options.all)
            )
            head = tx.journal.head()
    differences = compared_rows.differences if compared_rows is not None else ()
    lines = [
        *map(say.lacks_trigger, missing),
        *map(say.loses_at_power_cut, losing),
        *map(say.is_strange, strange),
        *say.findings(findings),
        *differences[:_MOST_SHOWN],
    ]
    entries = head[0] if head else 0
    broken = len(lines) + len(differences[_MOST_SHOWN:])
    lines.append(say.checked(len(CHECKS), entries, broken))
    if compared_rows is not None:
        lines.append(say.sampled(compared_rows.rows, compared_rows.of, whole=compared_rows.whole))
    data = {
        "checks": [check.__name__ for check in CHECKS],
        "findings": [finding.data() for finding in findings],
        "rows_compared": compared_rows.rows if compared_rows is not None else 0,
        "rows": compared_rows.of if compared_rows is not None else 0,
        "all_compared": compared_rows is not None and compared_rows.whole,
        "differences": list(differences),
        "missing_triggers": missing,
        "losses_at_power_cut": losing,
        "strangers": strange,
        "entries": entries,
        "head": None if head is None else {"entry": head[0], "hash": head[1]},
    }
    return Answer(tuple(lines), data, Exit.OPEN if broken else Exit.OK)


def _rebuild_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--compare", action="store_true", help="compare the stored model with what the journal gives"
    )
    add_data_option(parser)


def _rebuild(options: argparse.Namespace, outside: Outside) -> Answer:
    if not options.compare:
        raise BadUse(
            "--compare is needed: the model is folded again beside the stored one and compared, never replaced."
        )
    with open_ledger(options.data, outside) as store, store.read() as tx:
        differences = rebuild(tx)
        rows = model_rows(tx)
    lines = [*differences[:_MOST_SHOWN], say.compared(rows, len(differences))]
    return Answer(
        tuple(lines), {"rows": rows, "differences": differences}, Exit.OPEN if differences else Exit.OK
    )


COMMANDS: Mapping[str, Command] = {
    "check": Command(_check, _check_options, _EXITS),
    "rebuild": Command(_rebuild, _rebuild_options, _EXITS),
}
