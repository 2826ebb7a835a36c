"""`paper where`: where the original of a sealed paper lies. `paper remove`: the bytes of a paper out of the database,
its log and the backups kept beside it.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from ledger.recording.papers import sealed_paper
from ledger.recording.users import actor_named
from service.command import BELIEVED, Answer, BadUse, Command, Exit, Outside, add_data_option
from service.data_folder import find_data_folder
from service.folding import open_folder, open_ledger
from service.papers import take_out
from service.sentences import papers as say

_DIGITS = frozenset("0123456789abcdef")


def _remove_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sha256", metavar="SHA256", help="the hash of the paper's bytes")
    parser.add_argument(
        "--as", dest="user", metavar="USER", required=True, help="the admin who asks for it" + BELIEVED
    )
    add_data_option(parser)


def _require_hash(text: str) -> str:
    if len(text) != 64 or not _DIGITS.issuperset(text):
        raise BadUse("SHA256: write the 64 lower-case hexadecimal digits of the paper.")
    return text


def _remove(options: argparse.Namespace, outside: Outside) -> Answer:
    sha256 = _require_hash(options.sha256)
    folder = find_data_folder(options.data, outside)
    copies = folder.path / folder.config.backup.folder if folder.config.backup.folder else None
    with open_folder(folder, outside) as store:
        in_log, holding = take_out(store, folder.path, copies, sha256, options.user, now=outside.clock())
    return Answer(say.removed(in_log=in_log, copies=holding), {"sha256": sha256, "removed": True})


def _where_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sha256", metavar="HASH", help="the salted hash that the entry has")
    parser.add_argument("--as", dest="user", metavar="USER", required=True, help="who asks" + BELIEVED)
    add_data_option(parser)


def _where(options: argparse.Namespace, outside: Outside) -> Answer:
    _require_hash(options.sha256)
    with open_ledger(options.data, outside) as store, store.read() as tx:
        sealed = sealed_paper(tx, actor_named(tx, options.user, now=outside.clock()), options.sha256)
    return Answer(say.where(sealed), {"sealed": sealed.sealed, "salt": sealed.salt, "lies": sealed.lies})


COMMANDS: Mapping[str, Command] = {
    "paper where": Command(_where, _where_options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE, Exit.DENIED)),
    "paper remove": Command(_remove, _remove_options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE, Exit.DENIED)),
}
