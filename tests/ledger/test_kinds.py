"""What each kind of fact must satisfy, from order to distribution, in a small ledger audited after every step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.errors import Conflict, LedgerError, NotAllowed, NotFound, Refused
from ledger.core.money import decimal_text
from ledger.core.times import unix_seconds
from ledger.model.deliveries import ShipmentStatus
from ledger.recording.desk import NOUNS, act
from ledger.recording.users import add_user
from ledger.rules.books import Books
from ledger.rules.receipts import require_receipt
from ledger.rules.shipments import require_shipment
from ledger.tracing.follow import origins
from ledger.views.queries import campaign_report
from tests.tools.ledgers import SLUG, Ledger, made_once, name
from tests.tools.things import DATE, funded, hand_over, lots, order, receive


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """A ledger with 20,000.00 USD at bank B, from one gift of a bitcoin, and a product KIT."""
    return funded(tmp_path)


def pay(ledger: Ledger, amount: int, number: str = "P-1", **more: Any) -> None:
    facts = {"number": number, "order": "PO-1", "asset": "USD", "amount": amount, "discharges": amount}
    facts |= {"bank": "B", "date": "2023-12-02"} | more
    ledger.do("recorder", "payment", "add", **facts)


def test_a_receipt_that_does_not_add_up_says_by_how_much(ledger: Ledger) -> None:
    order(ledger)
    with pytest.raises(Refused, match="100 are noted and 105 counted"):
        ledger.do(
            "recorder", "receipt", "add", number="G", order="PO-1", item="1", place="Depot", date="2023-12-01",
            lots=[{"lot": "L1", "noted": 100, "good": 105}],
        )  # fmt: skip


def test_more_than_was_ordered_is_not_received_on_the_order(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=900)
    with pytest.raises(Refused, match="only 100 of 1000"):
        receive(ledger, "GRN-2", "L2", good=101)
    receive(ledger, "GRN-2", "L2", good=100)


def test_receipts_map_positions_by_the_cumulative_floor(ledger: Ledger) -> None:
    """Rule 5: positions of the order's line up to floor(cumulative quantity * value / ordered), once."""
    order(ledger, quantity=3, value=1000)
    receive(ledger, "G1", "L1", good=1)
    receive(ledger, "G2", "L2", good=2)
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        assert lines.use(f"receipt:{SLUG}:G1:L1").pieces == ((0, 333),)
        assert lines.use(f"receipt:{SLUG}:G2:L2").pieces == ((333, 1000),)


def test_goods_have_no_owner_before_they_are_paid_for_and_the_donor_after(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1000)

    def owners() -> set[str | None]:
        with ledger.store.read() as reading:
            line = f"goods/{SLUG}/stock:Depot/KIT#L1"
            return {origin.gift for origin in origins(Books(reading).lines, line, 0, 1000)}

    assert owners() == {None}
    pay(ledger, 500_000)
    assert owners() == {None}
    ledger.do("approver", "payment", "approve", number="P-1", date="2023-12-02")
    assert owners() == {f"{name('gift')}:0"}


def test_a_payment_holds_its_money_and_a_rejection_frees_it(ledger: Ledger) -> None:
    order(ledger, value=2_000_000)
    pay(ledger, 1_900_000)
    with pytest.raises(Refused, match=r"1000\.00 USD of PO-1 is unpaid"):
        pay(ledger, 200_000, "P-2")
    ledger.do("recorder", "payment", "reject", number="P-1", date="2023-12-02")
    pay(ledger, 2_000_000, "P-2")


def test_money_that_is_not_at_the_bank_is_not_paid(ledger: Ledger) -> None:
    order(ledger, value=2_000_000)
    with pytest.raises(Refused, match="is free at B"):
        pay(ledger, 2_000_000, fee=1)
    with pytest.raises(Refused, match="is free at Elsewhere"):
        pay(ledger, 100, bank="Elsewhere")


