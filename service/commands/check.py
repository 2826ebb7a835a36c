"""`check` and `rebuild`: does the ledger hold, and does it say what its journal says?"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from ledger.checks.run import CHECKS, run_checks
from ledger.recording.rebuild import model_rows, rebuild
from service.command import Answer, BadUse, Command, Exit, Outside, add_data_option
from service.folding import open_ledger

_MOST_SHOWN = 50
_EXITS = (Exit.OK, Exit.OPEN, Exit.USAGE, Exit.UNAVAILABLE)


def _check(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store:
        missing, strange = store.missing_triggers(), store.strangers()
        losing = store.losses_at_power_cut()
        with store.read() as tx:
            findings = run_checks(tx)
            head = tx.journal.head()
    lines = [f"the database lacks the trigger {name}" for name in missing]
    lines += [f"the server's {name} is off: a power cut can lose entries; set it on" for name in losing]
    lines += [f"the database has {what}, which this program did not make" for what in strange]
    lines += [f"{finding.check}: {finding.sentence}" for finding in findings]
    entries = head[0] if head else 0
    broken = len(lines)
    lines.append(f"{len(CHECKS)} invariants checked over {entries} entries; {broken} broken.")
    data = {
        "checks": [check.__name__ for check in CHECKS],
        "findings": [finding.data() for finding in findings],
        "missing_triggers": missing,
        "losses_at_power_cut": losing,
        "strangers": strange,
        "entries": entries,
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
    lines = [*differences[:_MOST_SHOWN], f"{rows} rows compared; {len(differences)} differ."]
    return Answer(
        tuple(lines), {"rows": rows, "differences": differences}, Exit.OPEN if differences else Exit.OK
    )


COMMANDS: Mapping[str, Command] = {
    "check": Command(_check, add_data_option, _EXITS),
    "rebuild": Command(_rebuild, _rebuild_options, _EXITS),
}
