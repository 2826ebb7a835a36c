"""What a connection to an Electrum server promises: an end in time and size, answers to what was asked, manners."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest

from ledger.core.chain import Script
from tests.tools.certificates import fingerprint, self_signed
from tests.tools.electrum_server import ElectrumServer, electrum
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from watchers.net.electrum_endpoint import endpoint_of
from watchers.net.errors import SourceDown, SourceError, SourceGarbled, SourceRefused, SourceSlow
from watchers.net.policy import HttpPolicy
from watchers.proof.block import parse_transaction
from watchers.sources.protocol import ClaimedTip

OURS = Script(script_no(1))


def paying(number: int, *, sats: int = 5_000) -> bytes:
    """A transaction to our script and a stranger's."""
    return transaction([(script_no(1), sats), (script_no(900), 1)], [outpoint_no(number)])


@pytest.fixture(params=["1.4", "1.4.2", "1.6"])
def server(request: pytest.FixtureRequest) -> Iterator[ElectrumServer]:
    with ElectrumServer(FakeChain(), highest=request.param) as running:
        running.chain.mine(12)
        yield running


@pytest.fixture
def plain() -> Iterator[ElectrumServer]:
    with ElectrumServer(FakeChain()) as running:
        running.chain.mine(3)
        yield running


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(certificate: Path) -> Iterator[ElectrumServer]:
    with ElectrumServer(FakeChain(), certificate=certificate) as running:
        running.chain.mine(3)
        yield running


def test_the_version_is_agreed_before_anything_else(server: ElectrumServer) -> None:
    """Once a connection, as protocol 1.6 demands."""
    one = electrum(server)
    one.look_tip()
    one.look_tip()
    assert server.methods() == ["server.version", *["blockchain.headers.subscribe"] * 2]
    assert server.asked[0][1][1] == ["1.4", "1.6"]


@pytest.mark.parametrize("spoken", ["1.3", "1.7", "2.0"])
def test_a_protocol_that_is_not_understood_is_refused_plainly(plain: ElectrumServer, spoken: str) -> None:
    plain.faults.lies["version.protocol"] = lambda _: spoken
    with pytest.raises(SourceRefused, match=f"speaks protocol {spoken}; 1.4 to 1.6"):
        electrum(plain).look_tip()


def test_a_server_that_is_too_old_is_refused_in_its_own_words(plain: ElectrumServer) -> None:
    plain.highest = "1.2"
    with pytest.raises(SourceRefused, match="unsupported protocol version"):
        electrum(plain).look_tip()


def test_a_server_that_takes_one_version_and_no_range_is_asked_for_that(plain: ElectrumServer) -> None:
    """electrs before 0.10, which home servers have, reads no range of versions."""
    plain.one_version, plain.highest = True, "1.4"
    one = electrum(plain)
    assert one.look_tip().height == plain.chain.height
    assert len(one.look_headers(0, 4)) == plain.chain.height + 1
    assert [params[1] for method, params in plain.asked if method == "server.version"] == [
        ["1.4", "1.6"],
        "1.4",
    ]


def test_a_byte_a_moment_does_not_hold_us(plain: ElectrumServer) -> None:
    """The deadline is for the whole answer, not for each read."""
    one = electrum(plain, deadline=0.4)
    one.look_tip()
    plain.faults.drip = 0.02
    started = monotonic()
    with pytest.raises(SourceSlow):
        one.look_headers(0, 4)
    assert monotonic() - started < 1.5


def test_a_byte_a_moment_over_tls_does_not_hold_us(secure: ElectrumServer) -> None:
    one = electrum(secure, deadline=0.5)
    one.look_tip()
    secure.faults.drip = 0.02
    started = monotonic()
    with pytest.raises(SourceSlow):
        one.look_headers(0, 4)
    assert monotonic() - started < 1.5


def test_a_line_without_end_is_cut_off(plain: ElectrumServer) -> None:
    """It is refused at its limit, not read to its end."""
    plain.faults.lies["tip.hex"] = lambda text: text * 100_000
    one = electrum(plain)
    with pytest.raises(SourceRefused, match=r"answer of more than \d+ bytes, cut off"):
        one.look_tip()
    assert 1_000_000 < one.bytes_read < 2_000_000


