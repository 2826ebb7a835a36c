"""Who may read a paper is decided where it is served: by the entries that stand, and by what its bytes are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import col, select
from starlette.testclient import TestClient

from api.app import create_app
from api.ports import Ports, SiteSettings
from ledger.checks.run import run_checks
from ledger.core.errors import Conflict, NotAllowed, NotFound, Refused
from ledger.core.roles import Grant, Role
from ledger.core.times import unix_seconds
from ledger.model.evidence import EvidenceRow
from ledger.recording.papers import keep_paper, remove_paper
from ledger.recording.users import actor_named, add_token, add_user_with
from ledger.rules.evidence import standing_papers
from ledger.store.papers import REMOVED
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItemKind
from service.backups import Backups
from service.paper_files.treating import treated
from tests.tools.demo_data import run_command
from tests.tools.ledgers import SLUG, Ledger
from tests.tools.paper_files import photograph
from tests.tools.things import DATE, funded

LETTER = b"A letter that tells who signed.\n"
NAME = hashlib.sha256(LETTER).hexdigest()
SEALED = {"withheld": "It carries signatures.", "review": "2030-01-01"}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = funded(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def site(ledger: Ledger) -> TestClient:
    with ledger.store.write() as writing:
        token = add_token(writing, "recorder", "t", now=ledger.now, by=None)
    ports = Ports(ledger.store, lambda: ledger.now, SiteSettings(), lambda: "", list, treated=treated)
    made = TestClient(create_app(ports), raise_server_exceptions=False)
    made.headers["authorization"] = f"Bearer {token}"
    return made


def upload(site: TestClient, data: bytes = LETTER, kind: str = "text/plain") -> int:
    name = hashlib.sha256(data).hexdigest()
    answer = site.put(f"/api/v1/papers/{name}", content=data, headers={"content-type": kind})
    return int(answer.status_code)


def attach(ledger: Ledger, access: str, **more: object) -> int:
    facts: dict[str, object] = {
        "sha256": NAME,
        "title": "Letter",
        "paper": "letter",
        "shows": "Who signed",
        "date": DATE,
    }
    facts |= {"shows": "Who signed", "access": access, "about": "campaign", **more}
    seq = ledger.do("recorder", "evidence", "add", **facts).seq
    assert seq is not None
    return seq


def propose(ledger: Ledger, number: str, sha256: str = NAME, **more: object) -> int:
    """One person asks that a paper be withheld; the number of the entry."""
    facts = {"number": number, "sha256": sha256, "title": "Letter", "paper": "letter", "shows": "Who signed"}
    facts |= {"about": "campaign", "date": DATE}
    seq = ledger.do("recorder", "evidence", "seal", **facts | SEALED | more).seq
    assert seq is not None
    return seq


def seal(ledger: Ledger, number: str, **more: object) -> int:
    """Two people withhold a paper; the number of the approval's entry."""
    propose(ledger, number, **more)  # type: ignore[arg-type]
    seq = ledger.do("approver", "sealing", "approve", number=number, date=DATE).seq
    assert seq is not None
    return seq


def audited(ledger: Ledger) -> list[tuple[str, str]]:
    with ledger.store.read() as reading:
        return [(line.action, line.subject) for line in reading.desk.audited() if line.subject == NAME]


def test_the_entry_has_the_hash_of_the_original_and_of_the_copy_that_is_served(
    ledger: Ledger, site: TestClient
) -> None:
    """Metadata leave the copy, and what was done stands in the entry, whatever its author says; the page tells it."""
    original = photograph()
    name = hashlib.sha256(original).hexdigest()
    kept = site.put(f"/api/v1/papers/{name}", content=original, headers={"content-type": "image/jpeg"}).json()
    assert kept["original"] == name != kept["sha256"]
    assert kept["done"] == ["metadata-removed"]
    assert "Model: A camera" in kept["metadata"]
    with pytest.raises(Refused, match="is that of the original"):
        attach(ledger, "public", sha256=name)
    with pytest.raises(Refused, match="is not what was done"):
        attach(ledger, "public", sha256=kept["sha256"], done=["thumbnails-removed"])
    attach(ledger, "public", sha256=kept["sha256"])
    attach(ledger, "redacted", sha256=kept["sha256"], about="conversion", number="C-1", original="ab" * 32)
    row = site.get(f"/api/v1/campaigns/{SLUG}/evidence").json()["items"][0]
    assert (row["original"], row["done"]) == (name, ["metadata-removed"])
    served = site.get(f"/papers/{kept['sha256']}").content
    assert hashlib.sha256(served).hexdigest() == kept["sha256"]
    assert (b"A camera" in original, b"A camera" in served) == (True, False)
    assert "Public: metadata removed" in site.get(f"/c/{SLUG}").text