def test_an_order_is_bound_by_its_approval_and_a_second_one_beyond_the_rest_is_refused(
    ledger: Ledger,
) -> None:
    order(ledger, value=1_500_000)
    with pytest.raises(Refused, match=r"only 5000\.00 [A-Z]{3} is free"):
        order(ledger, "PO-2", value=500_001)


def test_an_order_of_two_items_is_paid_in_proportion(ledger: Ledger) -> None:
    """docs/rules.md, 8: a payment is spread over the items by their approved value."""
    items = [
        {"item": "1", "product": "KIT", "quantity": 10, "value": 300},
        {"item": "2", "product": "KIT", "quantity": 10, "value": 700},
    ]
    order(ledger, items=items)
    pay(ledger, 500)
    ledger.do("approver", "payment", "approve", number="P-1", date="2023-12-02")
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        filled = [lines.filled(f"order/{SLUG}/PO-1/{item}/USD") for item in ("1", "2")]
    assert filled == [150, 350]


def test_nothing_is_shipped_that_is_not_there_and_what_arrives_is_what_left(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=990, damaged=10)
    shipment = {"origin": "Depot", "destination": "Port", "carriage": "road", "date": "2023-12-03"}
    with pytest.raises(Refused, match="991 pieces of KIT#L1 are wanted and 990 are at Depot"):
        ledger.do("recorder", "shipment", "add", waybill="W-1", lots=lots(991), **shipment)
    ledger.do("recorder", "shipment", "add", waybill="W-1", lots=lots(500), **shipment)
    counted = {"product": "KIT", "lot": "L1"}
    arrival = {"waybill": "W-1", "date": "2023-12-05"}
    with pytest.raises(Refused, match="501 pieces"):
        ledger.do("recorder", "shipment", "arrive", number="A-1", lots=[counted | {"good": 501}], **arrival)
    with pytest.raises(Refused, match="say why"):
        ledger.do(
            "recorder", "shipment", "arrive", number="A-1", lots=[counted | {"good": 1, "lost": 1}], **arrival
        )
    with pytest.raises(Refused, match="before 2023-12-03"):
        ledger.do(
            "recorder",
            "shipment",
            "arrive",
            number="A-1",
            lots=[counted | {"good": 1}],
            **(arrival | {"date": "2023-12-01"}),
        )
    ledger.do("recorder", "shipment", "arrive", number="A-1", lots=[counted | {"good": 300}], **arrival)
    ledger.do(
        "recorder", "shipment", "arrive", number="A-2", lots=[counted | {"good": 190, "lost": 10}],
        reason="fell off", **arrival,
    )  # fmt: skip
    with ledger.store.read() as reading:
        assert require_shipment(reading.session, SLUG, "W-1").status is ShipmentStatus.RECEIVED


def delivered(ledger: Ledger) -> int:
    """Order, receipt, handover and a distribution; gives the receipt's entry."""
    order(ledger)
    receive(ledger, good=1000)
    with ledger.store.read() as reading:
        seq = require_receipt(reading.session, SLUG, "GRN-1").entry
    hand_over(ledger, 800, date="2023-12-06")
    ledger.do(
        "recorder",
        "distribution",
        "add",
        number="D-1",
        organisation="Aid",
        place="Hill",
        lots=lots(600),
        date="2023-12-07",
    )
    return int(seq)


def test_a_mistake_is_corrected_by_reversals_later_facts_first(ledger: Ledger) -> None:
    receipt = delivered(ledger)
    reversal = {"reason": "counted wrong", "date": "2023-12-08"}
    with pytest.raises(Conflict, match="later facts stand on"):
        ledger.do("approver", "reversal", "add", entry=receipt, **reversal)
    for seq in (receipt + 2, receipt + 1, receipt):
        ledger.do("approver", "reversal", "add", entry=seq, **reversal)
    row = {"lot": "L1", "noted": 1000, "good": 990, "short": 10}
    ledger.do(
        "recorder", "receipt", "add", number="GRN-1b", order="PO-1", item="1", place="Depot", lots=[row],
        date="2023-12-08", happened="2023-12-01",
    )  # fmt: skip
    with pytest.raises(NotAllowed):
        ledger.do("recorder", "reversal", "add", entry=receipt, **reversal)


