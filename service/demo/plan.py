"""The story of the 250,000 masks as a plan: what is recorded when, by which role, figure by figure.
Only data: it posts nothing and reads no clock. Donors, amounts and papers are invented; every sum ties.

Coins:   RECEIVED 12.21417306 BTC in 66 gifts = C-1 4.25 + C-2 4.45 + P-3 3.136 + fees 0.004 + LEFT 0.37417306.
Dollars: C-1 40,874.09 + C-2 42,085.16 = 82,959.25
         = PO-1 37,800.00 + PO-2 36,800.00 + PO-4 7,900.00 + bank charges 68.00 + left 391.25.
Masks:   ordered 252,000 = good 250,000 + damaged 1,200 + short 800; 600 wet on the way; 249,400 at Abuja
         = distributed 198,000 + with WAHO 33,400 + still at Abuja 12,000 + on the way to Praia 6,000.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ledger.core.roles import Role
from ledger.model.deliveries import Carriage
from ledger.rules.bank import BankStatement
from ledger.rules.campaigns import Campaign, KnownFact, Need, Offer, Product
from ledger.rules.claims import FollowedClaim
from ledger.rules.conversions import Conversion
from ledger.rules.deliveries import Distribution, Handover
from ledger.rules.goods import LotCount
from ledger.rules.invoices import Acceptance, Invoice
from ledger.rules.orders import Item, Purchase
from ledger.rules.payments import Payment
from ledger.rules.rates import Quote, Rate
from ledger.rules.receipts import Receipt, ReceivedLot
from ledger.rules.shipments import Arrival, ArrivedLot, Shipment
from ledger.rules.workflow import Decision
from service.demo.act import Act
from service.demo.counting import counts_of, signatures_of
from service.demo.gifts import DUST_LINE, OUTGOING, moment
from service.demo.papers import evidence_of
from service.demo.promises import promised

SLUG = "bithelp"
NOTICE = "A demonstration: donors, amounts and papers are invented."
MASK, FREIGHT = "MASK-3PLY", "AIR-FREIGHT"
MAKER_A, MAKER_B, CARRIER = "Maker A (invented)", "Maker B (invented)", "Air carrier (invented)"
CLAIMS_DESK = "Procurement desk (invented)"
EXCHANGE, BANK = "Exchange E (invented)", "Bank D (invented)"
BEIJING, ABUJA, PRAIA, WAHO = "Beijing", "Abuja", "Praia", "WAHO"
LOT_A1, LOT_A2, LOT_B1 = "A1-2005", "A2-2006", "B1-2006"


@dataclass(frozen=True, slots=True)
class Fill:
    """One fill of a sale: sats sold at a price, US cents for one bitcoin; `fee` of the exchange in US cents."""

    sats: int
    price: int
    fee: int

    @property
    def gross(self) -> int:
        """US cents before the fee; the plan's figures divide without rest."""
        return self.sats * self.price // 10**8


FILLS = {
    "C-1": (Fill(250_000_000, 9_640_00, 48_20), Fill(175_000_000, 9_632_00, 33_71)),
    "C-2": (
        Fill(200_000_000, 9_480_00, 37_92),
        Fill(200_000_000, 9_474_00, 37_90),
        Fill(45_000_000, 9_470_00, 8_52),
    ),
}
"""The exchange's own list, 0.2 % fee each."""

PRICES = {
    "2020-05-18": (9_640, 9_655), "2020-05-19": (9_705, 9_690), "2020-05-20": (9_600, 9_612),
    "2020-05-21": (9_240, 9_228), "2020-05-22": (9_150, 9_166), "2020-05-23": (9_190, 9_184),
    "2020-05-24": (9_020, 9_035), "2020-05-25": (8_840, 8_852), "2020-05-26": (8_870, 8_861),
    "2020-05-27": (9_080, 9_094), "2020-05-28": (9_320, 9_309), "2020-05-29": (9_430, 9_444),
    "2020-05-30": (9_560, 9_571), "2020-05-31": (9_520, 9_508), "2020-06-01": (9_880, 9_868),
    "2020-06-02": (9_610, 9_625), "2020-06-03": (9_590, 9_602), "2020-06-04": (9_645, 9_638),
    "2020-06-05": (9_660, 9_671), "2020-06-06": (9_650, 9_642), "2020-06-07": (9_600, 9_611),
    "2020-06-08": (9_560, 9_549), "2020-06-09": (9_485, 9_478), "2020-06-10": (9_500, 9_512),
}  # fmt: skip
"""US dollars for one bitcoin, by day, from two invented sources."""

