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
    addresses: dict[bytes, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line_text = line.strip()
        if not line_text or line_text.startswith("#"):
            continue
        if secret_in(line_text) is not None:
            raise BadUse(
                "{name}: line {number} holds a private key; such a list has one address a line.",
                name=name,
                number=number,
            )
        try:
            script = script_of(line_text, network)
        except AddressRefused as refusal:
            raise BadUse(
                "{name}: line {number} is no address of {network} ({refusal}).",
                name=name,
                number=number,
                network=network.name,
                refusal=refusal.wording,
            ) from None
        addresses.setdefault(bytes(script), str(address_of(script, network)))
    if not addresses:
        raise BadUse("{name}: names no address; such a list has one address a line.", name=name)
    if len(addresses) > MOST_ADDRESSES:
        raise BadUse(
            "{name}: has {found} addresses; a list has at most {most}.",
            name=name,
            found=len(addresses),
            most=MOST_ADDRESSES,
        )
    return tuple(addresses.values())
