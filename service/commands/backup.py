"""`backup` and `restore`: a consistent copy while serving, and putting it back where nothing is yet."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from ledger.checks.run import run_checks
from ledger.core.errors import LedgerError
from ledger.recording.rebuild import rebuild
from ledger.store.database import Store
from ledger.store.disk import make_folder
from service.command import Answer, BadUse, Command, Exit, Outside, Unavailable, add_data_option
from service.data_folder import DATABASE_NAME
from service.folding import open_current, open_ledger
from service.papers import LIST as REMOVED_LIST
from service.papers import clean_copies, removed_papers
from service.sentences import checks as say
from service.words import LIST, Words, forgotten_words


def _backup_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a new file for the copy")
    add_data_option(parser)


def _backup(options: argparse.Namespace, outside: Outside) -> Answer:
    path = _path(options.file, outside)
    if not path.parent.is_dir():
        raise BadUse("{file}: its folder does not exist; make it first.", file=options.file)
    with open_ledger(options.data, outside) as store:
        try:
            store.backup(path)
        except OSError as failure:
            raise Unavailable(
                "{file}: cannot be written ({reason}).",
                file=options.file,
                reason=failure.strerror or str(failure),
            ) from None
    size = path.stat().st_size
    return Answer((say.written(size, str(path)),), {"file": str(path), "bytes": size})


def _restore_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a backup's file")
    parser.add_argument(
        "--data", metavar="DIR", required=True, help="folder to restore into; no database may be there"
    )
    parser.add_argument(
        "--forgotten", metavar="LIST", help=f"a {LIST} (else those beside the backup and in DIR are read)"
    )
    parser.add_argument(
        "--removed",
        metavar="LIST",
        help=f"a {REMOVED_LIST} (else those beside the backup and in DIR are read)",
    )
    parser.add_argument(
        "--damaged",
        action="store_true",
        help="put back also what the checks find broken, where there is nothing better",
    )


def _restore(options: argparse.Namespace, outside: Outside) -> Answer:
    folder = _path(options.data, outside)
    beside = (_path(options.file, outside).parent, folder)
    words = forgotten_words(*_named(options.forgotten, beside, outside))
    papers = removed_papers(*_named(options.removed, beside, outside))
    try:
        make_folder(folder)
        target = folder / DATABASE_NAME
        Store.restore(_path(options.file, outside), target, papers, damaged=options.damaged)
        lacks = Store.may_lack_entries(_path(options.file, outside))
    except OSError as failure:
        raise Unavailable(
            "{file}: cannot be written ({reason}).",
            file=options.data,
            reason=failure.strerror or str(failure),
        ) from None
    problems: list[str] = []
    try:
        store = open_current(f"sqlite:///{target.resolve()}", outside)
        try:
            forgotten = _forget_again(store, words, folder, outside)
            clean_copies(store, folder, None)
            with store.read() as tx:
                problems = list(say.findings(run_checks(tx)))
                problems += [] if problems else rebuild(tx)
                head = tx.journal.head()
        finally:
            store.close()
        if problems and not options.damaged:
            raise LedgerError.field(
                "restore",
                "this backup is damaged, and nothing is put back: {found}; use another one, or --damaged where there "
                "is none",
                found=problems[:_MOST_SHOWN],
            )
    except (KeyError, ValueError) as failure:
        _take_away(target)
        raise LedgerError.field(
            "restore", "the backup's entries cannot be read ({failure})", failure=str(failure)
        ) from None
    except LedgerError:
        _take_away(target)
        raise
    entries = head[0] if head else 0
    lines = [*problems[:_MOST_SHOWN], say.restored(entries, str(folder), len(problems))]
    if lacks:
        lines.append(str(say.MAY_LACK_ENTRIES))
    if forgotten:
        lines.append(say.forgotten_again(forgotten))
    lines.append(str(say.COPY_CONFIGURATION))
    data = {"data": str(folder), "entries": entries, "findings": len(problems), "forgotten": forgotten}
    data["may_lack_entries"] = lacks
    return Answer(tuple(lines), data, Exit.OPEN if problems else Exit.OK)


_MOST_SHOWN = 20


def _take_away(database: Path) -> None:
    """A database that was put back and is not what it was: nobody shall take it for one."""
    for end in ("", "-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)


def _named(name: str | None, else_in: tuple[Path, ...], outside: Outside) -> tuple[Path, ...]:
    """Where a list is read: the file that was told, or folders that may have one."""
    if name is None:
        return else_in
    path = _path(name, outside)
    if not path.is_file():
        raise BadUse("{list}: there is no such file; name the list of the folder that was lost.", list=name)
    return (path,)


def _forget_again(store: Store, named: frozenset[str], folder: Path, outside: Outside) -> int:
    """Forget in a database that was put back what was forgotten since it was copied; how many lines that were."""
    with store.read() as tx:
        kept = [commitment for commitment in sorted(named) if tx.desk.opening(commitment) is not None]
    # What the list names stays listed here: the next backup of this folder may be put back as well.
    Words(store, outside.clock, folder, 0).forget(kept)
    return len(kept)


def _path(name: str, outside: Outside) -> Path:
    if not name or "\0" in name:
        raise BadUse("a file or folder has no such name; write a path.")
    return outside.folder / name


COMMANDS: Mapping[str, Command] = {
    "backup": Command(_backup, _backup_options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)),
    "restore": Command(_restore, _restore_options, (Exit.OK, Exit.OPEN, Exit.USAGE, Exit.UNAVAILABLE)),
}
