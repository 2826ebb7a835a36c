"""Names that entries are published with, as types: of lines, of uses, of holds, of what was given, of accounts.

Entries hold names as text, so that anybody can read them. Here, and nowhere else, they are made (`str`) and read back
(`line_named`, `use_named` …). No name says anything that its type has no field for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar

from ledger.core.accounts import AccountClass
from ledger.core.chain import Outpoint
from ledger.core.wording import WrongValue

FREE = "free"
"""The restriction of money that may be spent for any end; every other restriction is a need's number."""
OVER = ".over"
"""What the name of a lot ends with that came too much with another."""


# ── lots ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, order=True)
class Lot:
    """A maker's lot of a product, an asset that is counted in pieces: `KIT#L1`."""

    product: str
    number: str

    def __str__(self) -> str:
        return f"{self.product}#{self.number}"

    @property
    def is_over(self) -> bool:
        """Did these pieces come too much with another lot?"""
        return self.number.endswith(OVER)

    @property
    def ordered(self) -> Lot:
        """The lot that these pieces came with; itself where they are no surplus."""
        return Lot(self.product, self.number.removesuffix(OVER))

    @property
    def over(self) -> Lot:
        """The pieces that came too much with this lot."""
        return Lot(self.product, self.number + OVER)


@lru_cache(maxsize=4096)
def lot_named(asset: str) -> Lot:
    """A lot by its asset's name; raises WrongValue for any other asset."""
    product, mark, number = asset.partition("#")
    if not mark:
        raise WrongValue("lot: {asset} is no lot; a lot is written PRODUCT#LOT", asset=asset)
    return Lot(product, number)


# ── lines ────────────────────────────────────────────────────────────────────────────────────────────────


class LineKind(StrEnum):
    MONEY = "money"  # what was given, wherever it lies
    ORDER = "order"  # an item of an order, in units of its value
    GOODS = "goods"  # pieces of a lot at a place
    SPENT = "spent"  # coins that a spend carried away and nobody has explained
    EXCHANGE = "exchange"  # coins that lie at an exchange until it sells them
    LOAN = "loan"  # money lent, until it is paid back
    REPAID = "repaid"  # money that paid a loan back
    ENDED = "ended"  # what ended in a use and goes on after all


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """Money of a campaign and restriction in one asset, coins (`BTC`) or a currency."""

    kind: ClassVar[LineKind] = LineKind.MONEY
    campaign: str
    restriction: str
    asset: str

    def __str__(self) -> str:
        return f"money/{self.campaign}/{self.restriction}/{self.asset}"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An item of an order, counted in minor units of the order's currency."""

    kind: ClassVar[LineKind] = LineKind.ORDER
    campaign: str
    order: str
    item: str
    asset: str

    def __str__(self) -> str:
        return f"order/{self.campaign}/{self.order}/{self.item}/{self.asset}"


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """Pieces of a lot at a place: in stock, on the way, handed over, handed out."""

    kind: ClassVar[LineKind] = LineKind.GOODS
    campaign: str
    at: AccountClass
    place: str
    lot: Lot

    def __str__(self) -> str:
        return f"goods/{self.campaign}/{self.at.value}:{self.place}/{self.lot}"

    @property
    def asset(self) -> str:
        return str(self.lot)

    @property
    def product(self) -> str:
        return self.lot.product


@dataclass(frozen=True, slots=True)
class SpentLine:
    """Coins of one restriction that a spend (`TXID` or `TXID:PART`) carried away, of all campaigns in it."""

    kind: ClassVar[LineKind] = LineKind.SPENT
    spend: str
    restriction: str
    asset: ClassVar[str] = "BTC"

    def __str__(self) -> str:
        restriction = "" if self.restriction == FREE else f"{self.restriction}/"
        return f"spent/{self.spend}/{restriction}BTC"


