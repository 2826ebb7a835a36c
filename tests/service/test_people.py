"""Who may act ends and begins again, and the audit log can be read: who did what, and when."""

from __future__ import annotations

import json
from pathlib import Path

from ledger.recording.desk import NOUNS
from ledger.recording.users import actor_of_token
from ledger.store.database import Store
from tests.tools.demo_data import Ran, run_command
from tests.tools.drawn import drawn

NOW = 1_700_000_000
DAY = 86_400


def ran(home: Path, *words: str, code: int = 0) -> Ran:
    told = run_command([*words, "--data", "."], home, clock=lambda: NOW)
    assert told.code == code, told.err
    return told


def test_a_user_is_disabled_and_enabled_and_a_token_ends(tmp_path: Path) -> None:
    """And the audit log says so, of one person where one is named; nobody is told of what is not there."""
    Store.create(f"sqlite:///{tmp_path / 'aidtrail.db'}").close()
    ran(tmp_path, "user", "add", "ana", "--role", "admin")
    lasting = ran(tmp_path, "token", "add", "ana").out.strip()
    ending = ran(tmp_path, "token", "add", "ana", "--days", "90").out.strip()
    ran(tmp_path, "token", "add", "ana", "--days", "0", code=2)
    assert "2024-02-12T22:13:20Z" in ran(tmp_path, "token", "list").out
    store = Store.open(f"sqlite:///{tmp_path / 'aidtrail.db'}")

    def accepted(now: int) -> list[bool]:
        with store.read() as tx:
            return [actor_of_token(tx, token, now=now) is not None for token in (lasting, ending)]

    assert accepted(NOW + 90 * DAY - 1) == [True, True]
    assert accepted(NOW + 90 * DAY) == [True, False]
    ran(tmp_path, "user", "disable", "ana")
    assert accepted(NOW) == [False, False]
    ran(tmp_path, "user", "enable", "ana")
    assert accepted(NOW) == [True, True]
    ran(tmp_path, "user", "enable", "eve", code=2)
    store.close()
    rows = json.loads(ran(tmp_path, "audit", "list", "--json").out)
    assert [(row["action"], row["subject"]) for row in rows] == [
        ("user added", "ana"), ("role given", "ana/admin/*"), ("token added", "ana/token"),
        ("token added", "ana/token"), ("user disabled", "ana"), ("user enabled", "ana"),
    ]  # fmt: skip
    assert "user disabled" in ran(tmp_path, "audit", "list", "--after", "4").out
    assert "user added" not in ran(tmp_path, "audit", "list", "--after", "4").out
    assert "no such line" in ran(tmp_path, "audit", "list", "--user", "ana").out


def test_roles_and_narrow_tokens_are_given_on_the_command_line(tmp_path: Path) -> None:
    """Each campaign has to be there, each day to come; what is said is in lists, as JSON and in words."""
    Store.create(f"sqlite:///{tmp_path / 'aidtrail.db'}").close()
    ran(tmp_path, "user", "add", "eva", "--role", "admin")
    call = {"slug": "masks", "title": "Masks", "purpose": "All", "start": "2023-11-01", "end": "2023-12-31"}
    sets = [word for name, value in call.items() for word in ("--set", f"{name}={value}")]
    ran(tmp_path, "campaign", "add", "--as", "eva", *sets)
    ran(tmp_path, "user", "add", "ana", "--role", "recorder", "--campaign", "nowhere", code=2)
    ran(tmp_path, "user", "add", "ana", "--role", "recorder", "--campaign", "masks", "--until", "2023-11-15")
    ran(tmp_path, "role", "give", "ana", "approver", "--until", "2023-11-13", code=2)
    ran(tmp_path, "role", "give", "ana", "approver", "--until", "soon", code=2)
    ran(tmp_path, "role", "give", "ana", "viewer")
    assert "recorder in masks until 2023-11-15" in ran(tmp_path, "user", "show", "ana").out
    ran(tmp_path, "role", "take", "ana", "viewer", "--campaign", "masks", code=2)
    ran(tmp_path, "role", "take", "ana", "viewer")
    rows = json.loads(ran(tmp_path, "role", "list", "ana", "--json").out)
    assert rows == [{"user": "ana", "role": "recorder", "campaign": "masks", "until": "2023-11-15"}]
    product = ["--set", "code=K", "--set", "name=Kit", "--set", "unit=kit", "--set", "plural=kits"]
    ran(
        tmp_path,
        "campaign",
        "add",
        "--as",
        "ana",
        *[word.replace("masks", "wells") for word in sets],
        code=77,
    )
    ran(tmp_path, "product", "add", "--as", "ana", *product)
    late = run_command(
        ["product", "add", "--as", "ana", *product, "--data", "."], tmp_path, clock=lambda: NOW + 2 * DAY
    )
    assert late.code == 77
    ran(tmp_path, "user", "add", "viv", "--role", "viewer")
    ran(tmp_path, "user", "add", "elsa", "--role", "admin", "--campaign", "masks")
    ran(tmp_path, "campaign", "add", "--as", "eva", *[word.replace("masks", "wells") for word in sets])
    acts = [f"{noun} {verb}" for noun, told in NOUNS.items() for verb in told.actions if noun != "campaign"]
    for asked in drawn("as", acts, 5):
        for user in ("viv", "elsa"):  # before a field is asked for
            ran(tmp_path, *asked.split(), "--as", user, "--campaign", "wells", code=77)
    narrow = ("token", "add", "ana", "--scope", "record", "--scope", "read", "--campaign", "masks")
    ran(tmp_path, *narrow)
    (token,) = json.loads(ran(tmp_path, "token", "list", "--json").out)
    assert (token["scopes"], token["campaigns"]) == (["read", "record"], ["masks"])
    assert "only read, record" in ran(tmp_path, "token", "list").out
    ran(tmp_path, "token", "add", "ana", "--campaign", "nowhere", code=2)
