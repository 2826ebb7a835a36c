"""What is told when a host cannot be reached: DNS, connection and TLS apart, and where redirects may not lead."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from time import monotonic
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain
from tests.tools.fake_server import Reply
from tests.tools.proxies import SayingServer
from tests.tools.tls import AUTHORITY, FOLDER, secured
from watchers.net.connection import tls_wording
from watchers.net.errors import SourceDown, SourceRefused, SourceSlow
from watchers.net.http import HttpAnswer, HttpClient, HttpPolicy, read_body
from watchers.net.policy import check_destination, is_near, is_public

TIP = "/api/blocks/tip/height"
POLICY = HttpPolicy(attempts=1, per_second=1e6, burst=1000, breaker_failures=1000, authorities=str(AUTHORITY))


@pytest.fixture
def server() -> Iterator[EsploraServer]:
    with EsploraServer(FakeChain()) as running:
        yield running


@pytest.fixture
def http() -> Iterator[HttpClient]:
    with closing(HttpClient(POLICY, monotonic=monotonic)) as made:
        yield made


def ask(http: HttpClient, url: str, *, deadline: float = 5.0) -> bytes:
    return http.request("GET", url, max_bytes=10_000, deadline=deadline).body


def test_a_good_certificate_is_taken(server: EsploraServer, http: HttpClient) -> None:
    """The yardstick for those below: by name and by address."""
    port = secured(server, "good")
    assert ask(http, f"https://localhost:{port}{TIP}") == b"0"
    assert ask(http, f"https://127.0.0.1:{port}{TIP}") == b"0"


@pytest.mark.parametrize(
    ("certificate", "host", "said"),
    [
        ("self", "localhost", "self-signed"),
        ("other", "localhost", "another host name"),
        ("other", "127.0.0.1", "another address"),
        ("expired", "localhost", "expired"),
        ("early", "localhost", "not valid yet"),
    ],
)
def test_a_wrong_certificate_is_down_and_told_which(
    certificate: str, host: str, said: str, server: EsploraServer, http: HttpClient
) -> None:
    """Nothing is sent to who shows it."""
    port = secured(server, certificate)
    with pytest.raises(SourceDown, match=f"TLS: the certificate .*{said}"):
        ask(http, f"https://{host}:{port}{TIP}")
    assert server.paths == []


def test_an_authority_that_nobody_trusts_is_told(server: EsploraServer) -> None:
    """Without the test's authority its certificates are those of a stranger."""
    http = HttpClient(replace(POLICY, authorities=None), monotonic=monotonic)
    with pytest.raises(SourceDown, match="TLS: the certificate is of an authority"):
        ask(http, f"https://localhost:{secured(server, 'good')}{TIP}")


def test_a_server_without_tls_is_told(server: EsploraServer, http: HttpClient) -> None:
    """https:// to a port where plain http is spoken."""
    with pytest.raises(SourceDown, match="TLS: what answers there does not speak it"):
        ask(http, server.url.replace("http:", "https:").replace("127.0.0.1", "localhost"))


def test_a_tls_connection_that_breaks_off_is_told(http: HttpClient) -> None:
    """Gone before it was secure."""
    with SayingServer(b"") as gone, pytest.raises(SourceDown, match="TLS: the connection broke off"):
        ask(http, f"https://localhost:{gone.port}/")


def test_a_handshake_without_end_is_slow(http: HttpClient) -> None:
    """A server that takes the connection and says nothing."""
    with SayingServer(b"\x16", drip=10) as silent, pytest.raises(SourceSlow):
        ask(http, f"https://localhost:{silent.port}/", deadline=0.2)


def made_error(reason: str | None) -> ssl.SSLError:
    made = ssl.SSLError(1, "text of the other side")
    made.reason = reason  # type: ignore[assignment]
    return made


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (made_error("UNSUPPORTED_PROTOCOL"), "too old"),
        (made_error("WRONG_VERSION_NUMBER"), "does not speak it"),
        (made_error("NEVER_HEARD_OF"), "no secure connection"),
        (made_error(None), "no secure connection"),
        (ssl.SSLEOFError(), "broke off"),
        (ConnectionResetError(), "broke off"),
        (ValueError("text of the other side"), "no secure connection"),
    ],
)
def test_every_fault_of_tls_has_its_sentence(failure: Exception, said: str) -> None:
    """And none repeats the library's text."""
    assert said in str(tls_wording(failure))
    assert "other side" not in str(tls_wording(failure)) or said == "too old"


