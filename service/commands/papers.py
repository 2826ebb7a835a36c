"""`paper remove`: the bytes of a paper out of the database, its log and the backups kept beside it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from service.command import Answer, BadUse, Command, Exit, Outside, add_data_option
from service.data_folder import find_data_folder
from service.folding import open_folder
from service.papers import take_out
from service.sentences import papers as say

_DIGITS = frozenset("0123456789abcdef")


def _remove_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sha256", metavar="SHA256", help="the hash of the paper's bytes")
    parser.add_argument("--as", dest="user", metavar="USER", required=True, help="the admin who asks for it")
    add_data_option(parser)


def _remove(options: argparse.Namespace, outside: Outside) -> Answer:
    sha256 = options.sha256
    if len(sha256) != 64 or not _DIGITS.issuperset(sha256):
        raise BadUse("SHA256: write the 64 lower-case hexadecimal digits of the paper.")
    folder = find_data_folder(options.data, outside)
    copies = folder.path / folder.config.backup.folder if folder.config.backup.folder else None
    with open_folder(folder, outside) as store:
        in_log, holding = take_out(store, copies, sha256, options.user, now=outside.clock())
    return Answer(say.removed(in_log=in_log, copies=holding), {"sha256": sha256, "removed": True})


COMMANDS: Mapping[str, Command] = {
    "paper remove": Command(_remove, _remove_options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE, Exit.DENIED)),
}