def test_a_loss_in_stock_is_borne_by_all_in_proportion(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1000)
    ledger.do("recorder", "loss", "add", number="L-1", place="Depot", product="KIT", lot="L1", quantity=100,
              cause="stolen", reason="the lock was broken", date="2023-12-06")  # fmt: skip
    with pytest.raises(Refused, match="900 are at Depot"):
        hand_over(ledger, 901, date="2023-12-06")
    with ledger.store.read() as reading:
        use = Books(reading).lines.use(f"loss:{SLUG}:L-1")
    assert use.shares_at(500) == [50, 450]


def test_the_same_again_changes_nothing_and_something_else_is_an_error(ledger: Ledger) -> None:
    order(ledger)
    facts = {"number": "GRN-1", "order": "PO-1", "item": "1", "place": "Depot", "date": "2023-12-01"}
    told = [{"lot": "L1", "noted": 10, "good": 10}]
    first = ledger.do("recorder", "receipt", "add", lots=told, **facts)
    again = ledger.do("recorder", "receipt", "add", lots=told, **facts)
    assert (again.already, again.seq) == (True, first.seq)
    with pytest.raises(Conflict, match="with other facts"):
        ledger.do("recorder", "receipt", "add", lots=told, **(facts | {"place": "Other"}))


def test_a_service_is_delivered_where_it_is_received(ledger: Ledger) -> None:
    ledger.do(
        "recorder", "product", "add", code="TRIP", name="Trip", unit="trip", plural="trips", service=True
    )
    order(ledger, items=[{"item": "1", "product": "TRIP", "quantity": 5, "value": 500}])
    receive(ledger, good=5)
    with ledger.store.read() as reading:
        assert Books(reading).net(f"delivered/{SLUG}/Depot", "TRIP#L1") == 5


def test_a_sealed_paper_says_why_it_is_withheld_and_when_that_is_reviewed(ledger: Ledger) -> None:
    facts = {
        "sha256": "ab" * 32,
        "title": "Deed",
        "paper": "deed",
        "shows": "Who signed.",
        "about": "campaign",
        "number": "S-1",
    }
    facts |= {"date": "2023-12-01"}
    with pytest.raises(Refused, match="withheld"):
        ledger.do("recorder", "evidence", "seal", review="2024-06-30", **facts)
    with pytest.raises(Refused, match="lies before 2023-12-01"):
        ledger.do("recorder", "evidence", "seal", withheld="Safety.", review="2023-11-30", **facts)
    asked = facts | {"about": "need"}
    with pytest.raises(Refused, match="name the need"):
        ledger.do("recorder", "evidence", "seal", withheld="Safety.", review="2024-06-30", **asked)
    ledger.do("recorder", "evidence", "seal", withheld="Safety.", review="2024-06-30", **facts)
    ledger.do("approver", "sealing", "approve", number="S-1", date="2023-12-01")
    with ledger.store.read() as reading:
        row = campaign_report(reading, SLUG, now=ledger.now).withheld[0]
    assert (row.reason, row.decided_by, row.review) == ("Safety.", "approver", "2024-06-30")


def test_entries_name_roles_and_never_people(ledger: Ledger) -> None:
    """Who recorded a fact is kept beside the journal, not in it."""
    with ledger.store.read() as reading:
        for row in reading.journal.rows():
            body = json.loads(row.data)
            assert body["role"] in {"admin", "recorder", "approver", "system"}
            assert not {"author", "user", "name"} & body.keys()


