"""What an Electrum server is believed: histories that hash to their status, bytes that hash to their name, no more."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from time import monotonic

import pytest

from ledger.core.chain import Outpoint, Script
from tests.tools.electrum_server import ElectrumServer, electrum
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.source_dialects import Time
from watchers.net.electrum import ElectrumConnection
from watchers.net.errors import SourceDown, SourceGarbled, SourceLied, SourceMissing, SourceRefused
from watchers.proof.block import parse_transaction
from watchers.proof.merkle import ProofRefused, check_proof
from watchers.sources.electrum import Electrum, ElectrumRow, electrum_scripthash, status_of
from watchers.sources.protocol import Can, ClaimedTip, HistoryRow, Source

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


def test_it_is_a_source_by_every_protocol(server: ElectrumServer) -> None:
    """It shows tip, hashes and headers of the active chain, and declares neither blocks nor spends."""
    one: Source = electrum(server)
    chain = server.chain
    assert one.look_tip() == ClaimedTip(12, chain.tip)
    assert one.look_hash(7) == chain.active[7]
    assert [h.hash for h in one.look_headers(3, 50)] == chain.active[3:]
    assert one.look_headers(13, 5) == []
    assert one.can == {Can.TIP, Can.HEADERS, Can.HISTORY, Can.MEMPOOL}
    for refused in (lambda: one.look_block(chain.tip), lambda: one.look_spender(outpoint_no(1))):
        with pytest.raises(SourceRefused, match="cannot be asked"):
            refused()


def test_a_height_above_the_tip_is_missing(server: ElectrumServer) -> None:
    with pytest.raises(SourceMissing):
        electrum(server).look_hash(13)


def test_2016_headers_come_with_one_request(server: ElectrumServer) -> None:
    one = electrum(server)
    assert len(one.look_headers(0, 2016)) == 13
    assert server.methods().count("blockchain.block.headers") == 1


def test_a_server_that_gives_few_headers_at_a_time_is_asked_again(server: ElectrumServer) -> None:
    """`max` below what was asked for is no tip."""
    server.faults.lies["headers.max"] = lambda _: 5
    real = server._headers
    server._headers = lambda session, first, count: real(session, first, min(count, 5))  # type: ignore[method-assign]
    assert [h.hash for h in electrum(server).look_headers(1, 12)] == server.chain.active[1:]


def test_headers_are_cut_where_one_does_not_link(server: ElectrumServer) -> None:
    strange = server.chain.header(server.chain.active[2]).raw.hex()
    server.faults.lies["headers.hex"] = lambda text: text[: 160 * 4] + strange + text[160 * 5 :]
    server.faults.lies["headers.headers"] = lambda rows: [*rows[:4], strange, *rows[5:]]
    assert [h.hash for h in electrum(server).look_headers(1, 8)] == server.chain.active[1:5]


def test_the_script_hash_is_byte_reversed() -> None:
    """The protocol documentation's own example: the script of 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa."""
    script = bytes.fromhex("76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac")
    assert electrum_scripthash(script) == "8b01df4e368ea28f8dc0423bcf7a4923e3a12d307c875e47a0cfbf90b5c39161"
    assert electrum_scripthash(script) != hashlib.sha256(script).hexdigest()


def test_a_history_is_whole_and_knows_what_is_in_no_block(server: ElectrumServer) -> None:
    """Heights 0 and -1 are none; `above` leaves out what lies deeper."""
    chain = server.chain
    first, second = paying(1), paying(2)
    chain.mine_block([first])
    chain.mine_block([second])
    loose = chain.send(paying(3))
    child = chain.send(transaction([(script_no(1), 4)], [Outpoint(loose, 0)]))
    one = electrum(server)
    txids = [parse_transaction(raw).txid for raw in (first, second)]
    assert one.look_history(OURS)[:2] == [HistoryRow(txids[0], 13), HistoryRow(txids[1], 14)]
    unconfirmed = {HistoryRow(loose, None), HistoryRow(child, None)}
    assert set(one.look_history(OURS)[2:]) == unconfirmed
    assert set(one.look_history(OURS, above=13)) == {HistoryRow(txids[1], 14), *unconfirmed}
    assert one.look_history(Script(script_no(77))) == []