@dataclass(frozen=True, slots=True)
class ExchangeLine:
    """Coins of one restriction that a campaign sent to an exchange, deposit after deposit, and that are not sold."""

    kind: ClassVar[LineKind] = LineKind.EXCHANGE
    campaign: str
    exchange: str
    restriction: str
    asset: ClassVar[str] = "BTC"

    def __str__(self) -> str:
        return f"exchange/{self.campaign}/{self.exchange}/{self.restriction}/BTC"


@dataclass(frozen=True, slots=True)
class LoanLine:
    """Units that a lender's loan took, until they are repaid."""

    kind: ClassVar[LineKind] = LineKind.LOAN
    campaign: str
    loan: str
    asset: str

    def __str__(self) -> str:
        return f"loan/{self.campaign}/{self.loan}/{self.asset}"


@dataclass(frozen=True, slots=True)
class RepaidLine:
    """Units of the borrower's that a repayment took."""

    kind: ClassVar[LineKind] = LineKind.REPAID
    campaign: str
    repayment: str
    asset: str

    def __str__(self) -> str:
        return f"repaid/{self.campaign}/{self.repayment}/{self.asset}"


@dataclass(frozen=True, slots=True)
class EndedLine:
    """What ended in part `part` of a use, opened for a replacement, a find or a refund."""

    kind: ClassVar[LineKind] = LineKind.ENDED
    use: str
    part: int
    asset: str

    def __str__(self) -> str:
        return f"ended/{self.use}/{self.part}/{self.asset}"


Line = MoneyLine | OrderLine | GoodsLine | SpentLine | ExchangeLine | LoanLine | RepaidLine | EndedLine


@lru_cache(maxsize=65536)
def line_named(name: str) -> Line:
    """A line by its name; raises WrongValue where no line is called that."""
    match name.split("/"):
        case ["money", campaign, restriction, asset]:
            return MoneyLine(campaign, restriction, asset)
        case ["order", campaign, order, item, asset]:
            return OrderLine(campaign, order, item, asset)
        case ["goods", campaign, where, asset]:
            at, _, place = where.partition(":")
            return GoodsLine(campaign, AccountClass(at), place, lot_named(asset))
        case ["spent", spend, "BTC"]:
            return SpentLine(spend, FREE)
        case ["spent", spend, restriction, "BTC"]:
            return SpentLine(spend, restriction)
        case ["exchange", campaign, exchange, restriction, "BTC"]:
            return ExchangeLine(campaign, exchange, restriction)
        case ["loan", campaign, loan, asset]:
            return LoanLine(campaign, loan, asset)
        case ["repaid", campaign, repayment, asset]:
            return RepaidLine(campaign, repayment, asset)
        case ["ended", use, part, asset]:
            return EndedLine(use, int(part), asset)
    raise WrongValue("line: {name} is no name of a line", name=name)


# ── uses ─────────────────────────────────────────────────────────────────────────────────────────────────


class UseCause(StrEnum):
    """What took units of a line: the noun of the fact."""

    ARRIVAL = "arrival"
    BOUGHT = "bought"  # pieces that came too much, bought by filling the order
    BANK_FEE = "bank-fee"
    CHARGE_BACK = "charge-back"
    CLOSING = "closing"
    CONTRIBUTION = "contribution"  # what banks kept of a gift on its way
    CONVERSION = "conversion"
    COVER = "cover"  # what coins cost more that were sent anew
    CUSTODY_FEE = "custody-fee"  # what an exchange kept of coins that lie there
    DEPOSIT = "deposit"  # at an exchange
    DISTRIBUTION = "distribution"
    EXCHANGE = "exchange"
    FIND = "find"
    GIFT_RETURN = "gift-return"
    HANDOVER = "handover"
    IN_KIND = "in-kind"  # what of a gift in kind came damaged
    LOAN = "loan"
    LOSS = "loss"
    MOVE = "move"
    OPENING = "opening"  # what had become of units before the books begin
    OWN_MOVE = "own-move"
    PAYMENT = "payment"
    RECEIPT = "receipt"
    RECALL = "recall"  # pieces of a recalled lot that were destroyed where they were
    RECLASSIFICATION = "reclassification"
    REFUND = "refund"
    REPAID = "repaid"  # the lender's units that a repayment gave back
    REPAYMENT = "repayment"
    RETURN = "return"
    SHIPMENT = "shipment"
    SPEND = "spend"
    WITHDRAWAL = "withdrawal"  # back from an exchange