@pytest.mark.parametrize(
    ("number", "said"),
    [(socket.EAI_NONAME, "no name server knows it"), (socket.EAI_AGAIN, "no name server answers")],
)
def test_a_failure_of_dns_is_told_as_such(
    number: int, said: str, http: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that does not exist is not the same as name servers that are out of reach."""

    def resolve(*args: object, **kwargs: object) -> object:
        raise socket.gaierror(number, "text")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(SourceDown, match=f"DNS: its name cannot be looked up; {said}"):
        ask(http, "https://explorer.example/")


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    def resolve(*args: object, **kwargs: object) -> list[tuple[object, ...]]:
        return [
            (socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))
            for host, port in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "0.0.0.0"]
)
def test_a_public_name_that_leads_inside_is_not_even_dialled(
    address: str, server: EsploraServer, http: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS that turns against us reaches nothing here, TLS or not."""
    resolving_to(monkeypatch, (address, int(server.url.split(":")[2].split("/")[0])))
    dialled: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, place: dialled.append(place))
    with pytest.raises(SourceRefused, match="leads to a private address"):
        ask(http, "https://explorer.example/")
    assert dialled == []


def test_the_second_address_of_a_name_is_tried(
    server: EsploraServer, http: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody answers at the first."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody: int = free.getsockname()[1]
    resolving_to(
        monkeypatch, ("127.0.0.1", nobody), ("127.0.0.1", int(server.url.split(":")[2].split("/")[0]))
    )
    assert ask(http, f"http://localhost{TIP}") == b"0"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("9.9.9.9", True),
        ("2620:fe::fe", True),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("fe80::1%eth0", False),
        ("::ffff:9.9.9.9", True),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::909:909", True),
        ("64:ff9b::a00:1", False),
        ("2002:0a00:1::", False),
    ],
)
def test_an_address_is_judged_by_what_it_wraps(address: str, public: bool) -> None:
    """Mapped, 6to4 and NAT64 addresses are no way around."""
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("localhost", True),
        ("bitcoind", True),
        ("node.lan", True),
        ("192.168.1.4", True),
        ("fd00::1", True),
        ("explorer.example", False),
        ("abc.onion", False),
        ("9.9.9.9", False),
    ],
)
def test_a_host_is_near_where_no_public_dns_has_it(host: str, near: bool) -> None:
    """Such hosts are asked without a proxy and at a pace of their own."""
    assert is_near(host) is near


@given(st.integers(0, 2**32 - 1))
def test_no_spelling_of_an_address_gets_past_the_rules(number: int) -> None:
    """An IPv4 address as one number, in hexadecimal or with two parts is refused, private or not."""
    spellings = (str(number), hex(number), f"{number >> 24}.{number & 0xFFFFFF}")
    for spelling in spellings:
        with pytest.raises(SourceRefused):
            check_destination(urlsplit(f"https://{spelling}/"), HttpPolicy(), "name")


@pytest.mark.parametrize("place", ["http://[::1", "//[", "http://[x]/"])
def test_a_redirect_to_nonsense_is_refused(place: str, server: EsploraServer, http: HttpClient) -> None:
    """What is no URL is an answer that we decline, never an exception of another kind."""
    server.faults.redirect = place
    with pytest.raises(SourceRefused, match="redirects to"):
        ask(http, server.url)


@pytest.mark.parametrize(
    "place", ["http://localhost/", "http://user:pw@localhost:1/", "http://explorer.example/"]
)
def test_a_redirect_from_https_to_plain_http_is_refused(
    place: str, server: EsploraServer, http: HttpClient
) -> None:
    """Whoever asked over TLS gets no answer without it."""
    port = secured(server, "good")
    server.faults.redirect = place.replace("/localhost/", f"/localhost:{port}/")
    with pytest.raises(SourceRefused, match="another host"):
        ask(http, f"https://localhost:{port}{TIP}")
    assert len(server.paths) == 1


def test_a_bomb_in_a_redirect_is_cut_off(http: HttpClient) -> None:
    """The body of a redirect is read within the limit as well, and before it is followed."""
    body = gzip.compress(bytes(5_000_000))
    head = f"HTTP/1.1 302 X\r\nLocation: /b\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    with SayingServer(head.encode() + body) as bomb, pytest.raises(SourceRefused, match="more than 10000"):
        ask(http, f"http://localhost:{bomb.port}/a")


def test_a_redirected_post_is_refused(server: EsploraServer, http: HttpClient) -> None:
    """A request that carries something is sent to one place only."""
    server.faults.redirect = "/elsewhere"
    with pytest.raises(SourceRefused, match="not a GET"):
        http.request("POST", server.url, json={"a": 1}, max_bytes=100, deadline=5)


def pieces(*some: bytes) -> list[bytes]:
    return [*some, b""]


