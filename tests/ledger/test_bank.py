"""Bank lines and entries: whatever people match, part, set aside and undo, both sides tie after every step."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.errors import LedgerError
from ledger.rules.bank import lines_of, movement_left
from ledger.views.bank_state import movements, open_lines
from tests.tools.ledgers import SLUG, Ledger, name, tx
from tests.tools.stories import stories

BTC = 100_000_000
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["match", "match", "part", "aside", "undo"]), st.integers(0, 4), st.integers(1, 9)
    ),
    min_size=3,
    max_size=10,
)


@settings(max_examples=stories(5), deadline=None)
@given(STEPS)
def test_whatever_is_matched_and_undone_nothing_is_matched_for_more_than_it_is(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    """Five lines, together more than the one entry moved: after each step both sides tie."""
    made = Ledger.new(tmp_path_factory.mktemp("matched"))
    made.mine("a", tx("gift", (0, BTC)))
    made.bury()
    made.mine("s", tx("sale", spends=(("gift", 0),)))
    made.bury()
    made.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=BTC - 1000, network_fee=1000,
        currency="USD", proceeds=100, exchange="E", bank="B", date="2023-11-20",
    )  # fmt: skip
    entry = made.do("approver", "conversion", "approve", number="C-1", date="2023-11-20").seq
    identities = [name(f"line {n}") for n in range(5)]
    for n, identity in enumerate(identities):
        made.do(
            "recorder", "bank", "line", bank="B", currency="USD", identity=identity, direction="in",
            amount=20 + 10 * n, booked="2023-11-20",
        )  # fmt: skip
    done: list[int] = []
    for at, (step, which, amount) in enumerate(steps):
        told: dict[str, object] = {"line": identities[which], "n": at}
        with suppress(LedgerError):
            match step:
                case "undo" if done:
                    seq = done.pop(amount % len(done))
                    made.do("approver", "reversal", "add", entry=seq, reason="wrong", date="2023-11-21")
                case "aside":
                    number = f"A-{at}"
                    asked = {"number": number, "reason": "other", "date": "2023-11-21"}
                    made.do("recorder", "bank", "aside", lines=[identities[which]], **asked)
                    decided = {"number": number, "date": "2023-11-21"}
                    done.append(made.do("approver", "aside", "approve", **decided).seq or 0)
                case "match" | "part":
                    more = {"entry": entry} | ({"amount": amount} if step == "part" else {})
                    done.append(made.do("recorder", "bank", "match", **told, **more).seq or 0)
        made.audit()
        with made.store.read() as reading:
            lines = open_lines(reading, SLUG)
            (left,) = [movement_left(m) for m in movements(reading, SLUG)]
            known = lines_of(reading.session, SLUG)
        matched = sum(line.matched for line in known)
        assert left == 100 - matched
        aside = sum(line.amount for line in known if line.aside_by is not None)
        assert sum(line.left for line in lines) == 200 - matched - aside
    made.store.close()
