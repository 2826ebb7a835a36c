"""A list of sanctioned addresses out of a file: plain text, one address a line, as the public OFAC lists have it.

Empty lines, and those that begin with #, say nothing. All of the file is taken or nothing.
"""

from __future__ import annotations

from ledger.core.secret import secret_in
from ledger.rules.sanctions_lists import MOST_ADDRESSES
from service.command import BadUse
from watchers.proof.networks import Network
from watchers.proof.scripts import AddressRefused, address_of, script_of


def sanctioned_addresses(data: bytes, name: str, network: Network) -> tuple[str, ...]:
    """The addresses of a file in their usual spelling and in its order, each once.

    Raises BadUse with one sentence: the line, what is wrong, and what such a file holds.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadUse(
            "{name}: is no plain text; such a list has one address a line, in UTF-8.", name=name
        ) from None
    found: dict[bytes, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        told = line.strip()
        if not told or told.startswith("#"):
            continue
        if secret_in(told) is not None:
            raise BadUse(
                "{name}: line {number} holds a private key; such a list has one address a line.",
                name=name,
                number=number,
            )
        try:
            script = script_of(told, network)
        except AddressRefused as refusal:
            raise BadUse(
                "{name}: line {number} is no address of {network} ({refusal}).",
                name=name,
                number=number,
                network=network.name,
                refusal=refusal.wording,
            ) from None
        found.setdefault(bytes(script), str(address_of(script, network)))
    if not found:
        raise BadUse("{name}: names no address; such a list has one address a line.", name=name)
    if len(found) > MOST_ADDRESSES:
        raise BadUse(
            "{name}: has {found} addresses; a list has at most {most}.",
            name=name,
            found=len(found),
            most=MOST_ADDRESSES,
        )
    return tuple(found.values())