def test_only_what_a_standing_entry_makes_public_is_served(ledger: Ledger, site: TestClient) -> None:
    """An upload alone publishes nothing and is in the audit log; a reversal ends the serving."""
    assert upload(site) == 201
    assert upload(site) == 201
    assert audited(ledger) == [("paper kept", NAME)] * 2
    assert site.get(f"/papers/{NAME}").status_code == 404
    seq = attach(ledger, "redacted")
    shown = site.get(f"/papers/{NAME}")
    assert (shown.status_code, shown.content) == (200, LETTER)
    assert shown.headers["cache-control"] == "public, max-age=300, must-revalidate"
    again = site.get(f"/papers/{NAME}", headers={"if-none-match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    ledger.do("approver", "reversal", "add", entry=seq, reason="another letter", date=DATE)
    assert site.get(f"/papers/{NAME}").status_code == 404


def test_of_a_sealed_paper_a_salted_hash_alone_is_known(ledger: Ledger, site: TestClient) -> None:
    """What was kept before goes with the approval that seals it; nobody brings it again; no public entry beside.

    The salt, and where the original lies, are told to who may record; the paper's own hash stands nowhere.
    """
    upload(site)
    made = site.post("/api/v1/papers/sealed", json={"sha256": NAME, "lies": "safe 3"})
    salted = made.json()["sealed"]
    seq = seal(ledger, "S-1")
    assert propose(ledger, "S-1") == propose(ledger, "S-1", salted) == seq - 1
    with pytest.raises(Conflict, match="is sealed by S-1 already"):
        propose(ledger, "S-2")
    assert audited(ledger) == [("paper kept", NAME), (REMOVED, NAME)]
    shown = site.get(f"/api/v1/papers/{salted}/original").json()
    opened = hashlib.sha256(bytes.fromhex(shown["salt"]) + bytes.fromhex(NAME)).hexdigest()
    assert (shown["lies"], opened) == ("safe 3", salted)
    with ledger.store.read() as reading:
        assert NAME.encode() not in b"".join(row.data for row in reading.journal.rows())
    public = site.get(f"/api/v1/campaigns/{SLUG}/evidence", headers={"authorization": ""})
    assert (NAME in public.text, salted in public.text, shown["salt"] in public.text) == (False, True, False)
    nobody = {"authorization": ""}
    assert site.get(f"/api/v1/papers/{salted}/original", headers=nobody).status_code == 401
    assert site.get(f"/papers/{NAME}").status_code == 404
    assert upload(site) == 409
    with pytest.raises(Refused, match="is sealed by entry"):
        attach(ledger, "public", about="conversion", number="C-1")
    with ledger.store.read() as reading:
        assert not reading.papers.is_kept(NAME)
        assert run_checks(reading) == []
    with ledger.store.write() as writing:
        # Past the door that refuses it.
        writing.papers.save("text/plain", LETTER, NAME)
        assert "sealed_papers_are_not_kept" in {one.check for one in run_checks(writing)}
        writing.papers.remove(NAME)
    ledger.do("approver", "reversal", "add", entry=seq, reason="it may be seen", date=DATE)
    public = attach(ledger, "public", about="conversion", number="C-1")
    assert upload(site) == 201
    assert site.get(f"/papers/{NAME}").status_code == 200
    with pytest.raises(Refused, match=f"is public by entry {public}"):
        propose(ledger, "S-3", about="need", of="N-1")


def test_where_a_sealed_paper_lies_is_told_in_the_campaign_that_seals_it(
    ledger: Ledger, site: TestClient
) -> None:
    """Not to who records in another one, though they ask for a sealing of the published hash there; who has the paper
    there too gets the same salted hash, and writes over no note."""
    facts = {"slug": "two", "title": "Two", "purpose": "Else", "start": "2023-11-01", "end": "2023-12-31"}
    ledger.do("admin", "campaign", "add", **facts)
    with ledger.store.write() as writing:
        add_user_with(writing, "other", Grant(Role.RECORDER, "two"), now=ledger.now, by=None)
        other = {"authorization": f"Bearer {add_token(writing, 'other', 't', now=ledger.now, by=None)}"}
    salted = site.post("/api/v1/papers/sealed", json={"sha256": NAME, "lies": "safe 3"}).json()["sealed"]
    where = f"/api/v1/papers/{salted}/original"
    asked = {"number": "S-1", "sha256": salted, "title": "Letter", "paper": "letter", "shows": "Who signed"}
    asked |= {"about": "campaign", "date": DATE} | SEALED
    propose(ledger, "S-1")
    assert site.post("/api/v1/campaigns/two/evidence/seal", json=asked, headers=other).status_code == 201
    for approve in (False, True):
        if approve:
            ledger.do("approver", "sealing", "approve", number="S-1", date=DATE)
        refused = site.get(where, headers=other)
        assert (refused.status_code, "safe 3" in refused.text) == (403, False)
        again = {"sha256": NAME, "lies": "nowhere"}
        assert site.post("/api/v1/papers/sealed", json=again, headers=other).json()["sealed"] == salted
        assert site.get(where).json()["lies"] == "safe 3"
    site.post("/api/v1/papers/sealed", json={"sha256": NAME, "lies": "safe 4"})
    assert site.get(where).json()["lies"] == "safe 4"


def test_withholding_a_paper_takes_two_people(ledger: Ledger, site: TestClient) -> None:
    """One person hides it and destroys nothing; it is withheld, and proves something, once another one approved."""
    upload(site)
    public = attach(ledger, "public")
    with pytest.raises(Refused, match="`evidence seal`"):
        attach(ledger, "sealed", about="conversion", number="C-1")
    ledger.do("approver", "reversal", "add", entry=public, reason="names in it", date=DATE)
    propose(ledger, "S-1")

    def told() -> tuple[list[str | None], list[bool], str]:
        where = f"/api/v1/campaigns/{SLUG}"
        withheld = [row["decided_by"] for row in site.get(where).json()["withheld"]]
        waits = [row["waits"] for row in site.get(f"{where}/evidence").json()["items"]]
        return withheld, waits, site.get(f"/c/{SLUG}").text

    def inbox() -> list[str]:
        with ledger.store.read() as reading:
            found = decisions(reading, SLUG, now=ledger.now)
        return [str(row.subject) for row in found if row.kind is OpenItemKind.APPROVAL]

    decided, waits, page = told()
    assert (decided, waits) == ([None], [True])
    assert "waits for a second person" in page
    assert "It carries signatures." in page
    assert [one for one in inbox() if "S-1" in one]
    with ledger.store.read() as reading:
        salted = reading.session.exec(select(EvidenceRow.sha256).where(col(EvidenceRow.waits) == 1)).one()
        assert standing_papers(reading.session, SLUG, salted) == []
        assert reading.papers.is_kept(NAME)
        assert run_checks(reading) == []
    assert site.get(f"/papers/{NAME}").status_code == 404
    assert upload(site) == 409
    with pytest.raises(Refused, match="is sealed by entry"):
        attach(ledger, "public")
    with pytest.raises(NotAllowed):
        ledger.do("recorder", "sealing", "approve", number="S-1", date=DATE)
    ledger.do("approver", "sealing", "reject", number="S-1", date=DATE)
    decided, waits, page = told()
    assert (decided, waits, "It carries signatures." in page) == ([], [], False)
    again = attach(ledger, "public")
    assert site.get(f"/papers/{NAME}").content == LETTER
    ledger.do("approver", "reversal", "add", entry=again, reason="names in it", date=DATE)
    seal(ledger, "S-2")
    decided, waits, page = told()
    assert (decided, waits, "waits for a second person" in page) == (["approver"], [False], False)
    assert not [one for one in inbox() if "S-2" in one]
    with ledger.store.read() as reading:
        assert len(standing_papers(reading.session, SLUG, salted)) == 1
        assert not reading.papers.is_kept(NAME)


def test_an_overdue_review_of_a_sealed_paper_waits_for_a_person(ledger: Ledger, site: TestClient) -> None:
    """From the day after it, until the paper is attached anew, sealed again or not."""
    seq = seal(ledger, "S-1", review="2023-12-01")

    def waiting(day: str) -> list[tuple[str, str]]:
        with ledger.store.read() as reading:
            found = decisions(reading, SLUG, now=unix_seconds(f"{day}T12:00:00Z"))
        return [(str(row.subject), row.since) for row in found if row.kind is OpenItemKind.REVIEW_OVERDUE]

    assert waiting("2023-12-01") == []
    assert waiting("2023-12-02") == [("Letter", "2023-12-01")]
    ledger.do("approver", "reversal", "add", entry=seq, reason="it was looked at again", date=DATE)
    assert waiting("2023-12-02") == []
    seal(ledger, "S-2", review="2024-12-01")
    assert waiting("2024-12-02") == [("Letter", "2024-12-01")]


def test_a_paper_known_by_its_hash_alone_is_told_as_not_kept_here(ledger: Ledger, site: TestClient) -> None:
    """No link to a page that is missing; the link is there as soon as the bytes are."""
    attach(ledger, "public")
    del site.headers["authorization"]
    page = site.get(f"/c/{SLUG}").text
    assert "Public, not kept here" in page
    assert f"/papers/{NAME}" not in page
    row = site.get(f"/api/v1/campaigns/{SLUG}/evidence").json()["items"][0]
    assert (row["kept"], row["href"]) == (False, None)
    with ledger.store.write() as writing:
        keep_paper(writing, actor_named(writing, "recorder", now=ledger.now), treated(LETTER), now=ledger.now)
    assert f'href="/papers/{NAME}"' in site.get(f"/c/{SLUG}").text
    row = site.get(f"/api/v1/campaigns/{SLUG}/evidence").json()["items"][0]
    assert (row["kept"], row["href"]) == (True, f"/papers/{NAME}")


def test_forged_bytes_are_not_served_and_the_checks_name_them(ledger: Ledger, site: TestClient) -> None:
    upload(site)
    attach(ledger, "public")
    with ledger.store.write() as writing:
        writing.session.connection().exec_driver_sql("DROP TRIGGER papers_update")
        writing.session.connection().exec_driver_sql("UPDATE papers SET data = CAST('FORGED' AS BLOB)")
    answer = site.get(f"/papers/{NAME}")
    assert answer.status_code == 500
    assert b"FORGED" not in answer.content
    with ledger.store.read() as reading:
        assert [(one.check, one.subject) for one in run_checks(reading)] == [("papers_hash", NAME)]
    assert "papers_update" in ledger.store.missing_triggers()


def test_what_a_paper_is_its_bytes_say(ledger: Ledger, site: TestClient) -> None:
    """Not the header and not the name of the file; what a browser would run is downloaded, or not taken at all."""
    assert upload(site, b"%PDF-1.7 \x00", "text/plain") == 415
    assert upload(site, b"<html>\x00", "image/png") == 415
    assert upload(site, b"no picture", "image/png") == 415
    assert upload(site, b"\x89PNG\r\n\x1a\n\x00", "image/png") == 422
    for page in (
        b"<script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\n<?xml version='1.0'?><a/>",
    ):
        assert upload(site, page) == 422
        name = hashlib.sha256(page).hexdigest()
        kept = site.put(
            f"/api/v1/papers/{name}?metadata=keep", content=page, headers={"content-type": "text/plain"}
        )
        assert (kept.status_code, kept.json()["done"]) == (201, ["metadata-left"])
        attach(ledger, "public", sha256=name)
        shown = site.get(f"/papers/{name}")
        assert shown.headers["content-disposition"].startswith("attachment")
        assert shown.headers["content-type"] == "application/octet-stream"


def test_an_admin_takes_bytes_out_and_the_audit_log_says_so(ledger: Ledger, site: TestClient) -> None:
    upload(site)
    attach(ledger, "public")
    with ledger.store.write() as writing:
        with pytest.raises(NotAllowed):
            remove_paper(writing, actor_named(writing, "recorder", now=ledger.now), NAME, now=ledger.now)
        remove_paper(writing, actor_named(writing, "admin", now=ledger.now), NAME, now=ledger.now)
        with pytest.raises(NotFound):
            remove_paper(writing, actor_named(writing, "admin", now=ledger.now), NAME, now=ledger.now)
    assert audited(ledger)[-1] == (REMOVED, NAME)
    assert site.get(f"/papers/{NAME}").status_code == 404
    assert "not kept here" in site.get(f"/c/{SLUG}").text


def test_the_commands_keep_no_sealed_paper_and_remove_one_from_the_kept_backups_too(tmp_path: Path) -> None:
    made = funded(tmp_path)
    (tmp_path / "aidtrail.toml").write_text(
        f"sources = []\n[database]\nurl = 'sqlite:///{made.store.file}'\n[backup]\nfolder = 'kept'\n"
    )
    (tmp_path / "letter.txt").write_bytes(LETTER)
    (tmp_path / "passport.txt").write_bytes(b"A passport, sealed")
    facts = {"title": "Letter", "paper": "letter", "shows": "Who signed", "about": "campaign", "date": DATE}
    add = ["evidence", "add", "--as", "recorder", *(f"--set={name}={told}" for name, told in facts.items())]
    sealed = [f"--set={name}={told}" for name, told in (SEALED | {"number": "S-1"}).items()]
    hide = ["evidence", "seal", *add[2:], *sealed]
    told = run_command([*hide, "--file", "passport.txt", "--where", "s" * 301], tmp_path)
    assert (told.code, "--where: is too long; write at most 300 characters." in told.err) == (2, True)
    deep = tmp_path.joinpath(*["d" * 100] * 3)
    deep.mkdir(parents=True)
    (deep / "passport.txt").write_bytes(b"A passport, sealed")
    told = run_command([*hide, "--file", str(deep / "passport.txt")], tmp_path)
    assert (told.code, "the path of this file has more than 300" in told.err) == (2, True)
    told = run_command([*hide, "--file", "passport.txt", "--where", "safe 3", "--json"], tmp_path)
    salted = json.loads(told.out)["entry"]["facts"]["sha256"]
    assert salted != hashlib.sha256(b"A passport, sealed").hexdigest()
    assert "safe 3" in run_command(["paper", "where", salted, "--as", "recorder"], tmp_path).out
    assert run_command(["paper", "where", salted, "--as", "nobody"], tmp_path).code == 2
    assert run_command([*add, "--file", "letter.txt", "--set=access=public"], tmp_path).code == 0
    (tmp_path / "unredacted.txt").write_bytes(b"A letter with a name")
    (tmp_path / "photo.jpg").write_bytes(photograph())
    blacked = ["--file", "photo.jpg", "--original", "unredacted.txt", "--set=access=redacted", "--json"]
    facts_told = json.loads(run_command([*add, *blacked], tmp_path).out)["entry"]["facts"]
    assert facts_told["original"] == hashlib.sha256(b"A letter with a name").hexdigest()
    assert facts_told["done"] == ["metadata-removed"]
    assert "Model: A camera" in run_command([*add, *blacked[:-1]], tmp_path).out
    copy = Backups(made.store, lambda: made.now, tmp_path / "kept", 3600, 7).make()
    assert LETTER in copy.read_bytes()
    assert run_command(["paper", "remove", NAME, "--as", "recorder"], tmp_path).code == 77
    assert run_command(["paper", "remove", NAME, "--as", "admin"], tmp_path).code == 0
    assert run_command(["paper", "remove", NAME, "--as", "admin"], tmp_path).code == 2
    for path in [*tmp_path.glob("ledger.db*"), copy]:
        assert LETTER not in path.read_bytes(), path
        assert b"A passport, sealed" not in path.read_bytes(), path
    assert run_command(["restore", str(copy), "--data", "back"], tmp_path).code == 0
    made.store.close()
