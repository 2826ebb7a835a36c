"""Address statements of the configuration: "these addresses are ours, from, until", signed outside and verified here.

The text is a file of lines `key: value`, signed as it stands, the line break at its end aside, by the key of each
address that it names (`watchers/proof/signed_messages.py`). A statement that does not verify is refused at the start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path

from api.ports import AddressStatement
from ledger.core.times import rfc3339
from ledger.core.wording import WrongValue
from service.command import BadUse
from service.config import AddressStatementConfig
from service.sentences import statements as say
from watchers.proof.networks import Network
from watchers.proof.signed_messages import is_signed_by

SOON = 30
"""Days before its end from which on a statement is told to end."""
_MOST_BYTES = 20_000
_LINE = re.compile(r"([a-z0-9-]+):\x20(\S.*)")
_ONCE = ("campaign", "issuer", "from", "until")
_KNOWN = (*_ONCE, "address", "descriptor-sha256")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def statements_in(
    configured: Iterable[AddressStatementConfig], network: Network, folder: Path
) -> tuple[AddressStatement, ...]:
    """The statements that the configuration names, each verified; raises BadUse."""
    return tuple(_statement(one, network, folder) for one in configured)


def _statement(configured: AddressStatementConfig, network: Network, folder: Path) -> AddressStatement:
    path = folder / configured.file
    try:
        text = path.read_bytes()[: _MOST_BYTES + 1].decode("utf-8").replace("\r\n", "\n").rstrip("\n")
    except OSError as failure:
        raise BadUse(
            "address_statements.file: {path} cannot be read ({reason}).",
            path=str(path),
            reason=str(failure.strerror),
        ) from None
    except UnicodeDecodeError:
        raise BadUse("address_statements.file: {path} is not UTF-8 text.", path=str(path)) from None
    fields = _fields(text, path)
    statement = AddressStatement(
        campaign=fields["campaign"][0],
        issuer=fields["issuer"][0],
        since=_day(fields["from"][0], path),
        until=_day(fields["until"][0], path),
        addresses=fields["address"],
        text=text,
        signatures=tuple(_signature(one) for one in configured.signatures),
    )
    _verify(statement, network, path)
    return statement


def _fields(text: str, path: Path) -> Mapping[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        match = _LINE.fullmatch(line)
        if match is None or match.group(1) not in _KNOWN:
            raise BadUse(
                "address_statements.file: line {line} of {path}: write KEY: VALUE, with one of {keys}.",
                line=number,
                path=path.name,
                keys=_KNOWN,
            )
        fields[match.group(1)] = (*fields.get(match.group(1), ()), match.group(2))
    wrong = [key for key in _ONCE if len(fields.get(key, ())) != 1]
    if wrong or not fields.get("address"):
        raise BadUse(
            "address_statements.file: {path} needs one line each of {keys}, and an address or more.",
            path=path.name,
            keys=_ONCE,
        )
    if any(not _SHA256.fullmatch(one) for one in fields.get("descriptor-sha256", ())):
        raise BadUse(
            "address_statements.file: descriptor-sha256 of {path}: write 64 lower-case hexadecimal digits.",
            path=path.name,
        )
    return fields


def _day(text: str, path: Path) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadUse(
            "address_statements.file: {path}: write from and until as YYYY-MM-DD.", path=path.name
        ) from None


def _signature(text: str) -> tuple[str, str]:
    address, _, signature = text.strip().partition(" ")
    if not signature.strip():
        raise BadUse('address_statements.signatures: write each as "ADDRESS SIGNATURE".')
    return address, signature.strip()


def _verify(statement: AddressStatement, network: Network, path: Path) -> None:
    signed = dict(statement.signatures)
    for address in statement.addresses:
        if address not in signed:
            raise BadUse(
                "address_statements.signatures: {address} of {path} has none; sign the text with its key.",
                address=address,
                path=path.name,
            )
        try:
            holds = is_signed_by(address, statement.text, signed[address], network)
        except WrongValue as refusal:
            raise BadUse("address_statements: {refusal}", refusal=refusal.wording) from None
        if not holds:
            raise BadUse(
                "address_statements.signatures: that of {address} does not verify the text of {path}; sign the file "
                "as it stands, without the line break at its end.",
                address=address,
                path=path.name,
            )


def alarms(statements: Iterable[AddressStatement], shown: Mapping[str, str], now: int) -> list[str]:
    """What is wrong or soon will be: statements that end, and shared addresses that none in force names.

    `shown`: the shared address that the pages of each campaign show.
    """
    today = rfc3339(now)[:10]
    soon = (date.fromisoformat(today) + timedelta(days=SOON)).isoformat()
    in_order = list(statements)
    over = [say.over(one.campaign, one.until) for one in in_order if one.until < today]
    over += [say.ends(one.campaign, one.until) for one in in_order if today <= one.until < soon]
    for campaign in dict.fromkeys(one.campaign for one in in_order):
        named = {
            address
            for one in in_order
            if one.campaign == campaign and one.in_force(today)
            for address in one.addresses
        }
        if campaign in shown and shown[campaign] not in named:
            over.append(say.unsigned(campaign, shown[campaign]))
    return over
