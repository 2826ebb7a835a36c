"""JSON from outside is read strictly: what readers could take for different things is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.strict_json import MOST_DEPTH, Fractions, JsonRefused, NumberText, strict_json

SURPRISES = [
    b"NaN",
    b"-Infinity",
    b'{"a": Infinity}',
    b'{"a": 1, "a": 2}',
    b'{"a": {"b": 1, "b": 1}}',
    b"1e999",
    b"-1e999",
    b"9007199254740993.0",
    b"1e16",
    b"[" * 100_000,
    b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1),
    b'{"a":' * 70 + b"1" + b"}" * 70,
    b"1" * 31,
    b"\xff",
    b"\xef\xbb\xbf{}",
    b"{",
    b"",
    b"<html></html>",
    b"1 2",
]


@pytest.mark.parametrize("fractions", Fractions)
@pytest.mark.parametrize("raw", SURPRISES, ids=range(len(SURPRISES)))
def test_json_with_surprises_is_refused(raw: bytes, fractions: Fractions) -> None:
    """What Python would wave through, we do not; whatever is wanted of fractions."""
    with pytest.raises(JsonRefused):
        strict_json(raw, fractions=fractions)


def test_a_document_above_its_limit_is_not_parsed() -> None:
    assert strict_json(b'"abc"', most_bytes=5) == "abc"
    with pytest.raises(JsonRefused):
        strict_json(b'"abcd"', most_bytes=5)


def test_the_key_that_stands_twice_is_named() -> None:
    with pytest.raises(JsonRefused) as caught:
        strict_json(b'{"x": {"quantity": 1, "unit": 2, "quantity": 2}}')
    assert caught.value.twice == "quantity"


def test_where_a_document_breaks_off_is_named() -> None:
    with pytest.raises(JsonRefused) as caught:
        strict_json(b'{\n  "a": 1,\n  b\n}')
    assert caught.value.place == (3, 3)


def test_a_fraction_becomes_what_was_asked_for() -> None:
    """A float, the digits as they stand, or a refusal."""
    assert strict_json(b"[1.50]") == [1.5]
    digits = strict_json(b"1.50", fractions=Fractions.TEXT)
    assert isinstance(digits, NumberText)
    assert digits == "1.50"
    with pytest.raises(JsonRefused):
        strict_json(b"[1.50]", fractions=Fractions.REFUSED)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_plain_json_is_read_as_it_is(value: object) -> None:
    """Strictness changes no honest document; true stays apart from 1."""
    read = strict_json(json.dumps(value).encode())
    assert read == value
    assert json.dumps(read) == json.dumps(value)