STATES = (
    # number, day, state, (masks by lot), facilities; the day is None while it is under way
    ("D-1", "2020-08-17", "Nigeria", ((LOT_A1, 40_000),), 38),
    ("D-2", "2020-08-18", "Ghana", ((LOT_A1, 24_000),), 22),
    ("D-3", "2020-08-19", "Côte d'Ivoire", ((LOT_A1, 22_000),), 19),
    ("D-4", "2020-08-20", "Senegal", ((LOT_A1, 2_700), (LOT_A2, 15_300)), 16),
    ("D-5", "2020-08-21", "Burkina Faso", ((LOT_A2, 18_000),), 15),
    ("D-6", "2020-08-22", "Mali", ((LOT_A2, 18_000),), 15),
    ("D-7", "2020-08-24", "Benin", ((LOT_A2, 16_000),), 14),
    ("D-8", "2020-08-25", "Togo", ((LOT_A2, 14_000),), 12),
    ("D-9", "2020-08-26", "Niger", ((LOT_A2, 9_900), (LOT_B1, 8_100)), 17),
    ("D-10", "2020-08-28", "Guinea", ((LOT_B1, 10_000),), 9),
)
"""Handed out so far, lot after lot in turn."""

UNDER_WAY = (
    ("Guinea", 6_000, "with WAHO"), ("Sierra Leone", 14_000, "with WAHO"), ("Liberia", 13_400, "with WAHO"),
    ("The Gambia", 6_000, "at Abuja"), ("Guinea-Bissau", 6_000, "at Abuja"), ("Cabo Verde", 6_000, "on W-005"),
)  # fmt: skip
"""Not handed out when the recording ends: state, masks, where they are."""


def acts(transactions: Mapping[str, str]) -> tuple[Act, ...]:
    """Everything that is recorded, in order of time.

    `transactions` are the recording's txids by label ("g17", "C-1", "P-3"): `Replay.transactions`.
    """
    money = (*_opening(), *promised(transactions), *_rates(), *_buying(transactions))
    planned = (*money, *_carrying(), *_handing_out(), *_banking())
    papers = tuple(evidence_of(planned, NOTICE))
    in_order = (*planned, *counts_of(planned), *papers, *signatures_of(papers))
    return tuple(sorted(in_order, key=lambda act: act.at))


def _recorded(at: str, noun: str, facts: object, verb: str = "add") -> Act:
    return Act(moment(at), Role.RECORDER, noun, verb, facts)


def _approved(at: str, noun: str, number: str) -> Act:
    return Act(moment(at), Role.APPROVER, noun, "approve", Decision(number=number, date=at[:10]))


def _accepted(at: str, invoice: str, short: int) -> Act:
    reason = f"The note was paid as written; the {short} that were short are claimed from the maker."
    facts = Acceptance(number=invoice, reason=reason, date=at[:10])
    return Act(moment(at), Role.APPROVER, "invoice", "accept", facts)


