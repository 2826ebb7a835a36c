"""Addresses of the configuration's wallets in the ledger: fixed lists, and descriptors with their gap.

Only public descriptors: private keys are refused before parsing, by the watchers.
"""

from __future__ import annotations

from ledger.books import Documents
from ledger.observing import Observed
from ledger.store.addresses import AddressRow
from ledger.store.database import Store
from ledger.store.transaction import Writing
from service.command import BadUse
from service.config import Wallet
from watchers.descriptors import Descriptor
from watchers.networks import Network
from watchers.scripts import AddressRefused, address_of, script_of


def add_addresses(store: Store, wallets: tuple[Wallet, ...], network: Network) -> int:
    """Watch every address that the wallets name, `gap_limit` beyond the last used one; returns how many are new.

    A wallet of a campaign that is not there yet waits for it. Raises BadUse for an address or descriptor that is
    refused.
    """
    if not wallets:
        return 0
    added = 0
    with store.write() as tx:
        campaigns = [slug for slug, _ in Documents(tx.shelf).all("campaign", "")]
        for wallet in wallets:
            slug = wallet.campaign or (campaigns[0] if campaigns else "")
            if slug in campaigns:
                added += _add(tx, wallet, slug, network)
    return added


def _add(tx: Writing, wallet: Wallet, slug: str, network: Network) -> int:
    rows = _listed(wallet, slug, network) if wallet.addresses else _derived(tx, wallet, slug, network)
    fresh = [row for row in rows if tx.addresses.by_script(row.script) is None]
    tx.addresses.add(fresh)
    return len(fresh)


def _listed(wallet: Wallet, slug: str, network: Network) -> list[AddressRow]:
    rows = []
    for index, address in enumerate(wallet.addresses):
        try:
            script = script_of(address, network)
        except AddressRefused as refusal:
            raise BadUse(f"wallets.addresses: {refusal}") from None
        # A fixed list is published whole: its first address is the one that everybody gets.
        branch = "fixed" if index == 0 else "receive"
        rows.append(AddressRow(script, address_of(script, network) or address, slug, branch, index, "list"))
    return rows


def _derived(tx: Writing, wallet: Wallet, slug: str, network: Network) -> list[AddressRow]:
    try:
        descriptor = Descriptor.parse(wallet.descriptor, network)
    except ValueError as refusal:
        raise BadUse(f"wallets.descriptor: {refusal}") from None
    if not descriptor.ranged:
        script = descriptor.script(0)
        return [AddressRow(script, descriptor.address(0), slug, "fixed", 0, descriptor.text)]
    observed = Observed(tx.shelf)
    known = [row for row in tx.addresses.of_campaign(slug) if row.source == descriptor.text]
    used = [row.index for row in known if observed.paid_to(row.script.hex())]
    count = max(used, default=-1) + 1 + wallet.gap_limit
    if sum(1 for row in known if row.branch != "change") >= count:
        return []
    rows = []
    branches = [("receive", descriptor.scripts(0, count))]
    if descriptor.branches > 1:
        branches.append(("change", descriptor.change_scripts(0, count)))
    fixed_taken = any(
        row.branch == "fixed" and row.source != descriptor.text for row in tx.addresses.of_campaign(slug)
    )
    for branch, scripts in branches:
        for index, script in enumerate(scripts):
            named = "fixed" if branch == "receive" and index == 0 and not fixed_taken else branch
            address = address_of(script, network) or script.hex()
            rows.append(AddressRow(script, address, slug, named, index, descriptor.text))
    return rows