hostile = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ACTIONS = [(noun.name, verb) for noun in NOUNS.values() for verb in noun.actions]
KNOWN = st.sampled_from(
    ["number", "date", "order", "item", "lots", "txid", "amount", "slug", "entry", "items", "asset"]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    what=st.sampled_from(ACTIONS),
    facts=hostile | st.dictionaries(KNOWN, hostile, max_size=8),
    slug=st.sampled_from([SLUG, "none", "", "a/b"]),
    role=st.sampled_from(["admin", "recorder", "approver"]),
)
def test_hostile_facts_are_refused_in_words_and_change_nothing(
    ledger: Ledger, what: tuple[str, str], facts: Any, slug: str, role: str
) -> None:
    with ledger.store.read() as reading:
        before = reading.journal.head()
    with pytest.raises(LedgerError) as refusal, ledger.store.write() as writing:
        act(writing, ledger.actors[role], slug, *what, facts, now=ledger.now)
    assert str(refusal.value).strip()
    assert isinstance(refusal.value, Refused | NotFound | Conflict | NotAllowed)
    with ledger.store.read() as reading:
        assert reading.journal.head() == before


def give(ledger: Ledger, day: str) -> None:
    facts = {"number": f"B-{day}", "bank": "B", "currency": "USD", "amount": 5, "date": day}
    with ledger.store.write() as writing:
        act(writing, ledger.actors["recorder"], SLUG, "contribution", "add", facts, now=ledger.now)


@pytest.mark.parametrize("day", ["0023-11-20", "1923-11-20", "1999-12-31"])
def test_a_day_whose_year_is_mistyped_is_refused(ledger: Ledger, day: str) -> None:
    with pytest.raises(Refused, match=f"date: {day} is before 2000-01-01; see whether its year is right"):
        give(ledger, day)


def test_what_has_not_happened_yet_is_not_booked_and_what_is_planned_is_told(ledger: Ledger) -> None:
    """Tomorrow by UTC is today already in the most eastern zone; the day after it is today nowhere."""
    ledger.now = unix_seconds("2023-11-28T23:59:59Z")
    for day in ("2023-11-30", "2024-11-28", "9999-12-31"):
        with pytest.raises(Refused, match=f"date: {day} is still to come; record it when it has happened"):
            give(ledger, day)
    give(ledger, "2023-11-28")
    give(ledger, "2023-11-29")
    need = {"number": "N-9", "recipient": "Org", "product": "KIT", "quantity": 1, "place": "Port"}
    with ledger.store.write() as writing:
        told = need | {"by": "2030-01-01", "date": "2023-11-28"}
        act(writing, ledger.actors["recorder"], SLUG, "need", "add", told, now=ledger.now)
    ledger.audit()


def test_an_amount_that_no_line_can_hold_beside_what_is_there_is_refused(ledger: Ledger) -> None:
    facts = {"bank": "B", "currency": "USD", "date": "2023-11-20"}
    with pytest.raises(Refused, match=r"^amount: makes a sum above 9007199254740991.*check the figure$"):
        ledger.do("recorder", "contribution", "add", number="B-1", amount=2**53 - 1, **facts)
    ledger.do("recorder", "contribution", "add", number="B-1", amount=2**53 - 1 - 2_000_000, **facts)


@pytest.mark.parametrize("code", ["USD", "BTC", "XOF"])
def test_no_product_is_named_like_money(tmp_path: Path, code: str) -> None:
    """An asset is its code: ten pieces of a product USD would be ten cents in every sum."""
    ledger = Ledger.new(tmp_path)
    with pytest.raises(Refused, match="code: is the code of a currency"):
        ledger.do("recorder", "product", "add", code=code, name="Thing", unit="thing", plural="things")


def test_a_campaign_counts_in_any_currency_of_iso_4217_with_its_own_decimals(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path, currency="JPY")
    for n, currency in enumerate(("JPY", "KWD", "KES")):
        facts = {"number": f"C-{n}", "bank": "B", "amount": 1234, "date": "2023-11-20"}
        ledger.do("recorder", "contribution", "add", **facts, currency=currency)
    assert [decimal_text(c, 1234) for c in ("JPY", "KWD", "KES")] == ["1234", "1.234", "12.34"]
    with pytest.raises(Refused, match="currency: is not a currency known here; write a code of ISO 4217"):
        ledger.do(
            "recorder",
            "contribution",
            "add",
            number="C-9",
            bank="B",
            currency="EURO",
            amount=1,
            date="2023-11-20",
        )