def _opening() -> Iterator[Act]:
    campaign = Campaign(
        slug=SLUG,
        title="Bithelp: 250,000 masks for West Africa",
        purpose=f"Face masks for the fifteen member states of the West African Health Organization. {NOTICE}",
        start="2020-05-18",
        end="2020-06-02",
        dust=DUST_LINE,
        partners=(
            "Finance Center for South-South Cooperation",
            "UN Office for South-South Cooperation",
            "West African Health Organization",
            "UNDP China",
        ),
        known=(
            KnownFact(
                fact="Call for donations Bithelp, 18 May to 2 June 2020",
                source="South-South Galaxy, news of 2020",
            ),
            KnownFact(
                fact="250,000 masks reached a warehouse in Beijing to be handed over to WAHO",
                source="UNOSSC, blog of 17 May 2021",
            ),
            KnownFact(
                fact="They went to Abuja by freight aircraft, arriving in early August 2020",
                source="South-South Galaxy, August 2020",
            ),
        ),
    )
    yield Act(moment("2020-05-14T09:00"), Role.ADMIN, "campaign", "add", campaign)
    mask = Product(
        code=MASK,
        name="Three-ply mask",
        unit="mask",
        plural="masks",
        specification="Three plies, ear loops, 4 g with packing, 50 to a box",
        grade="disposable, not surgical",
        standard="GB/T 32610-2016",
    )
    freight = Product(
        code=FREIGHT,
        name="Air freight",
        unit="mask carried",
        plural="masks carried",
        specification="Beijing to Abuja, 4 g a mask, 7.90 USD a kilogram",
        service=True,
    )
    yield _recorded("2020-05-14T10:00", "product", mask)
    yield _recorded("2020-05-14T10:05", "product", freight)
    need = Need(
        number="N-1",
        recipient="West African Health Organization",
        product=MASK,
        quantity=250_000,
        place=ABUJA,
        by="2020-08-15",
        date="2020-05-14",
    )
    yield _recorded("2020-05-14T11:00", "need", need)
    for number, partner, product, quantity in (
        ("OF-1", MAKER_A, MASK, 182_000),
        ("OF-2", MAKER_B, MASK, 70_000),
        ("OF-3", CARRIER, FREIGHT, 250_000),
    ):
        offer = Offer(
            number=number, partner=partner, need="N-1", product=product, quantity=quantity, date="2020-05-15"
        )
        yield _recorded("2020-05-15T09:00", "offer", offer)


def _rates() -> Iterator[Act]:
    for day, (one, two) in PRICES.items():
        quotes = (
            Quote(source="Price source 1 (invented)", price=one * 100),
            Quote(source="Price source 2 (invented)", price=two * 100),
        )
        yield _recorded(f"{day}T00:01", "rate", Rate(date=day, currency="USD", quotes=quotes))


def _conversion(number: str, day: str, transactions: Mapping[str, str]) -> Conversion:
    out = next(out for out in OUTGOING if out.label == number)
    fills = FILLS[number]
    fee = sum(fill.fee for fill in fills)
    return Conversion(
        number=number,
        txid=transactions[number],
        sold=out.sats,
        network_fee=out.fee,
        currency="USD",
        proceeds=sum(fill.gross for fill in fills) - fee,
        exchange_fee=fee,
        exchange=EXCHANGE,
        bank=BANK,
        date=day,
    )


def _order(
    number: str, supplier: str, currency: str, product: str, quantity: int, value: int, days: tuple[str, str]
) -> Purchase:
    return Purchase(
        number=number,
        supplier=supplier,
        currency=currency,
        items=(Item(item="1", product=product, quantity=quantity, value=value),),
        need="N-1",
        date=days[0],
        expected=days[1],
    )


def _wire(number: str, order: str, invoice: str, amount: int, fee: int, day: str) -> Payment:
    return Payment(
        number=number,
        order=order,
        asset="USD",
        amount=amount,
        fee=fee,
        discharges=amount,
        bank=BANK,
        invoice=invoice,
        date=day,
    )


def _received(number: str, order: str, place: str, lot: ReceivedLot, day: str) -> Receipt:
    return Receipt(number=number, order=order, item="1", place=place, lots=(lot,), date=day)


