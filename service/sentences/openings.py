"""English: `import opening`: each row that was brought in, what does not tie, and what became of the proposal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from api.pages.messages import SENTENCES, Message, listed, worded
from ledger.views.openings import BroughtRow, RowKind
from service.sentences.layout import row

NOTHING_RECORDED = Message("nothing was recorded.")
_NUMBER = "{number}: number of an opening"
_BEFORE = Message(
    "opening {number} was proposed before; nothing changed; another person approves it with `opening approve`.",
    _NUMBER,
)
_PROPOSED = Message(
    "opening {number} is proposed, as entry {entry}; another person approves it with `opening approve`.",
    _NUMBER,
    "{entry}: its number",
)
_UNCOUNTED = Message("(told, in no sum)", "a row of what was there before the books begin")
_DOUBT = Message("does not tie: {doubt}", "{doubt}: with what")
_PAID = Message("{paid} paid", "of an order, before the books begin", "{paid}: a sum")
_ROWS = Message("{n} row.", "how many rows were brought in", many="{n} rows.")
_OPEN = Message("{n} of them does not tie.", "rows that were brought in", many="{n} of them do not tie.")
_WROTE = Message(
    "wrote {file}; replace the example rows with what was there, and attach the paper that shows it, such as the "
    "balances that were signed (`evidence add`): its SHA-256 is `--paper`.",
    "{file}: name of a file",
)
WANTS_PAPER = Message("it is recorded with --paper, the SHA-256 of the evidence that shows what was there.")


def brought(rows: Sequence[BroughtRow]) -> Iterator[str]:
    """Each row, and what of it does not tie."""
    for one in rows:
        sentence = "" if one.counts else worded(_UNCOUNTED)
        amount = f"{one.amount.decimal:>16} {one.amount.asset}"
        detail = worded(_PAID, paid=one.detail) if one.kind is RowKind.ORDERS else one.detail
        yield row(f"{one.kind:<10}{amount}", one.what, one.place, detail, sentence)
        if one.doubt:
            yield f"{'':<10}{worded(_DOUBT, doubt=str(one.doubt))}"
    whole, doubted = worded(_ROWS, n=len(rows)), sum(1 for one in rows if one.doubt)
    yield listed([whole, worded(_OPEN, n=doubted)], SENTENCES)


def proposed(number: str, entry: int | None, *, already: bool) -> str:
    """What became of it."""
    if already:
        return worded(_BEFORE, number=number)
    return worded(_PROPOSED, number=number, entry=str(entry))


def wrote(file: str) -> str:
    """Where the template is."""
    return worded(_WROTE, file=file)