@dataclass(frozen=True, slots=True)
class UseName:
    """What a use is called: what took the units, the campaign, the number of the paper, and which of its uses it is.

    `number` is a spend's or an own move's txid (`TXID:PART` for coins told late). `detail` tells the uses of one paper
    apart: the restriction of the money, the lot of the goods, the item of the order, the fill of the conversion.
    `variant` is what a use is called that took the place of another one of the same name, or stands beside it.
    """

    cause: UseCause
    campaign: str
    number: str
    detail: tuple[str, ...] = ()
    variant: str = ""

    def __str__(self) -> str:
        # A spend told late is `TXID:PART`, and a colon parts what a use is called.
        parts = (self.cause.value, self.campaign, self.number.replace(":", "."), *self.detail)
        return ":".join(parts) + (f"~{self.variant}" if self.variant else "")

    def is_of(self, cause: UseCause, campaign: str, number: str) -> bool:
        """Is it one of the uses of a paper?"""
        return (self.cause, self.campaign, self.number) == (cause, campaign, number)


def money_use(cause: UseCause, campaign: str, number: str, restriction: str, variant: str = "") -> UseName:
    """What a paper's use of money of one restriction is called; the unrestricted one is named by the paper alone."""
    return UseName(cause, campaign, number, () if restriction == FREE else (restriction,), variant)


def conversion_use(campaign: str, number: str, fill: int = 0, restriction: str = FREE) -> UseName:
    """What a conversion's use of one fill (0: it was sold in one) and restriction is called."""
    if restriction != FREE:
        return UseName(UseCause.CONVERSION, campaign, number, (str(fill), restriction))
    return UseName(UseCause.CONVERSION, campaign, number, (str(fill),) if fill else ())


@lru_cache(maxsize=65536)
def use_named(name: str) -> UseName:
    """A use by its name; raises WrongValue where no use is called that."""
    plain, _, variant = name.partition("~")
    try:
        first, campaign, number, *detail = plain.split(":")
        cause = UseCause(first)
    except ValueError:
        raise WrongValue("use: {name} is no name of a use", name=name) from None
    if cause is UseCause.SPEND:
        number = number.replace(".", ":")
    return UseName(cause, campaign, number, tuple(detail), variant)


@dataclass(frozen=True, slots=True)
class RepaidBy:
    """What a repayment is called in the lender's campaign: a slug has no dot, so the first one ends the borrower's."""

    borrower: str
    number: str

    def __str__(self) -> str:
        return f"{self.borrower}.{self.number}"


def repaid_by(name: str) -> RepaidBy:
    """A repayment by its name at the lender; raises WrongValue where none is called that."""
    borrower, dot, number = name.partition(".")
    if not dot:
        raise WrongValue(
            "repayment: {name} is no name of one at its lender; write BORROWER.NUMBER", name=name
        )
    return RepaidBy(borrower, number)


# ── spends, papers and gifts as people name them ─────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class SpendName:
    """What a spend is called: its transaction, and which part of it, where coins of it were told late."""

    txid: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.txid}:{self.part}" if self.part else self.txid


def spend_named(name: str) -> SpendName:
    """A spend by what facts and drafts call it: `TXID` or `TXID:PART`."""
    txid, _, part = name.partition(":")
    return SpendName(txid, part)


def noun_of_kind(kind: str) -> str:
    """The paper that a kind of entry is about: `conversion` of `conversion.approved`."""
    return kind.partition(".")[0]


def approval_key(proposed: str) -> str:
    """The key of the entry that approves the proposal of a key."""
    return f"approval:{proposed}"


