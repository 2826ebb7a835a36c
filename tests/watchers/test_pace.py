"""What hosts that ask for silence get: as long as they name, by number or by date, and never for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain
from tests.watchers.test_http import Clock, ask, client, tip_of
from watchers.net.errors import SourceDown, SourceRefused
from watchers.net.pace import HostPace, Paces, named_pause
from watchers.net.policy import HttpPolicy

NOW = "Sun, 06 Nov 1994 08:49:37 GMT"
CAP = 600.0


@pytest.fixture
def server() -> Iterator[EsploraServer]:
    with EsploraServer(FakeChain()) as running:
        yield running


def pace_of(
    clock: Clock, policy: HttpPolicy | None = None, url: str = "https://explorer.example/"
) -> HostPace:
    return Paces(policy or HttpPolicy(), clock, lambda: 1.0).of(urlsplit(url))


@pytest.mark.parametrize(
    ("named", "pause"),
    [
        ("Sun, 06 Nov 1994 08:51:37 GMT", 120.0),
        ("Sunday, 06-Nov-94 08:51:37 GMT", 120.0),
        ("Sun Nov  6 08:51:37 1994", 120.0),
        ("Sun, 06 Nov 1994 18:49:37 GMT", CAP),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", CAP),
        ("120", 120.0),
        ("7200", CAP),
        ("9" * 400, CAP),
        ("0", 0.0),
        ("-5", None),
        ("1.5", None),
        ("１２０", None),
        ("soon", None),
        ("", None),
        ("Sun, 99 Nov 1994 08:51:37 GMT", None),
        ("Sun, 06 Nov 99999 08:51:37 GMT", None),
        ("Sun, 06 Nov 1994 08:51:37 GMT" + " " * 5000 + "x", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(named: str, pause: float | None) -> None:
    """All three forms of RFC 9110; in the past is at once, unreadable is unsaid, and nothing beats the cap."""
    assert named_pause({"retry-after": named, "date": NOW}, CAP) == pause


@pytest.mark.parametrize("now", [None, "", "soon", "120"])
def test_a_date_without_the_hosts_own_says_nothing(now: str | None) -> None:
    """Our clock may be wrong by hours and is not asked."""
    headers = {"retry-after": "Sun, 06 Nov 1994 08:51:37 GMT"} | ({} if now is None else {"date": now})
    assert named_pause(headers, CAP) is None


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-(10**6), 10**6))
def test_a_date_is_as_far_away_as_it_is(now: datetime, seconds: int) -> None:
    """Whatever the year, the difference counts, from nothing up to the cap."""
    now = now.replace(microsecond=0)
    try:
        until = now + timedelta(seconds=seconds)
    except OverflowError:
        return
    if min(now.year, until.year) < 1000:
        return
    headers = {
        "retry-after": format_datetime(until, usegmt=True),
        "date": format_datetime(now, usegmt=True),
    }
    assert named_pause(headers, CAP) == min(max(0, seconds), CAP)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_header_is_read_or_left(named: str, now: str) -> None:
    """No text of a host makes an exception or a wait beyond the cap."""
    pause = named_pause({"retry-after": named, "date": now}, CAP)
    assert pause is None or 0 <= pause <= CAP


def test_a_date_over_the_wire_is_kept(server: EsploraServer) -> None:
    """The client waits as the date says, and asks again then."""
    clock = Clock()
    server.faults.status, server.faults.first_only = 429, 1
    server.faults.retry_after = f"Sun, 06 Nov 1994 08:51:37 GMT\r\nDate: {NOW}"
    assert ask(client(clock), tip_of(server), deadline=5000) == b"0"
    assert clock.slept == [120.0]


def test_refusals_without_a_time_wait_longer_from_request_to_request(server: EsploraServer) -> None:
    """Each doubles the wait, up to a minute, until an answer comes: giving up on one request forgets nothing."""
    clock = Clock()
    policy = HttpPolicy(attempts=1, per_second=1e6, burst=1000)
    http = client(clock, policy)
    server.faults.status = 429
    waits = []
    for _ in range(9):
        with pytest.raises(SourceRefused, match="we wait") as caught:
            ask(http, tip_of(server), deadline=1000)
        assert caught.value.status == 429
        waits.append(caught.value.wording.values["n"])
        clock.now += 61
    assert waits == [0, 1, 2, 4, 8, 16, 32, 60, 60]
    server.faults.status = None
    assert ask(http, tip_of(server)) == b"0"
    server.faults.status = 429
    with pytest.raises(SourceRefused, match="we wait 0 seconds"):
        ask(http, tip_of(server))


def test_a_server_error_that_names_a_time_is_left_alone_for_it() -> None:
    """503 with Retry-After counts as a failure and as a request for silence."""
    clock = Clock()
    host = pace_of(clock)
    failure, pause = host.declined(503, {"retry-after": "45"}, "name", 1)
    assert isinstance(failure, SourceDown)
    assert pause == 45
    with pytest.raises(SourceRefused, match="45 seconds of that are left"):
        host.wait(clock.now + 10, "name")
    assert host.wait(clock.now + 100, "name") == 45


def test_a_server_error_without_a_time_holds_up_nobody_else() -> None:
    """The next request may go at once; the breaker counts."""
    clock = Clock()
    host = pace_of(clock)
    host.declined(503, {}, "name", 1)
    assert host.wait(clock.now + 10, "name") == 0


def test_a_host_nearby_has_a_pace_of_its_own() -> None:
    """A node of one's own is asked as fast as configured, a stranger is not."""
    policy = HttpPolicy(per_second=1, burst=2, near_per_second=100)
    for url, waits in (("http://127.0.0.1:8332/", 0.0), ("https://explorer.example/", 8.0)):
        clock = Clock()
        host = pace_of(clock, policy, url)
        waited = [host.wait(clock.now + 1000, "name") for _ in range(10)]
        assert waited[-1] == waits


def test_hosts_are_kept_apart_by_port_and_together_by_spelling() -> None:
    """One host's silence is not another's; capital letters are no way around it."""
    clock = Clock()
    paces = Paces(HttpPolicy(), clock, lambda: 1.0)
    one = paces.of(urlsplit("https://explorer.example/a"))
    assert paces.of(urlsplit("https://EXPLORER.example/b")) is one
    assert paces.of(urlsplit("https://explorer.example:8443/a")) is not one
