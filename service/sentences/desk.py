"""English: what became of an act of the desk, and entries in a list."""

from __future__ import annotations

from collections.abc import Iterator

from api.pages.figures import exact_with_asset
from api.pages.messages import COMMAS, SEMICOLONS, Message, listed, worded
from ledger.core.entry import OutOfOrder
from ledger.recording.dating import HAPPENED, OUT_OF_ORDER
from ledger.recording.desk import Action, Outcome
from ledger.rules.matching import SAYS
from ledger.views.invoices import InvoiceState
from service.sentences.stock import VERDICTS

_ACT = ("what was told to the desk", "{noun}: a kind of record, as a code", "{key}: what it is known by")
_WAITS = Message(
    "{noun} {key} waits until {txid} settles; then it is recorded.", *_ACT, "{txid}: a transaction"
)
_ALREADY = Message(
    "{noun} {key} was recorded already, as entry {entry}; nothing changed.", *_ACT, "{entry}: its number"
)
_DRAFT = Message("{noun} {key} was a draft and is taken back; nothing was recorded.", *_ACT)
_RECORDED = Message(
    "{noun} {key} recorded as entry {entry} in {campaign}.",
    *_ACT,
    "{entry}: its number",
    "{campaign}: its short name",
)
_NONE = Message("no {noun} is recorded.", _ACT[1])
_REVERSED = Message("reversed by entry {entry}", "{entry}: its number")
_MONEY = "{money}: a sum"
_PAYABLE = Message("match: {verdict}; {money} payable", "an invoice", "{verdict}: as: agrees", _MONEY)
_OF_IT_VAT = Message(
    "match: {verdict}; {money} payable; {vat} of the invoice is value added tax",
    *("an invoice", "{verdict}: as: agrees", _MONEY, "{vat}: a sum"),
)
_VAT_BACK = Message(
    "match: {verdict}; {money} payable; {vat} of the invoice is value added tax that comes back",
    *("an invoice", "{verdict}: as: agrees", _MONEY, "{vat}: a sum"),
)
_EXCEPTION = Message("exception: {reasons}", "what is billed", "{reasons}: what does not agree")
_ACCEPTED = Message("exception, accepted: {why}", "what is billed", "{why}: as an approver wrote it")


def outcome(noun: str, campaign: str, recorded: Outcome) -> str:
    """What became of what was told."""
    if recorded.waiting_for is not None:
        return worded(_WAITS, noun=noun, key=recorded.key, txid=recorded.waiting_for)
    if recorded.already:
        return worded(_ALREADY, noun=noun, key=recorded.key, entry=str(recorded.seq))
    if recorded.seq is None:
        return worded(_DRAFT, noun=noun, key=recorded.key)
    return worded(_RECORDED, noun=noun, key=recorded.key, entry=str(recorded.seq), campaign=campaign)


def none_recorded(noun: str) -> str:
    return worded(_NONE, noun=noun)


def reversed_by(entry: int) -> str:
    return worded(_REVERSED, entry=str(entry))


def invoice(state: InvoiceState) -> str:
    """What the three-way match says of an invoice, and what of it is to be paid."""
    verdict, money = _verdict(state), exact_with_asset(state.payable)
    if state.vat.minor:
        said = _VAT_BACK if state.vat_back else _OF_IT_VAT
        return worded(said, verdict=verdict, money=money, vat=exact_with_asset(state.vat))
    return worded(_PAYABLE, verdict=verdict, money=money)


def _verdict(state: InvoiceState) -> str:
    if state.reasons:
        return worded(_EXCEPTION, reasons=listed([str(SAYS[why]) for why in state.reasons], SEMICOLONS))
    if state.accepted is not None:
        return worded(_ACCEPTED, why=state.accepted)
    return worded(VERDICTS[state.verdict])


_SHAPE = "what is written in a field"
_FORMATS = {
    "date": Message("day, YYYY-MM-DD", _SHAPE),
    "currency": Message("currency, by ISO 4217, or BTC", _SHAPE),
}
_TYPES = {
    "string": Message("text", _SHAPE),
    "integer": Message("whole number", _SHAPE),
    "boolean": Message("true|false", _SHAPE, "words that stay as they are"),
}
_VALUE = Message("value", _SHAPE)
_LIST_OF = Message("list of {shape}", "{shape}: what is written in a field, as: whole number")
_FIELDS = Message(
    "fields (amounts are whole minor units: cents of USD, francs of XOF, sats of BTC; `?` may be left out):",
    "above a list of fields",
)
_FIELD = Message("{field}: {shape}", "{field}: its name", "{shape}: what is written in it")
_LEFT_OUT = Message(
    "{field} (may be left out): {shape}", "{field}: its name", "{shape}: what is written in it"
)
_LATE = Message("the day on the paper, where it is booked on a later one", _SHAPE)
_EARLY = Message(
    "why that is before what it rests on: {words}",
    _SHAPE,
    "{words}: words that stay as they are, with | between",
)
_ROLES = Message("roles: {roles}", "who may do it", "{roles}: codes, with commas")


def shape_of(format_or_type: str) -> str:
    """What is written in a field, by the format or else the type of its JSON schema."""
    shape = _FORMATS.get(format_or_type) or _TYPES.get(format_or_type) or _VALUE
    return worded(shape)


def has_format(name: str) -> bool:
    return name in _FORMATS


def list_of(shape: str) -> str:
    return worded(_LIST_OF, shape=shape)


def fields(action: Action, rows: Iterator[tuple[str, str, bool]], meaning: str) -> Iterator[str]:
    """What --help says of an act: its meaning, its fields (name, shape, whether it is needed), and who may do it."""
    if meaning:
        yield meaning
        yield ""
    yield worded(_FIELDS)
    for name, shape, needed in rows:
        yield f"  {worded(_FIELD if needed else _LEFT_OUT, field=name, shape=shape)}"
    yield f"  {worded(_LEFT_OUT, field=HAPPENED, shape=worded(_LATE))}"
    early = worded(_EARLY, words="|".join(OutOfOrder))
    yield f"  {worded(_LEFT_OUT, field=OUT_OF_ORDER, shape=early)}"
    yield ""
    yield worded(_ROLES, roles=listed(sorted(action.roles), COMMAS))