@dataclass(frozen=True, slots=True)
class GiftKey:
    """What a donor asks for a gift by that is no coin: its noun, its campaign where that is said, and its number."""

    noun: str
    campaign: str | None
    number: str

    def __str__(self) -> str:
        return ":".join(filter(None, (self.noun, self.campaign, self.number)))


def gift_key_named(text: str) -> GiftKey | None:
    """`NOUN:NUMBER` or `NOUN:CAMPAIGN:NUMBER`, of any noun; None for a text of another shape."""
    noun, colon, rest = text.partition(":")
    campaign, inner, number = rest.partition(":")
    if not colon:
        return None
    return GiftKey(noun, campaign, number) if inner else GiftKey(noun, None, rest)


# ── holds ────────────────────────────────────────────────────────────────────────────────────────────────


class HoldCause(StrEnum):
    """What holds units of a line until it is decided or lifted."""

    BANK_FEE = "bank-fee"
    BLOCK = "block"
    CHARGE_BACK = "charge-back"
    CONVERSION = "conversion"
    CUSTODY_FEE = "custody-fee"
    COVER = "cover"
    DEPOSIT = "deposit"
    EXCHANGE = "exchange"
    GIFT_RETURN = "gift-return"
    LOAN = "loan"
    MOVE = "move"
    PAYMENT = "payment"
    RECLASSIFICATION = "reclassification"
    REPAYMENT = "repayment"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True, slots=True)
class HoldName:
    """What a hold is called: what holds the units, and the number of its paper in the campaign of the line."""

    cause: HoldCause
    number: str

    def __str__(self) -> str:
        return f"{self.cause.value}:{self.number}"


@lru_cache(maxsize=4096)
def hold_named(name: str) -> HoldName:
    """A hold by its name; raises ValueError where no hold is called that."""
    cause, _, number = name.partition(":")
    return HoldName(HoldCause(cause), number)


# ── gifts ────────────────────────────────────────────────────────────────────────────────────────────────


class GiftKind(StrEnum):
    """What put units on a line that no use put there."""

    COINS = "coins"
    CONTRIBUTION = "contribution"  # at a bank
    IN_KIND = "in-kind"
    INTEREST = "interest"  # of a bank, and nobody's gift
    LOAN = "loan"  # borrowed, and nobody's gift
    OPENING = "opening"  # there before the books begin: whose gift it was is not known here


@dataclass(frozen=True, slots=True)
class GiftName:
    """What a line calls a gift by: its outpoint, or the kind and number of its paper; a loan's lender before it."""

    kind: GiftKind
    number: str  # coins: `TXID:VOUT`
    lender: str = ""

    def __str__(self) -> str:
        if self.kind is GiftKind.COINS:
            return self.number
        return ":".join(filter(None, (self.kind.value, self.lender, self.number)))


_PAPERS = {kind.value: kind for kind in GiftKind if kind is not GiftKind.COINS}


@lru_cache(maxsize=65536)
def gift_named(name: str) -> GiftName:
    """A gift by the name that a line has for it; raises ValueError where no gift is called that."""
    first, _, rest = name.partition(":")
    kind = _PAPERS.get(first)
    if kind is None:
        return GiftName(GiftKind.COINS, str(Outpoint.parse(name)))
    if kind is GiftKind.LOAN:
        lender, _, number = rest.partition(":")
        return GiftName(kind, number, lender)
    return GiftName(kind, rest)


# ── accounts ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Account:
    """Where assets lie: the class of the place, the campaign, and what tells its accounts apart, in parts."""

    kind: AccountClass
    campaign: str
    detail: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "/".join((self.kind.value, self.campaign, *self.detail))


@lru_cache(maxsize=65536)
def account_named(name: str) -> Account:
    """An account by its name; raises ValueError where none is called that."""
    kind, _, rest = name.partition("/")
    campaign, *detail = rest.split("/")
    return Account(AccountClass(kind), campaign, tuple(detail))