def test_an_entry_that_is_not_reversed_is_refused_with_what_puts_it_right(ledger: Ledger) -> None:
    order(ledger)
    with ledger.store.read() as reading:
        seqs = {row.kind: row.seq for row in reading.journal.rows()}
    for kind, remedy in (
        ("purchase.approved", r"close it once it is approved \(`purchase close`\)"),
        ("conversion", "reverse its approval once it is approved"),
        ("product", "record the right fact beside it"),
    ):
        with pytest.raises(
            Refused, match=f"entry: {seqs[kind]} is of the kind {kind}, which is not reversed; .*{remedy}"
        ):
            ledger.do("approver", "reversal", "add", entry=seqs[kind], reason="wrong", date="2023-11-21")


def test_rows_that_are_wrong_are_named_and_their_list_is_not_called_too_short(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    quotes = [{"source": "a", "value": 1}, {"source": "b", "value": 1}]
    with pytest.raises(Refused) as refusal:
        ledger.do("recorder", "rate", "add", date="2023-11-20", currency="USD", quotes=quotes)
    assert {error.field for error in refusal.value.errors} == {
        "quotes.0.price", "quotes.0.value", "quotes.1.price", "quotes.1.value"
    }  # fmt: skip


def test_no_two_users_differ_by_capitals_alone(tmp_path: Path) -> None:
    """A second person has to look like one in every list."""
    ledger = Ledger.new(tmp_path)
    with ledger.store.write() as writing, pytest.raises(Conflict, match="looks like it"):
        add_user(writing, "Recorder", "approver", now=ledger.now, by=None)


def test_a_campaign_is_recorded_under_the_name_that_is_asked_for_or_not_at_all(ledger: Ledger) -> None:
    told = {"slug": "bar", "title": "Bar", "purpose": "All", "start": "2023-11-01", "end": "2023-12-31"}
    with pytest.raises(Refused, match=r"^slug: "), ledger.store.write() as writing:
        act(writing, ledger.actors["admin"], "foo", "campaign", "add", told, now=ledger.now)


def test_no_private_key_enters_by_any_text_of_a_fact(tmp_path: Path) -> None:
    """Whatever the noun, in a list, an inner field or a field's name; nothing stands, and nothing repeats it."""
    ledger = funded(tmp_path)
    wif, digits = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", "0C28FCA386C7A227" * 4
    xprv = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvv"
    seed = "abandon " * 11 + "about"
    need = {"number": "N-7", "item": "Masks", "unit": "mask", "quantity": 5, "place": "Accra", "date": DATE}
    paper = {"sha256": "ab" * 32, "title": "Note", "paper": "note", "access": "public", "about": "campaign"}
    before = ledger.kinds()
    for noun, facts in (
        ("need", need | {"recipient": wif}),
        ("need", need | {"recipient": f"Clinic {seed}"}),
        ("need", need | {wif: "x"}),
        ("need", need | {"inner": [{"name": xprv}]}),
        ("need", need | {"recipient": digits}),
        ("evidence", paper | {"shows": f"descriptor wpkh({xprv})", "date": DATE}),
        ("evidence", paper | {"shows": digits, "date": DATE}),
        ("reversal", {"entry": 1, "reason": seed, "date": DATE}),
    ):
        with pytest.raises(Refused, match=r"treat that key as seen|unless they are a key") as refusal:
            ledger.do("admin" if noun == "reversal" else "recorder", noun, "add", **facts)
        assert not any(key in str(refusal.value) for key in (wif, xprv, seed, digits))
    assert ledger.kinds() == before
