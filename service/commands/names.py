"""`supplier`, `partner`, `place`, `recipient`, `bank names`, `exchange names`: what facts call by name, and its codes.

They read; a record is made by the first fact that uses a name.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from ledger.model.named import NameOf
from ledger.views.known_names import NameRecord, known_name, known_names
from service.command import Answer, Command, Exit, Outside, add_data_option
from service.folding import open_ledger
from service.sentences import names as say

_READS = (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)


def _answer(rows: Sequence[NameRecord], kind: NameOf) -> Answer:
    return Answer(tuple(map(say.named, rows)) or (str(say.NONE[kind]),), [row.data() for row in rows])


def _list(kind: NameOf) -> Any:
    def run(options: argparse.Namespace, outside: Outside) -> Answer:
        with open_ledger(options.data, outside) as store, store.read() as tx:
            return _answer(known_names(tx.session, kind), kind)

    return run


def _show_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("which", metavar="CODE", help="its code, or its name")
    add_data_option(parser)


def _show(kind: NameOf) -> Any:
    def run(options: argparse.Namespace, outside: Outside) -> Answer:
        with open_ledger(options.data, outside) as store, store.read() as tx:
            return _answer(known_name(tx.session, kind, options.which), kind)

    return run


_LISTED = (NameOf.SUPPLIER, NameOf.PARTNER, NameOf.PLACE, NameOf.RECIPIENT)
COMMANDS: Mapping[str, Command] = {
    **{f"{kind} list": Command(_list(kind), add_data_option, _READS) for kind in _LISTED},
    **{f"{kind} show": Command(_show(kind), _show_options, _READS) for kind in _LISTED},
    **{
        f"{kind} names": Command(_list(kind), add_data_option, _READS)
        for kind in (NameOf.BANK, NameOf.EXCHANGE)
    },
}