def _buying(transactions: Mapping[str, str]) -> Iterator[Act]:
    # Coins become dollars six blocks after they left; only then is there money to bind.
    yield _recorded("2020-06-05T09:00", "conversion", _conversion("C-1", "2020-06-05", transactions))
    yield _approved("2020-06-05T10:00", "conversion", "C-1")
    days = ("2020-06-05", "2020-06-18")
    yield _recorded(
        "2020-06-05T14:00", "purchase", _order("PO-1", MAKER_A, "USD", MASK, 90_000, 37_800_00, days)
    )
    yield _approved("2020-06-05T16:00", "purchase", "PO-1")
    yield _recorded("2020-06-10T09:00", "conversion", _conversion("C-2", "2020-06-10", transactions))
    yield _approved("2020-06-10T10:00", "conversion", "C-2")
    days = ("2020-06-10", "2020-06-25")
    yield _recorded(
        "2020-06-10T14:00", "purchase", _order("PO-2", MAKER_A, "USD", MASK, 92_000, 36_800_00, days)
    )
    yield _approved("2020-06-11T09:00", "purchase", "PO-2")
    # Maker B is paid in bitcoin: 4,480 sats a mask, about 0.42 USD on the day of the order.
    days = ("2020-06-11", "2020-07-02")
    yield _recorded(
        "2020-06-11T10:00", "purchase", _order("PO-3", MAKER_B, "BTC", MASK, 70_000, 313_600_000, days)
    )
    yield _approved("2020-06-11T15:00", "purchase", "PO-3")

    # What the delivery note says = good + damaged + short; where an invoice bills more, an approver accepts it
    # with a reason before it is paid.
    lot = ReceivedLot(lot=LOT_A1, expiry="2022-05-31", noted=90_000, good=89_300, damaged=400, short=300)
    yield _recorded("2020-06-18T10:00", "receipt", _received("GRN-1", "PO-1", BEIJING, lot, "2020-06-18"))
    bill = Invoice(number="INV-A1", order="PO-1", quantity=90_000, amount=37_800_00, date="2020-06-19")
    yield _recorded("2020-06-19T09:00", "invoice", bill)
    yield _accepted("2020-06-19T15:00", "INV-A1", 300)
    wire = _wire("P-1", "PO-1", "INV-A1", 37_800_00, 25_00, "2020-06-22")
    yield _recorded("2020-06-22T09:00", "payment", wire)
    yield _approved("2020-06-22T14:00", "payment", "P-1")

    lot = ReceivedLot(lot=LOT_A2, expiry="2022-06-15", noted=92_000, good=91_200, damaged=300, short=500)
    yield _recorded("2020-06-25T10:00", "receipt", _received("GRN-2", "PO-2", BEIJING, lot, "2020-06-25"))
    bill = Invoice(number="INV-A2", order="PO-2", quantity=92_000, amount=36_800_00, date="2020-06-26")
    yield _recorded("2020-06-26T09:00", "invoice", bill)
    yield _accepted("2020-06-26T15:00", "INV-A2", 500)
    wire = _wire("P-2", "PO-2", "INV-A2", 36_800_00, 25_00, "2020-06-29")
    yield _recorded("2020-06-29T09:00", "payment", wire)
    yield _approved("2020-06-29T14:00", "payment", "P-2")

    lot = ReceivedLot(lot=LOT_B1, expiry="2022-06-20", noted=70_000, good=69_500, damaged=500)
    yield _recorded("2020-07-02T10:00", "receipt", _received("GRN-3", "PO-3", BEIJING, lot, "2020-07-02"))
    bill = Invoice(number="INV-B1", order="PO-3", quantity=70_000, amount=313_600_000, date="2020-07-03")
    yield _recorded("2020-07-03T09:00", "invoice", bill)
    out = next(out for out in OUTGOING if out.label == "P-3")
    coins = Payment(
        number="P-3",
        order="PO-3",
        asset="BTC",
        amount=out.sats,
        fee=out.fee,
        discharges=313_600_000,
        txid=transactions["P-3"],
        invoice="INV-B1",
        date="2020-07-07",
    )
    yield _recorded("2020-07-07T09:00", "payment", coins)
    yield _approved("2020-07-07T11:00", "payment", "P-3")
    # What was paid for and came short or damaged is owed by the makers still when the recording ends.
    for number, order in enumerate(("PO-1", "PO-2", "PO-3"), start=1):
        claim = FollowedClaim(
            number=f"CF-{number}", order=order, owner=CLAIMS_DESK, until="2020-12-31", date="2020-07-08"
        )
        yield _recorded("2020-07-08T09:00", "claim", claim, "follow")

    # 250,000 masks of 4 g are 1,000 kg at 7.90 USD.
    days = ("2020-07-20", "2020-08-07")
    yield _recorded(
        "2020-07-20T10:00", "purchase", _order("PO-4", CARRIER, "USD", FREIGHT, 250_000, 7_900_00, days)
    )
    yield _approved("2020-07-20T15:00", "purchase", "PO-4")