def test_a_spend_is_in_the_history_too(plain: ElectrumServer) -> None:
    gift = paying(1)
    plain.chain.mine_block([gift])
    spend = transaction([(script_no(5), 9)], [Outpoint(parse_transaction(gift).txid, 0)])
    plain.chain.mine_block([spend])
    rows = electrum(plain).look_history(OURS)
    assert [row.txid for row in rows] == [parse_transaction(raw).txid for raw in (gift, spend)]


def test_an_unchanged_history_costs_nothing(plain: ElectrumServer) -> None:
    """After it was read once: nothing while the tip stands, one status at a new tip, and the list when it changed."""
    plain.chain.mine_block([paying(1)])
    one = electrum(plain)
    one.look_tip()
    rows = one.look_history(OURS)
    plain.asked.clear()
    one.look_tip()
    assert one.look_history(OURS) == rows
    assert plain.methods() == ["blockchain.headers.subscribe"]
    plain.chain.mine(1)
    plain.asked.clear()
    one.look_tip()
    assert one.look_history(OURS) == rows
    assert plain.methods() == ["blockchain.headers.subscribe", "blockchain.scripthash.subscribe"]
    plain.chain.mine_block([paying(2)])
    one.look_tip()
    assert len(one.look_history(OURS)) == 2


def test_many_histories_cost_few_round_trips(plain: ElectrumServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most N/100 + 10 for N addresses, at first and after a block, and the lists are those of single questions."""
    for n in range(1, 4):
        plain.chain.mine_block([paying(n)])
    scripts = [Script(script_no(n)) for n in range(300)]
    plain.mute = True
    sent: list[bytes] = []
    send = ElectrumConnection.send

    def counted(connection: ElectrumConnection, data: bytes) -> None:
        sent.append(data)
        send(connection, data)

    monkeypatch.setattr(ElectrumConnection, "send", counted)
    one = electrum(plain)
    one.look_tip()
    told = one.look_histories([(script, -1) for script in scripts])
    assert len(sent) <= len(scripts) / 100 + 10
    assert sum(map(len, told)) == 3
    assert told[1] == electrum(plain).look_history(scripts[1])
    plain.chain.mine_block([paying(4)])
    sent.clear()
    one.look_tip()
    again = one.look_histories([(script, -1) for script in scripts])
    assert len(sent) <= len(scripts) / 100 + 10
    assert sum(map(len, again)) == 4


def test_of_many_histories_one_that_does_not_hash_to_its_status_is_refused(server: ElectrumServer) -> None:
    server.chain.mine_block([paying(1)])
    server.faults.lies["history"] = lambda rows: rows[:-1]
    with pytest.raises(SourceGarbled):
        electrum(server).look_histories([(Script(script_no(n)), -1) for n in range(5)])


def test_a_server_that_takes_no_subscriptions_is_asked_for_each_list(plain: ElectrumServer) -> None:
    plain.chain.mine_block([paying(1)])
    plain.declines["blockchain.scripthash.subscribe"] = (1, "excessive resource usage")
    told = electrum(plain).look_histories([(Script(script_no(n)), -1) for n in range(3)])
    assert [len(rows) for rows in told] == [0, 1, 0]


def wait_until(true: Callable[[], bool]) -> None:
    until = monotonic() + 5
    while not true():
        assert monotonic() < until


def test_a_notification_alone_makes_a_history_be_read_again(plain: ElectrumServer) -> None:
    """A payment arrives at the same tip: the server says so by itself, and the next look shows it."""
    one = electrum(plain)
    assert one.look_history(OURS) == []
    txid = plain.chain.send(paying(1))
    plain.notify()
    wait_until(lambda: one.look_history(OURS) == [HistoryRow(txid, None)])


def test_a_new_tip_is_enough_to_read_a_history_again(plain: ElectrumServer) -> None:
    """Servers tell of a new tip, and a second later of the scripts that it touches; a gift must not fall between."""
    one = electrum(plain)
    one.look_tip()
    assert one.look_history(OURS) == []
    plain.mute = True
    plain.chain.mine_block([paying(1)])
    one.look_tip()
    assert one.look_history(OURS) == [HistoryRow(parse_transaction(paying(1)).txid, 4)]
    plain.chain.fork(1, 1)
    one.look_tip()
    assert one.look_history(OURS) == []


def test_what_is_told_while_we_ask_is_not_forgotten(plain: ElectrumServer) -> None:
    """A status may be told ahead of an answer that is older: the list is then asked for once more."""
    one = electrum(plain)
    note = {"method": "blockchain.scripthash.subscribe", "params": [electrum_scripthash(OURS), "ab" * 32]}
    plain.before = [json.dumps(note).encode() + b"\n"]
    assert one.look_history(OURS) == []
    plain.before, plain.mute = [], True
    txid = plain.chain.send(paying(1))
    assert one.look_history(OURS) == [HistoryRow(txid, None)]


def test_after_a_lost_connection_no_history_is_taken_from_memory(plain: ElectrumServer) -> None:
    """What happened in between was told to nobody."""
    one = electrum(plain)
    assert one.look_history(OURS) == []
    plain.cut_off()
    txid = plain.chain.send(paying(1))
    wait_until(lambda: one.look_history(OURS) == [HistoryRow(txid, None)])


def test_a_history_that_leaves_a_row_out_does_not_hash_to_its_status(server: ElectrumServer) -> None:
    server.chain.mine_block([paying(1)])
    server.chain.mine_block([paying(2)])
    server.faults.lies["history"] = lambda rows: rows[1:]
    with pytest.raises(SourceGarbled, match="history: the list does not hash"):
        electrum(server).look_history(OURS)


def test_a_status_is_that_of_the_protocol() -> None:
    rows = [ElectrumRow("aa" * 32, 5), ElectrumRow("bb" * 32, -1)]
    text = f"{'aa' * 32}:5:{'bb' * 32}:-1:"
    assert status_of(rows) == hashlib.sha256(text.encode()).hexdigest()
    assert status_of([]) is None


def test_before_1_6_several_unconfirmed_transactions_may_stand_in_any_order(plain: ElectrumServer) -> None:
    """The status has then no one right order, so it cannot be held against the list."""
    plain.highest = "1.4.2"
    txids = {plain.chain.send(paying(number)) for number in range(3)}
    plain.faults.lies["history.status"] = lambda _: "ab" * 32
    assert {row.txid for row in electrum(plain).look_history(OURS)} == txids


def test_a_server_that_takes_no_more_subscriptions_is_asked_for_lists(plain: ElectrumServer) -> None:
    plain.declines["blockchain.scripthash.subscribe"] = (1, "subscription limit reached")
    plain.chain.mine_block([paying(1)])
    assert len(electrum(plain).look_history(OURS)) == 1


def test_a_history_that_is_too_long_for_the_server_is_an_error(plain: ElectrumServer) -> None:
    for method in ("blockchain.scripthash.subscribe", "blockchain.scripthash.get_history"):
        plain.declines[method] = (1, "history too large")
    with pytest.raises(SourceRefused, match="history too large"):
        electrum(plain).look_history(OURS)


def test_a_proof_leads_to_the_header(server: ElectrumServer) -> None:
    """For every transaction of a block of five, in the order of bytes that `check_proof` wants."""
    raws = [paying(number) for number in range(4)]
    name = server.chain.mine_block(raws)
    root = server.chain.header(name).merkle_root
    one = electrum(server)
    for raw in raws:
        proof = one.look_proof(parse_transaction(raw).txid, 13)
        check_proof(proof, root, 5, transaction=raw)
    with pytest.raises(ProofRefused):
        check_proof(proof, server.chain.header(server.chain.active[3]).merkle_root, None)


def test_a_proof_at_another_height_is_missing(server: ElectrumServer) -> None:
    server.chain.mine_block([paying(1)])
    with pytest.raises(SourceMissing):
        electrum(server).look_proof(parse_transaction(paying(1)).txid, 4)


@pytest.mark.parametrize("alone", [True, False])
def test_the_place_of_a_transaction(server: ElectrumServer, alone: bool) -> None:
    """With a server that finds a block by txid, and with one that has to be asked for a history."""
    server.proves_alone = alone
    server.chain.mine_block([paying(1)])
    loose = server.chain.send(paying(2))
    one = electrum(server)
    assert one.look_height(parse_transaction(paying(1)).txid) == 13
    assert one.look_height(loose) is None
    with pytest.raises(SourceMissing):
        one.look_height("ab" * 32)


def test_the_place_is_found_by_another_output_where_one_history_is_too_long(plain: ElectrumServer) -> None:
    """An exchange's address beside ours."""
    plain.chain.mine_block([paying(1)])
    txid = parse_transaction(paying(1)).txid
    plain.too_long.add(electrum_scripthash(OURS))
    assert electrum(plain).look_height(txid) == 4
    plain.too_long.add(electrum_scripthash(script_no(900)))
    with pytest.raises(SourceRefused, match="history too large"):
        electrum(plain).look_height(txid)


def test_the_mempool_shows_each_transaction_once(server: ElectrumServer) -> None:
    """A transaction that touches two scripts is fetched once, and never again."""
    raw = transaction([(script_no(1), 5), (script_no(2), 5)], [outpoint_no(1)])
    server.chain.send(raw)
    one = electrum(server)
    scripts = [OURS, Script(script_no(2)), Script(script_no(3))]
    assert [tx.raw for tx in one.look_mempool(scripts)] == [raw]
    assert [tx.raw for tx in one.look_mempool(scripts)] == [raw]
    assert server.methods().count("blockchain.transaction.get") == 1
    assert one.look_mempool([]) == []


@pytest.mark.parametrize("hangs_up", [False, True])
def test_a_server_that_lists_no_mempool_shows_what_waits_by_histories(
    server: ElectrumServer, hangs_up: bool
) -> None:
    """electrs lacks that question: one of its kinds refuses it, the other ends the connection."""
    asked = "blockchain.scripthash.get_mempool"
    if hangs_up:
        server.hangs_up_at.add(asked)
    else:
        server.declines[asked] = (-32601, "method not found")
    server.chain.mine_block([paying(1)])
    waits = [paying(2), transaction([(script_no(2), 5)], [outpoint_no(3)])]
    for raw in waits:
        server.chain.send(raw)
    one = electrum(server)
    for _ in range(2):
        assert [tx.raw for tx in one.look_mempool([OURS, Script(script_no(2))])] == waits
    assert server.methods().count(asked) == (1 if hangs_up else 2), "at the first look alone"
    server.faults.down = True
    with pytest.raises(SourceDown):
        electrum(server).look_mempool([OURS])


def test_a_transaction_that_is_not_there_is_none_and_an_error_is_an_error(server: ElectrumServer) -> None:
    server.chain.mine_block([paying(1)])
    one = electrum(server)
    assert one.look_transaction(parse_transaction(paying(1)).txid) == parse_transaction(paying(1))
    assert one.look_transaction("ab" * 32) is None
    server.declines["blockchain.transaction.get"] = (2, "daemon error: DaemonError(warming up)")
    with pytest.raises(SourceRefused, match="warming up"):
        one.look_transaction("ab" * 32)


def test_bytes_of_another_transaction_are_a_lie(server: ElectrumServer) -> None:
    server.chain.mine_block([paying(1)])
    server.faults.lies["tx"] = lambda _: paying(2).hex()
    with pytest.raises(SourceLied, match="another txid"):
        electrum(server).look_transaction(parse_transaction(paying(1)).txid)


Change = Callable[[object], object]
CHANGES: dict[str, Change] = {
    "another type": lambda _: {"a": 1},
    "null": lambda _: None,
    "true": lambda _: True,
    "a number with a point": lambda _: 1.5,
    "huge": lambda _: 10**25,
    "negative": lambda _: -7,
    "63 digits": lambda _: "a" * 63,
    "upper case": lambda _: "A" * 64,
    "no digits": lambda _: "z" * 64,
}
FIELDS: dict[str, Callable[[Electrum, FakeChain], object]] = {
    "tip.height": lambda one, _: one.look_tip(),
    "tip.hex": lambda one, _: one.look_tip(),
    "header": lambda one, _: one.look_hash(2),
    "headers.headers": lambda one, _: one.look_headers(1, 3),
    "headers.count": lambda one, _: one.look_headers(1, 3),
    "headers.max": lambda one, _: one.look_headers(1, 3),
    "history": lambda one, _: one.look_history(OURS),
    "history.txid": lambda one, _: one.look_history(OURS),
    "history.height": lambda one, _: one.look_history(OURS),
    "history.status": lambda one, _: one.look_history(OURS),
    "mempool": lambda one, _: one.look_mempool([OURS]),
    "mempool.txid": lambda one, _: one.look_mempool([OURS]),
    "mempool.height": lambda one, _: one.look_mempool([OURS]),
    "tx": lambda one, chain: one.look_transaction(next(iter(chain.mempool))),
    "merkle.merkle": lambda one, chain: one.look_proof(next(iter(chain.transactions)), 4),
    "merkle.pos": lambda one, chain: one.look_proof(next(iter(chain.transactions)), 4),
    "merkle.block_height": lambda one, chain: one.look_proof(next(iter(chain.transactions)), 4),
    "version.software": lambda one, _: one.look_tip(),
    "version.protocol": lambda one, _: one.look_tip(),
}


CLAIMS = {
    ("history.status", "null"),
    *(("version.software", name) for name, made in CHANGES.items() if type(made(0)) is str),
}
"""What is no wrong shape: no status is that of an empty history, and software may be called anything."""


@pytest.mark.parametrize(
    ("field", "change"), [one for one in itertools.product(FIELDS, CHANGES) if one not in CLAIMS]
)
def test_a_field_of_the_wrong_shape_is_refused_by_name(
    plain: ElectrumServer, field: str, change: str
) -> None:
    plain.chain.mine_block([paying(1)])
    plain.chain.send(paying(2))
    plain.faults.lies[field] = CHANGES[change]
    with pytest.raises(SourceGarbled) as refused:
        FIELDS[field](electrum(plain), plain.chain)
    assert refused.value.field.startswith(field.split(".")[0])


@pytest.mark.parametrize("size", [0, 79, 81])
def test_a_header_of_another_size_is_none(plain: ElectrumServer, size: int) -> None:
    plain.faults.lies["tip.hex"] = lambda _: "00" * size
    with pytest.raises(SourceGarbled, match=r"tip\.hex"):
        electrum(plain).look_tip()


def test_a_server_that_calls_a_group_too_large_is_asked_in_smaller_ones() -> None:
    """After the rest that it is owed, half as many at a time, until it answers; then all histories are whole."""
    clock = Time()
    with ElectrumServer(FakeChain()) as server:
        server.holds, server.batch_size = True, 60
        txid = server.chain.send(transaction([(script_no(7), 5_000)], [outpoint_no(1)]))
        server.chain.mine(1)
        one = electrum(server, clock=clock, sleep=clock.sleep)
        scripts = [(Script(script_no(number)), -1) for number in range(300)]
        refused = 0
        while True:
            try:
                listed = one.look_histories(scripts)
                break
            except SourceRefused:
                refused += 1
                clock.sleep(100)
        assert refused == 3
        assert [rows for rows in listed if rows] == [[HistoryRow(txid, 1)]]
        assert listed.index([HistoryRow(txid, 1)]) == 7


def test_smaller_groups_grow_again_an_hour_after_the_server_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With each whole one that is answered, up to what is asked at once of any server and no further."""
    clock, groups = Time(), list[int]()
    send = ElectrumConnection.send

    def counted(connection: ElectrumConnection, data: bytes) -> None:
        groups.append(data.count(b"\n"))
        send(connection, data)

    monkeypatch.setattr(ElectrumConnection, "send", counted)
    monkeypatch.setattr("watchers.net.electrum.A_GROUP", 20)
    with ElectrumServer(FakeChain()) as server:
        server.chain.mine(1)
        server.holds, server.batch_size = True, 15
        one = electrum(server, clock=clock, sleep=clock.sleep)
        new = itertools.count(1)
        with pytest.raises(SourceRefused, match="excessive resource usage"):
            one.look_histories([(Script(script_no(next(new))), -1) for _ in range(40)])
        server.batch_size = 1_000_000  # it was busy for a moment

        def asked() -> list[int]:
            groups.clear()
            one.look_histories([(Script(script_no(next(new))), -1) for _ in range(40)])
            return [size for size in groups if size > 1]

        clock.sleep(100)
        assert asked() == [10, 10, 10, 10]
        clock.sleep(3_600)
        assert asked() == [10, 14, 16]
        assert asked() == [18, 20, 2]
