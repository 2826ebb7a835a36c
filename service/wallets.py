"""Addresses of the configuration's wallets in the ledger: fixed lists, and descriptors with their gap.

Only public descriptors: private keys are refused before parsing, by the watchers.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from ledger.core.wording import Wording, WrongValue, translatable
from ledger.recording.address_gaps import load_gaps, save_gaps
from ledger.rules.campaigns import campaign_slugs, need_numbers
from ledger.rules.observing import Observed
from ledger.store.addresses import Address, Gap
from ledger.store.database import Store
from ledger.store.transaction import Reading
from service.address_lists import ListedAddress, addresses_in
from service.backfill import note_added
from service.command import BadUse
from service.config import Wallet
from service.logs import warn
from watchers.proof.descriptors import Descriptor
from watchers.proof.networks import Network
from watchers.proof.scripts import AddressRefused, address_of, script_of

_FILE = "wallets.addresses_file"
_MOST_AHEAD = 10_000
"""A wallet is watched so many addresses further than it must be at most."""
_HAS_GIFTS = translatable("this address has gifts already, for {need}")
_WAS_GIVEN = translatable("this address was given to a donor already, for {need}")
_IS_LISTED = translatable("this address is listed already, for {need}")


@dataclass(frozen=True, slots=True)
class FileWallet(Wallet):
    """A wallet whose file was read; `lines` stand for its `addresses`, each perhaps for a need of its own."""

    lines: tuple[ListedAddress, ...] = ()


def with_lists(wallets: tuple[Wallet, ...], network: Network, folder: Path) -> tuple[Wallet, ...]:
    """The wallets with the addresses of their files; raises BadUse for a file that is refused."""
    return tuple(
        _read(wallet, addresses_in(folder / wallet.addresses_file, network, _FILE))
        if wallet.addresses_file
        else wallet
        for wallet in wallets
    )


def _read(wallet: Wallet, lines: tuple[ListedAddress, ...]) -> FileWallet:
    known_fields = {known.name: getattr(wallet, known.name) for known in fields(wallet)}
    known_fields |= {"addresses": tuple(line.address for line in lines), "addresses_file": ""}
    return FileWallet(**known_fields, lines=lines)


def require_needs_kept(tx: Reading, wallets: tuple[Wallet, ...], network: Network) -> None:
    """BadUse where a file names another need for an address than it is kept for, or was given or paid under."""
    for wallet in wallets:
        for line in wallet.lines if isinstance(wallet, FileWallet) else ():
            row = tx.addresses.by_script(script_of(line.address, network))
            if row is not None:
                _require_kept(tx, row, line, line.need or wallet.need)


def _require_kept(tx: Reading, row: Address, line: ListedAddress, need: str) -> None:
    if line.need is None or need == (row.restriction or ""):
        return
    used, given = tx.addresses.is_used(row.script), tx.addresses.is_given(row.script)
    if given and not need:
        return  # the donor who asked for it named its need; the list has no say in that
    if row.branch == "fixed":
        why = Wording("this address is the one that everybody gets, for any end")
    elif row.restriction or used or given:
        text = _HAS_GIFTS if used else _WAS_GIVEN if given else _IS_LISTED
        why = Wording(text, {"need": row.restriction or Wording("any end")})
    else:
        return
    raise BadUse(
        "{file}: {where}: need: {why}; leave it so, or list another address.",
        file=_FILE,
        where=line.where,
        why=why,
    )


@dataclass(slots=True)
class _Missing:
    """What the wallets name and the ledger does not have: decided while others write, and written in a moment."""

    rows: dict[bytes, Address] = field(default_factory=dict)
    kept: list[tuple[bytes, str]] = field(default_factory=list)
    """(script, need): known addresses that a file keeps for a need from now on."""

    def has_fixed(self, slug: str) -> bool:
        return any((row.campaign, row.branch) == (slug, "fixed") for row in self.rows.values())


def watched_until(have: int, needed: int, gap: int, *, ahead: bool) -> int:
    """Below which index a wallet is watched, where it is below `have` and has to be below `needed`.

    For each address that payments open the blocks before are read again. So it is watched twice as far each time
    (`ahead`), and that is rare; a script costs a block scan nothing. Where histories are asked, each would cost a
    request a look.
    """
    if have >= needed:
        return have
    return needed + (min(max(have, gap), _MOST_AHEAD) if ahead else 0)


def add_addresses(store: Store, wallets: tuple[Wallet, ...], network: Network, *, ahead: bool = False) -> int:
    """Watch every address that the wallets name, `gap_limit` beyond the last used one; returns how many are new.

    `ahead`: further than that, so that it is rare that payments open more. A wallet of a campaign or a need that is
    not there yet waits for it. What is new after blocks were read is read again. Raises BadUse for an address or
    descriptor that is refused.
    """
    if not wallets:
        return 0
    gaps, missing = _gaps(wallets, network), _Missing()
    with store.read() as tx:
        same_gaps = load_gaps(tx) == gaps
        campaigns = list(campaign_slugs(tx.session))
        for wallet in wallets:
            slug = wallet.campaign or (campaigns[0] if campaigns else "")
            if slug in campaigns:
                _miss(tx, missing, wallet, slug, network, ahead)
            elif slug:
                warn("addresses wait for their campaign and are not watched", campaign=slug)
    if same_gaps and not missing.rows and not missing.kept:
        return 0
    with store.write() as tx:
        save_gaps(tx, gaps)
        for script, need in missing.kept:
            tx.addresses.keep_for(script, need)
        fresh = [row for row in missing.rows.values() if tx.addresses.by_script(row.script) is None]
        tx.addresses.add(fresh)
        note_added(tx, (row.script for row in fresh))
    return len(fresh)


def _gaps(wallets: tuple[Wallet, ...], network: Network) -> dict[str, Gap]:
    """Of lists none: no wallet is restored from them by a gap."""
    parsed = (
        (_parsed(wallet, network), Gap(wallet.gap_limit, wallet.first_index))
        for wallet in wallets
        if wallet.descriptor
    )
    return {descriptor.text: gap for descriptor, gap in parsed if descriptor.ranged}


def _miss(tx: Reading, missing: _Missing, wallet: Wallet, slug: str, network: Network, ahead: bool) -> None:
    needs = set(need_numbers(tx.session, slug))
    named = wallet.lines if isinstance(wallet, FileWallet) else ()
    waits_for = ({wallet.need} | {line.need or "" for line in named}) - needs - {""}
    if waits_for:
        warn("addresses wait for their need and are not watched", campaign=slug, needs=sorted(waits_for))
    if wallet.need in waits_for:
        return
    fixed = _fixed_index(tx, missing, wallet, slug)
    if isinstance(wallet, FileWallet):
        rows = _of_file(tx, missing, wallet, slug, network, needs, fixed)
    elif wallet.addresses:
        rows = _listed(wallet, slug, network, fixed)
    else:
        rows = _derived(tx, wallet, slug, network, fixed, ahead)
    for row in rows:
        there = missing.rows.get(row.script) or tx.addresses.by_script(row.script)
        if there is None:
            missing.rows[row.script] = _kept_for(row, row.restriction or wallet.need)


def _of_file(
    tx: Reading,
    missing: _Missing,
    wallet: FileWallet,
    slug: str,
    network: Network,
    needs: AbstractSet[str],
    fixed: int | None,
) -> list[Address]:
    """Rows of a file, those of a need that is not there yet left out; known addresses follow what it says now.

    `fixed_index` counts the lines that are for any end.
    """
    free = [line.address for line in wallet.lines if not line.need]
    everybodys = free[min(fixed, len(free) - 1)] if free and fixed is not None else None
    rows = []
    for index, line in enumerate(wallet.lines):
        script, need = script_of(line.address, network), line.need or wallet.need
        if need and need not in needs:
            continue
        row = tx.addresses.by_script(script)
        if row is not None:
            _require_kept(tx, row, line, need)
            if line.need and row.restriction is None:
                missing.kept.append((script, need))
        branch = "fixed" if line.address == everybodys else "receive"
        address = address_of(script, network) or line.address
        rows.append(Address(script, address, slug, branch, index, "list", need or None))
    return rows


def _kept_for(row: Address, need: str) -> Address:
    """The row restricted to a need; change of that wallet is none of it."""
    return replace(row, restriction=need) if need and row.branch != "change" else row


def _fixed_index(tx: Reading, missing: _Missing, wallet: Wallet, slug: str) -> int | None:
    """Which address of a wallet is everybody's, if any: a campaign has one, whatever the configuration says later."""
    if wallet.need or missing.has_fixed(slug) or tx.addresses.fixed_of(slug) is not None:
        return None
    return max(wallet.fixed_index, wallet.first_index)