def _lots(*counts: tuple[str, int]) -> tuple[LotCount, ...]:
    return tuple(LotCount(product=MASK, lot=lot, quantity=quantity) for lot, quantity in counts)


WAYBILLS = (
    # waybill, day, lot, masks, arrival, day counted, of these wet
    ("W-001", "2020-07-29", LOT_A1, 89_300, "AR-1", "2020-08-02", 600),
    ("W-002", "2020-07-30", LOT_A2, 91_200, "AR-2", "2020-08-03", 0),
    ("W-003", "2020-07-31", LOT_B1, 45_000, "AR-3", "2020-08-04", 0),
    ("W-004", "2020-08-01", LOT_B1, 24_500, "AR-4", "2020-08-06", 0),
)
"""Beijing to Abuja by freight aircraft, counted again on arrival."""


def _carrying() -> Iterator[Act]:
    for waybill, day, lot, quantity, arrival, counted_on, wet in WAYBILLS:
        shipment = Shipment(
            waybill=waybill,
            origin=BEIJING,
            destination=ABUJA,
            carriage=Carriage.AIR,
            lots=_lots((lot, quantity)),
            expected=counted_on,
            date=day,
        )
        yield _recorded(f"{day}T08:00", "shipment", shipment)
        counted = ArrivedLot(product=MASK, lot=lot, good=quantity - wet, damaged=wet)
        reason = "12 boxes of 50 stood in the rain at the airport; survey report SR-1" if wet else None
        facts = Arrival(
            number=arrival,
            waybill=waybill,
            lots=(counted,),
            reason=reason,
            report="SR-1" if wet else None,
            date=counted_on,
        )
        yield _recorded(f"{counted_on}T15:00", "shipment", facts, verb="arrive")
    carried = ReceivedLot(lot="AWB-2020-08", noted=250_000, good=250_000)
    yield _recorded("2020-08-07T10:00", "receipt", _received("GRN-4", "PO-4", ABUJA, carried, "2020-08-07"))
    bill = Invoice(number="INV-F1", order="PO-4", quantity=250_000, amount=7_900_00, date="2020-08-10")
    yield _recorded("2020-08-10T09:00", "invoice", bill)
    wire = _wire("P-4", "PO-4", "INV-F1", 7_900_00, 18_00, "2020-08-11")
    yield _recorded("2020-08-11T09:00", "payment", wire)
    yield _approved("2020-08-11T14:00", "payment", "P-4")


def _banking() -> Iterator[Act]:
    """The bank's statement after the last wire: it opens with what all conversions and payments left there."""
    left = 391_25
    statement = BankStatement(
        bank=BANK,
        currency="USD",
        sha256=hashlib.sha256(f"{BANK}: August 2020. {NOTICE}".encode()).hexdigest(),
        opening=left,
        came=0,
        went=0,
        closing=left,
        lines=0,
        first="2020-08-12",
        last="2020-08-28",
    )
    yield _recorded("2020-08-28T17:00", "bank", statement, verb="statement")


def _handing_out() -> Iterator[Act]:
    for number, day, lots in (
        ("H-1", "2020-08-10", _lots((LOT_A1, 88_700), (LOT_A2, 91_200))),
        ("H-2", "2020-08-14", _lots((LOT_B1, 51_500))),
    ):
        facts = Handover(number=number, place=ABUJA, organisation=WAHO, lots=lots, date=day)
        yield _recorded(f"{day}T11:00", "handover", facts)
    onward = Shipment(
        waybill="W-005", origin=ABUJA, destination=PRAIA, carriage=Carriage.SEA, lots=_lots((LOT_B1, 6_000)),
        expected="2020-09-10", date="2020-08-20",
    )  # fmt: skip
    yield _recorded("2020-08-20T08:00", "shipment", onward)
    for number, day, state, lots_of_state, facilities in STATES:
        given = Distribution(
            number=number,
            organisation=WAHO,
            place=state,
            lots=_lots(*lots_of_state),
            facilities=facilities,
            date=day,
        )
        yield _recorded(f"{day}T16:00", "distribution", given)
