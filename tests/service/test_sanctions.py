"""A list of sanctioned addresses is taken from a plain file, whole or with one sentence that says why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.demo_data import Ran, run_command
from tests.tools.ledgers import SLUG, Ledger
from tests.tools.store_places import configure
from watchers.proof.networks import MAINNET
from watchers.proof.scripts import address_of

ONE = str(address_of(b"\x00\x14" + bytes(20), MAINNET))
TWO = str(address_of(b"\xa9\x14" + bytes(20) + b"\x87", MAINNET))


def taken(folder: Path, data: bytes) -> Ran:
    (folder / "list.txt").write_bytes(data)
    line = [
        "import",
        "sanctions",
        "list.txt",
        "--name",
        "OFAC SDN",
        "--list-date",
        "2023-11-01",
        "--source",
        "a site",
    ]
    return run_command([*line, "--as", "recorder"], folder)


def test_a_list_is_taken_in_the_form_that_is_published_and_only_once(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    configure(tmp_path)
    data = f"\ufeff# addresses\r\n{ONE.upper()}\r\n\r\n{TWO}\r\n{ONE}\r\n".encode()
    ran = taken(tmp_path, data)
    assert ran.code == 0, ran.err
    assert "recorded: 2 addresses of OFAC SDN as of 2023-11-01." in ran.out
    assert "in force: OFAC SDN of 2023-11-01, from a site" in ran.out
    entries = ledger.kinds()
    assert "recorded already" in taken(tmp_path, data).out
    assert ledger.kinds() == entries
    assert run_command(["screening", "state", "--campaign", SLUG], tmp_path).code == 0
    shown = run_command(["sanctions-list", "show", f"sanctions-list:{SLUG}:OFAC SDN:2023-11-01"], tmp_path)
    assert ONE in shown.out, shown.err


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "names no address"),
        (b"\x89PNG\r\n\x1a\n\xff", "is no plain text"),
        (f"{ONE}\naddress,name\n".encode(), "line 2 is no address of mainnet"),
        (b"tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7\n", "line 1 is no address of mainnet"),
        (b"<html>Not found</html>", "line 1 is no address of mainnet"),
        (b"5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ\n", "line 1 holds a private key"),
    ],
)  # fmt: skip
def test_what_is_no_such_list_is_refused_in_one_sentence(tmp_path: Path, data: bytes, says: str) -> None:
    ledger = Ledger.new(tmp_path)
    configure(tmp_path)
    ran = taken(tmp_path, data)
    assert ran.code == 2
    assert says in ran.err
    assert "5Hue" not in ran.err
    assert len([line for line in ran.err.splitlines() if "list.txt" in line]) == 1
    assert "sanctions-list" not in ledger.kinds()