def test_padding_is_no_part_of_an_answer(plain: ElectrumServer) -> None:
    """Servers fill what they send up to a power of two, so that its size tells an observer nothing."""
    plain.pads = True
    plain.before = [json.dumps({"method": "noise", "params": ["x" * 300_000]}).encode() + b"\n"]
    one = electrum(plain)
    assert one.look_tip() == ClaimedTip(3, plain.chain.tip)
    assert [header.hash for header in one.look_headers(1, 2016)] == plain.chain.active[1:]


def test_a_flood_of_notifications_is_cut_off(plain: ElectrumServer) -> None:
    line = json.dumps({"method": "server.noise", "params": ["x" * 50_000]}).encode() + b"\n"
    one = electrum(plain)
    one.look_tip()
    plain.before = [line] * 100
    with pytest.raises(SourceRefused, match="notifications"):
        one.look_tip()


def test_a_notification_in_between_is_no_answer(plain: ElectrumServer) -> None:
    plain.before = [b'{"jsonrpc":"2.0","method":"blockchain.headers.subscribe","params":[{"height":9}]}\n']
    one = electrum(plain)
    assert one.look_tip() == ClaimedTip(3, plain.chain.tip)
    assert one.look_hash(2) == plain.chain.active[2]


@pytest.mark.parametrize("number", [999, "1", True, None, 1.0])
def test_an_answer_to_another_question_is_refused(plain: ElectrumServer, number: object) -> None:
    plain.faults.lies["id"] = lambda _: number
    with pytest.raises(SourceGarbled, match="id"):
        electrum(plain).look_tip()


@pytest.mark.parametrize(
    "line",
    [
        b"<html>\n",
        b"[]\n",
        b"\n",
        b'{"id":2,"result":NaN}\n',
        b'{"id":2,"id":2,"result":null}\n',
        b"\xff\xfe\n",
        b"[" * 60_000 + b"\n",
    ],
)
def test_a_line_that_is_no_answer_is_refused(plain: ElectrumServer, line: bytes) -> None:
    one = electrum(plain)
    one.look_tip()
    plain.before = [line]
    with pytest.raises(SourceGarbled):
        one.look_tip()
    plain.before = []
    assert one.look_tip() == ClaimedTip(3, plain.chain.tip), "the next question starts afresh"


def test_answers_may_come_in_any_order(plain: ElectrumServer) -> None:
    """Many questions are on their way at once; each answer is matched by its number."""
    txids = [plain.chain.send(paying(number)) for number in range(25)]
    raws = electrum(plain).look_mempool([OURS, Script(script_no(3)), OURS])
    assert sorted(parse_transaction(tx.raw).txid for tx in raws) == sorted(txids)


def test_several_threads_may_ask_at_once(plain: ElectrumServer) -> None:
    """Over one connection, each with its own answer."""
    plain.chain.mine(20)
    one = electrum(plain)
    with ThreadPoolExecutor(8) as pool:
        hashes = list(pool.map(one.look_hash, range(24)))
    assert hashes == plain.chain.active
    assert plain.connections == 1


def test_a_broken_connection_is_made_again(server: ElectrumServer) -> None:
    """A server that restarted, or closed an idle connection, costs one more connection and no error."""
    one = electrum(server)
    one.look_tip()
    server.cut_off()
    assert one.look_tip() == ClaimedTip(12, server.chain.tip)
    assert server.connections == 2


def test_a_reply_that_breaks_off_is_no_answer(plain: ElectrumServer) -> None:
    plain.faults.cut = True
    with pytest.raises(SourceDown):
        electrum(plain).look_tip()


def test_where_nobody_listens_the_source_is_down(plain: ElectrumServer) -> None:
    one = electrum(plain)
    plain.close()
    with pytest.raises(SourceDown):
        one.look_tip()


def test_a_server_that_signs_for_itself_is_refused_unless_that_was_said(secure: ElectrumServer) -> None:
    with pytest.raises(
        SourceDown, match=r"self-signed; if that is meant, set tls to the certificate's SHA-256"
    ):
        electrum(secure, tls="verify").look_tip()
    assert secure.asked == []


def test_any_certificate_will_do_where_that_was_said(secure: ElectrumServer) -> None:
    assert electrum(secure, tls="any").look_tip() == ClaimedTip(3, secure.chain.tip)


