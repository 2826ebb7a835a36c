"""The document is true: what schemathesis makes of it is answered as it says, over a real ledger.

Each reading and each act of the desk is asked with values that fit its shape and with values that do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from api.ports import Ports, SiteSettings
from ledger.recording.users import add_token
from tests.tools.ledgers import Ledger

RULES_REFUSE = [positive_data_acceptance]
"""A fact of the right shape may break a rule: a date before what it rests on, a name that is nobody's."""
IN_HASTE = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Document:
    """The operations of the document, and a token that its acts are asked with."""

    operations: tuple[Any, ...]
    token: str

    def by(self, *methods: str) -> tuple[Any, ...]:
        return tuple(one for one in self.operations if one.method.upper() in methods)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Document]:
    ledger = Ledger.new(tmp_path_factory.mktemp("document"))
    with ledger.store.write() as writing:
        token = add_token(writing, "admin", "test", now=ledger.now, by=None)
    ports = Ports(ledger.store, lambda: ledger.now, SiteSettings(), lambda: "", list)
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(ports))
    found = list(schema.get_all_operations())
    operations = tuple(one.ok() for one in found if isinstance(one, Ok))
    assert len(operations) == len(found)
    yield Document(operations, token)
    ledger.store.close()


@pytest.mark.parametrize("mode", list(GenerationMode))
@IN_HASTE
@given(data=st.data())
def test_readings_answer_as_the_document_says(
    document: Document, mode: GenerationMode, data: st.DataObject
) -> None:
    """Status, kind of content and shape, of good and bad requests."""
    reading = data.draw(st.sampled_from(document.by("GET")))
    case = data.draw(reading.as_strategy(generation_mode=mode))
    case.call_and_validate(excluded_checks=RULES_REFUSE)


@pytest.mark.parametrize("mode", list(GenerationMode))
@IN_HASTE
@given(data=st.data())
def test_acts_answer_as_the_document_says(
    document: Document, mode: GenerationMode, data: st.DataObject
) -> None:
    """With a token of the desk: recorded, or a problem that the document has."""
    act = data.draw(st.sampled_from(document.by("POST", "PUT")))
    case = data.draw(act.as_strategy(generation_mode=mode))
    case.call_and_validate(
        headers={"Authorization": f"Bearer {document.token}"}, excluded_checks=RULES_REFUSE
    )