def _listed(wallet: Wallet, slug: str, network: Network, fixed: int | None) -> list[Address]:
    rows = []
    if fixed is not None:
        fixed = min(fixed, len(wallet.addresses) - 1)
    for index, address in enumerate(wallet.addresses):
        try:
            script = script_of(address, network)
        except AddressRefused as refusal:
            raise BadUse("wallets.addresses: {refusal}", refusal=refusal.wording) from None
        # A fixed list is published whole: one of it, the first unless configured, is what everybody gets.
        branch = "fixed" if index == fixed else "receive"
        rows.append(Address(script, address_of(script, network) or address, slug, branch, index, "list"))
    return rows


def _parsed(wallet: Wallet, network: Network) -> Descriptor:
    try:
        return Descriptor.parse(wallet.descriptor, network)
    except WrongValue as refusal:
        raise BadUse("wallets.descriptor: {refusal}", refusal=refusal.wording) from None


def _derived(
    tx: Reading, wallet: Wallet, slug: str, network: Network, fixed: int | None, ahead: bool
) -> list[Address]:
    descriptor = _parsed(wallet, network)
    if not descriptor.ranged:
        script = descriptor.script(0)
        branch = "receive" if fixed is None else "fixed"
        return [Address(script, descriptor.address(0), slug, branch, 0, descriptor.text)]
    observed = Observed(tx.session)
    known = [row for row in tx.addresses.of_campaign(slug) if row.source == descriptor.text]
    used = [row.index for row in known if observed.paid_to(row.script.hex())]
    have = sum(1 for row in known if row.branch != "change")
    needed = max([*(index + 1 for index in used), wallet.first_index]) + wallet.gap_limit
    end = watched_until(have, needed, wallet.gap_limit, ahead=ahead)
    return _rows(descriptor, slug, network, have, end, fixed)