def test_a_compressed_answer_ends_where_it_ends() -> None:
    """Bytes after the end of gzip are not collected without a limit."""
    packed = gzip.compress(b"a")
    said = iter(pieces(packed))
    assert read_body(lambda _: next(said), "gzip", 10, "s") == b"a"
    said = iter(pieces(packed, bytes(9)))
    with pytest.raises(SourceDown, match="after its end"):
        read_body(lambda _: next(said), "gzip", 10, "s")


def test_compressed_bytes_that_make_nothing_count_as_well() -> None:
    """Empty pieces of gzip without end are cut off by their own size."""
    start = bytes.fromhex("1f8b0800000000000003")
    said = iter([start, *[b"\x00\x00\x00\xff\xff" * 3000] * 50])
    with pytest.raises(SourceRefused, match="cut off"):
        read_body(lambda _: next(said), "gzip", 10, "s")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_a_compression_that_we_did_not_offer_is_refused(encoding: str) -> None:
    """Only gzip is inflated with a limit."""
    with pytest.raises(SourceRefused, match="did not offer"):
        read_body(lambda _: b"", encoding, 10, "s")


def test_an_html_page_is_known_by_type_and_beginning() -> None:
    """Data that is called a page, and a page that is called data, are judged by whoever reads them."""
    page = {"content-type": "text/html; charset=utf-8"}
    assert HttpAnswer(200, page, b"\n<!DOCTYPE html><html>").is_page
    assert not HttpAnswer(200, page, b"00ff").is_page
    assert not HttpAnswer(200, {}, b"<html>").is_page


def test_headers_that_break_off_are_no_answer(http: HttpClient) -> None:
    """Without its end a head says nothing of the length of the body."""
    words = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Len"
    with SayingServer(words) as odd, pytest.raises(SourceDown, match="headers"):
        ask(http, f"http://localhost:{odd.port}/")


def test_a_client_is_safe_for_several_threads(server: EsploraServer, http: HttpClient) -> None:
    """Every thread gets the answer to its own question."""
    server.chain.mine(20)
    wrong: list[object] = []

    def look(height: int) -> None:
        for _ in range(15):
            said = ask(http, f"{server.url}/block-height/{height}").decode()
            if said != server.chain.active[height]:
                wrong.append((height, said))

    threads = [threading.Thread(target=look, args=(height,)) for height in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    assert len(server.paths) == 12 * 15


def test_no_cookie_is_kept(server: EsploraServer, http: HttpClient) -> None:
    """What a server asks us to remember is forgotten, so that no request can be linked to another by it."""
    heads: list[str] = []
    answer = server.answer

    def heard(handler: BaseHTTPRequestHandler, path: str, body: bytes) -> Reply:
        heads.append(str(handler.headers))
        return answer(handler, path, body)

    server.answer = heard  # type: ignore[method-assign]
    server.faults.retry_after = "0\r\nSet-Cookie: a=b"
    for _ in range(2):
        ask(http, server.url + "/blocks/tip/height")
    assert len(heads) == 2
    assert "ookie" not in "".join(heads)


def test_closing_cuts_off_what_is_under_way(server: EsploraServer, http: HttpClient) -> None:
    """A request that waits ends at once as one that failed, and later ones are not sent."""
    server.faults.drip = 0.05
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(ask, http, f"{server.url}/blocks/0", deadline=30)
        assert server.reached.wait(3)
        http.close()
        assert isinstance(waiting.exception(3), SourceDown)
    asked = len(server.paths)
    with pytest.raises(SourceDown, match="ending"):
        ask(http, server.url)
    assert len(server.paths) == asked


def test_closing_ends_a_look_up_of_a_name_that_takes_for_ever(
    http: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's resolver knows neither deadline nor end; whoever waits for it has both."""
    asked, over = threading.Event(), threading.Event()

    def resolve(*args: object, **kwargs: object) -> list[object]:
        asked.set()
        over.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(SourceSlow):
        ask(http, "https://explorer.example/", deadline=0.05)
    asked.clear()
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(ask, http, "https://explorer.example/", deadline=30)
        assert asked.wait(3)
        http.close()
        assert isinstance(waiting.exception(3), SourceDown)
    over.set()


def test_closing_ends_pauses_and_gives_connections_back(server: EsploraServer) -> None:
    """A client that waits for its turn does not hold the program, and leaves no connection open."""
    http = HttpClient(HttpPolicy(per_second=0.01, burst=1), monotonic=monotonic)
    ask(http, server.url + "/blocks/tip/height")
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(ask, http, server.url, deadline=1000)
        http.close()
        assert isinstance(waiting.exception(3), SourceDown)
    assert server.deserted.wait(3)
    assert len(server.paths) == 1


def test_the_tests_certificates_are_what_they_say() -> None:
    """All six parse, with the one key."""
    for name in ("good", "other", "expired", "early", "self"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(FOLDER / f"{name}.pem", FOLDER / "key.pem")
