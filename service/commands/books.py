"""`check`, `rebuild` and `reconcile`: does the ledger hold, does it say what its journal says, is it the chain?"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from ledger.checks import CHECKS, run_checks
from ledger.rebuild import SPACES, rebuild
from ledger.reconcile import reconciliation
from service.command import Answer, BadUse, Command, Exit, Outside, add_data_option
from service.opened import opened_store

_MOST_SHOWN = 50


def _check(options: argparse.Namespace, outside: Outside) -> Answer:
    with opened_store(options.data, outside) as store:
        missing = store.missing_triggers()
        with store.read() as tx:
            findings = run_checks(tx)
            head = tx.journal.head()
    lines = [f"the database lacks the trigger {name}" for name in missing]
    lines += [f"{finding.check}: {finding.sentence}" for finding in findings]
    entries = head[0] if head else 0
    broken = len(lines)
    lines.append(f"{len(CHECKS)} invariants checked over {entries} entries; {broken} broken.")
    data = {
        "checks": [check.__name__ for check in CHECKS],
        "findings": [asdict(finding) for finding in findings],
        "missing_triggers": missing,
        "entries": entries,
    }
    return Answer(tuple(lines), data, Exit.OPEN if broken else Exit.OK)


def _rebuild_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--compare", action="store_true", help="compare the stored projections with what the journal gives"
    )
    add_data_option(parser)


def _rebuild(options: argparse.Namespace, outside: Outside) -> Answer:
    if not options.compare:
        raise BadUse(
            "--compare is needed: projections are made again in memory and compared, never replaced."
        )
    with opened_store(options.data, outside) as store, store.read() as tx:
        differences = rebuild(tx)
        rows = sum(1 for space in SPACES for _ in tx.shelf.rows(space))
    lines = [*differences[:_MOST_SHOWN], f"{rows} rows compared byte for byte; {len(differences)} differ."]
    return Answer(
        tuple(lines), {"rows": rows, "differences": differences}, Exit.OPEN if differences else Exit.OK
    )


def _reconcile_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("campaign", nargs="?", metavar="CAMPAIGN", help="one campaign (else all)")
    add_data_option(parser)


def _reconcile(options: argparse.Namespace, outside: Outside) -> Answer:
    with opened_store(options.data, outside) as store, store.read() as tx:
        found = reconciliation(tx, options.campaign, now=outside.clock())
    width = max((len(words) for words, _ in found.lines), default=0)
    lines = [f"{words:<{width}}  {figure}" for words, figure in found.lines]
    lines.append("open: something is not reconciled." if found.open else "reconciled.")
    data = {"lines": [list(row) for row in found.lines], "open": found.open, "state": asdict(found.state)}
    return Answer(tuple(lines), data, Exit.OPEN if found.open else Exit.OK)


COMMANDS: tuple[Command, ...] = (
    Command("check", "Run every invariant.", _check, add_data_option, (Exit.OK, Exit.OPEN, Exit.USAGE)),
    Command(
        "rebuild",
        "Make the projections again from journal and observations, and compare byte for byte.",
        _rebuild,
        _rebuild_options,
        (Exit.OK, Exit.OPEN, Exit.USAGE),
    ),
    Command(
        "reconcile",
        "Compare the books with the chain at the settled block, and list what is unexplained.",
        _reconcile,
        _reconcile_options,
        (Exit.OK, Exit.OPEN, Exit.USAGE),
    ),
)