def _rows(
    descriptor: Descriptor, slug: str, network: Network, first: int, end: int, fixed_index: int | None
) -> list[Address]:
    """Rows of both branches for the indices from `first` to below `end`."""
    count = max(0, end - first)
    branches = [("receive", descriptor.scripts(first, count))]
    if descriptor.branches > 1:
        branches.append(("change", descriptor.change_scripts(first, count)))
    rows = []
    for branch, scripts in branches:
        for index, script in enumerate(scripts, first):
            named = "fixed" if branch == "receive" and index == fixed_index else branch
            address = address_of(script, network) or script.hex()
            rows.append(Address(script, address, slug, named, index, descriptor.text))
    return rows


class Growth:
    """What a look needs to know of the books: where a wallet goes on, and what is recorded already.

    `rows` are the addresses that payments of this look opened; they are recorded together with the look. `ahead` as
    in `add_addresses`.
    """

    def __init__(self, store: Store, wallets: tuple[Wallet, ...], network: Network, *, ahead: bool) -> None:
        self._store = store
        self._ahead = ahead
        self._network = network
        self._wallets = {
            descriptor.text: (descriptor, wallet.gap_limit, wallet.need)
            for wallet in wallets
            if wallet.descriptor
            for descriptor in [_parsed(wallet, network)]
            if descriptor.ranged
        }
        self._new: dict[bytes, Address] = {}

    @property
    def rows(self) -> tuple[Address, ...]:
        return tuple(self._new.values())

    def more_scripts(self, paid: frozenset[bytes]) -> frozenset[bytes]:
        """The scripts up to `gap_limit` beyond the highest of these, of each wallet that they belong to."""
        highest: dict[tuple[str, str], int] = {}
        with self._store.read() as tx:
            for script in paid:
                row = self._new.get(script) or tx.addresses.by_script(script)
                if row is not None and row.source in self._wallets:
                    wallet = (row.source, row.campaign)
                    highest[wallet] = max(highest.get(wallet, 0), row.index)
            rows = [row for wallet, index in highest.items() for row in self._next(tx, *wallet, index)]
        self._new.update((row.script, row) for row in rows)
        return frozenset(row.script for row in rows)

    def _next(self, tx: Reading, source: str, slug: str, index: int) -> Iterable[Address]:
        descriptor, gap, need = self._wallets[source]
        needed = index + 1 + gap
        have = max(
            (row.index + 1 for row in self.rows if (row.source, row.campaign) == (source, slug)), default=0
        )
        if have >= needed or _is_watched(tx, descriptor.script(needed - 1)):
            return []
        first = max(have, index)
        while first < needed and _is_watched(tx, descriptor.script(first)):
            first += 1
        end = watched_until(first, needed, gap, ahead=self._ahead)
        return [_kept_for(row, need) for row in _rows(descriptor, slug, self._network, first, end, None)]

    def block_of(self, txid: str, script: bytes) -> str | None:
        """The block in which a transaction is recorded to touch a script."""
        with self._store.read() as tx:
            return Observed(tx.session).knows(txid, script.hex())


def _is_watched(tx: Reading, script: bytes) -> bool:
    return tx.addresses.by_script(script) is not None