def test_one_certificate_can_be_pinned(secure: ElectrumServer, certificate: Path) -> None:
    """By its SHA-256, as openssl prints it too; another one is refused before a byte is sent."""
    pinned = fingerprint(certificate)
    colons = ":".join(pinned.upper()[at : at + 2] for at in range(0, 64, 2))
    for written in (pinned, colons):
        assert electrum(secure, tls=written).look_tip().height == 3
    secure.asked.clear()
    with pytest.raises(SourceRefused, match=f"SHA-256 is {pinned}"):
        electrum(secure, tls="ab" * 32).look_tip()
    assert secure.asked == []


def test_a_plain_server_behind_ssl_is_down(plain: ElectrumServer) -> None:
    with pytest.raises(SourceError) as failure:
        electrum(plain, url=f"ssl://127.0.0.1:{plain.port}", deadline=1.0).look_tip()
    assert isinstance(failure.value, SourceDown | SourceSlow)


def test_a_private_address_is_for_the_operator_to_name(plain: ElectrumServer) -> None:
    """Also when a name leads there; nothing is connected to."""
    strict = HttpPolicy(loopback=False)
    for url in (f"ssl://127.0.0.1:{plain.port}", f"ssl://localhost:{plain.port}", "ssl://10.0.0.1:50002"):
        with pytest.raises(SourceRefused, match="private address"):
            electrum(plain, url=url, policy=strict).look_tip()
    assert plain.connections == 0
    named = HttpPolicy(loopback=False, local_hosts=frozenset({"127.0.0.1"}))
    assert electrum(plain, policy=named).look_tip().height == 3


def test_plain_tcp_is_for_local_hosts(plain: ElectrumServer) -> None:
    with pytest.raises(SourceRefused, match="plain TCP is for local hosts only"):
        electrum(plain, url="tcp://electrum.example.org:50001").look_tip()


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_the_pace_of_requests_is_kept(plain: ElectrumServer) -> None:
    """Two at once, then one each two seconds; the greeting counts."""
    clock = Clock()
    one = electrum(plain, policy=HttpPolicy(per_second=0.5, burst=2), clock=clock, sleep=clock.sleep)
    for _ in range(4):
        one.look_tip()
    assert clock.slept == [2.0, 2.0, 2.0]


def test_after_failures_in_a_row_the_server_has_rest(plain: ElectrumServer) -> None:
    clock = Clock()
    policy = HttpPolicy(per_second=1e6, burst=100, breaker_failures=2, breaker_pause=60)
    one = electrum(plain, policy=policy, clock=clock, sleep=clock.sleep)
    plain.faults.down = True
    for _ in range(2):
        with pytest.raises(SourceDown):
            one.look_tip()
    plain.faults.down = False
    with pytest.raises(SourceDown, match="not asked for another 60 seconds"):
        one.look_tip()
    clock.now += 61
    assert one.look_tip().height == 3


def test_a_server_that_asks_for_silence_gets_it(plain: ElectrumServer) -> None:
    clock = Clock()
    one = electrum(plain, clock=clock, sleep=clock.sleep)
    plain.declines["blockchain.headers.subscribe"] = (-101, "excessive resource usage")
    with pytest.raises(SourceRefused, match="too many requests") as refused:
        one.look_tip()
    assert refused.value.status == 429
    asked = len(plain.asked)
    with pytest.raises(SourceRefused, match="asked us to wait"):
        one.look_tip()
    assert len(plain.asked) == asked


def test_requests_and_bytes_are_counted(plain: ElectrumServer) -> None:
    one = electrum(plain)
    one.look_tip()
    one.look_hash(1)
    assert one.requests == len(plain.asked) == 3
    assert one.bytes_read > 3 * 100


@pytest.mark.parametrize(
    "wrong",
    [
        "http://a:1",
        "tcp://a",
        "ssl://:50002",
        "ssl://u:p@a:1",
        "tcp://a:b",
        "a:50001",
        "ssl://a:1/x",
        "tcp://a:99999",
    ],
)
def test_a_url_of_another_kind_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="ssl://host:port or tcp://host:port"):
        endpoint_of(wrong)


@pytest.mark.parametrize("wrong", ["", "none", "ab" * 31, "xy" * 32, "Verify!"])
def test_trust_of_another_kind_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        endpoint_of("ssl://a:1", wrong)
