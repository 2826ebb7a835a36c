"""The plan and the recording together, put into a real ledger without network: nothing is refused, all checks hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.checks.run import run_checks
from ledger.recording.rebuild import rebuild
from ledger.store.database import Store
from service.demo import gifts
from service.demo.replay import Replay
from tests.tools.demo_story import Story
from tests.tools.store_places import BOTH, fresh_url


@pytest.fixture(scope="module", params=BOTH)
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The whole story, on SQLite and on PostgreSQL."""
    folder: Path = tmp_path_factory.mktemp("story")
    store = Store.create(fresh_url(request.param, folder))
    played = Story(store, Replay.load())
    played.play()
    yield played
    store.close()


def test_no_act_is_refused_and_every_invariant_holds(story: Story) -> None:
    with story.store.read() as tx:
        assert run_checks(tx) == []


def test_the_ledger_holds_what_the_plan_says(story: Story) -> None:
    with story.store.read() as tx:
        from_journal = [row.key for row in tx.journal.rows()]
    donations = [key for key in from_journal if key.startswith("donation:")]
    assert len(donations) == len(gifts.GIFTS) + 1  # dust has an entry, in no total
    assert len([key for key in from_journal if key.startswith("spend:")]) == len(gifts.OUTGOING)


def test_every_projection_is_what_the_journal_makes_again(story: Story) -> None:
    with story.store.read() as tx:
        assert rebuild(tx) == []
