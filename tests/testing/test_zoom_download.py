"""The fake's downloads: the redirect, the CDN, and each way they go wrong."""

import hashlib
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.zoom import content
from zoomauto.testing.zoom.meeting import File
from zoomauto.testing.zoom.server import FakeZoom
from zoomauto.testing.zoom.traps import DownloadFault, Ranges, Traps
from zoomauto.testing.zoom.world import World

Client = Any
Start = Callable[..., Client]

VIDEO = "/ajXp112QmuoKj4854875==-video"
SIZE = 5000


def video_url(client: Client) -> str:
    return str(client.files()[0]["download_url"])


def signed_url(client: Client) -> str:
    return str(client.redirect(video_url(client)))


def test_a_download_is_redirected_to_a_second_host(client: Client, world: World):
    url = signed_url(client)
    response = client.alone(url)
    assert f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" == client.zoom.cdn_base
    assert urlsplit(url).path.endswith("/GMT20260820-090000_Recording.mp4")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "video/mp4")
    assert response.content == world.bytes_of(VIDEO)
    assert hashlib.sha256(response.content).hexdigest() == world.sha256_of(VIDEO)


def test_every_kind_of_file_has_bytes_of_its_kind_and_of_the_listed_size(
    client: Client, world: World
):
    files = {f["file_type"]: f for f in client.files()}
    bodies = {k: client.alone(client.redirect(f["download_url"])).content for k, f in files.items()}
    assert {k: len(b) for k, b in bodies.items()} == {k: f["file_size"] for k, f in files.items()}
    assert bodies["MP4"][4:8] == b"ftyp"
    assert bodies["TRANSCRIPT"].startswith(b"WEBVTT\n\n")
    assert bodies["CHAT"].startswith(b"00:00:01\tAnn Example:\t")


def test_an_answer_may_come_without_a_redirect(start: Start, world: World):
    client = start(Traps(direct_download=True))
    assert client.http.get(video_url(client)).content == world.bytes_of(VIDEO)


def test_without_a_token_there_is_a_login_page(client: Client):
    response = client.alone(video_url(client))
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html")


def test_a_file_that_was_thrown_away_gives_a_login_page(client: Client, world: World):
    url = video_url(client)
    found = world.meeting("/ajXp112QmuoKj4854875==")
    assert found is not None
    world.discard(found, None, datetime(2026, 8, 21, tzinfo=UTC))
    assert client.http.get(url).headers["Content-Type"] == "text/html"


def test_downloads_that_the_host_forbids_give_a_page(start: Start, world: World):
    shut = [replace(m, downloads_allowed=False) for m in world.meetings]
    client = start(on=World(users=world.users, meetings=shut))
    assert client.http.get(video_url(client)).headers["Content-Type"] == "text/html"


def test_a_listed_address_ends_with_its_time(start: Start, clock: FrozenClock):
    client = start(Traps(download_url_ttl=timedelta(minutes=5)))
    url = video_url(client)
    clock.sleep(timedelta(minutes=5))
    assert client.http.get(url).status_code == 200
    assert client.http.get(video_url(client)).status_code == 302


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (DownloadFault.HTML, (200, "text/html")),
        (DownloadFault.FORBIDDEN_JSON, (200, "application/json")),
        (DownloadFault.UNAUTHORIZED, (401, "text/html")),
        (DownloadFault.FORBIDDEN, (403, "text/html")),
        (DownloadFault.NOT_FOUND, (404, "text/html")),
        (DownloadFault.GONE, (410, "text/html")),
    ],
)
def test_the_first_host_may_give_something_else_once(
    start: Start, fault: DownloadFault, expected: tuple[int, str]
):
    client = start(Traps(download_faults=(fault,)))
    first, second = (client.http.get(video_url(client)) for _ in range(2))
    assert (first.status_code, first.headers["Content-Type"]) == expected
    assert second.status_code == 302


def test_the_forbidden_document_has_59_bytes(start: Start):
    client = start(Traps(download_faults=(DownloadFault.FORBIDDEN_JSON,)))
    response = client.http.get(video_url(client))
    assert (len(response.content), response.json()["errorCode"]) == (59, 124)


def test_the_redirect_may_lead_to_a_foreign_host(start: Start, world: World):
    client = start(Traps(download_faults=(DownloadFault.FOREIGN_HOST,)))
    url = signed_url(client)
    assert urlsplit(url).hostname == "localhost"
    assert client.alone(url).content == world.bytes_of(VIDEO)


def test_a_chain_of_redirects_may_be_long(start: Start, world: World):
    client = start(Traps(download_faults=(DownloadFault.MANY_REDIRECTS,)))
    url, hops = video_url(client), 0
    while urlsplit(url).path.startswith("/rec/"):
        url, hops = client.redirect(url), hops + 1
    assert hops == 7
    assert client.alone(url).content == world.bytes_of(VIDEO)


def test_html_may_call_itself_a_video(start: Start):
    client = start(Traps(download_faults=(DownloadFault.DISGUISED_HTML,)))
    response = client.alone(signed_url(client))
    assert (response.headers["Content-Type"], len(response.content)) == ("video/mp4", SIZE)
    assert response.content.startswith(b"<!DOCTYPE html>")


def read_until_it_breaks(url: str) -> tuple[bytes, bool]:
    """Give what came, and whether the connection broke."""
    received = b""
    try:
        with httpx.stream("GET", url, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as response:
            for piece in response.iter_raw():
                received += piece
    except httpx.TransportError:
        return received, True
    return received, False


@pytest.mark.parametrize(
    ("fault", "breaks"),
    [
        (DownloadFault.CUT, True),
        (DownloadFault.CUT_WITHOUT_LENGTH, False),
        (DownloadFault.CUT_CHUNKED, True),
        (DownloadFault.SHORT_CHUNKED, False),
        (DownloadFault.EXPIRED, True),
    ],
)
def test_a_body_may_be_cut_once(start: Start, world: World, fault: DownloadFault, breaks: bool):
    client = start(Traps(download_faults=(fault,)))
    cut = read_until_it_breaks(signed_url(client))
    whole = client.alone(signed_url(client))
    expected = world.bytes_of(VIDEO)
    assert cut == (expected[: SIZE // 2], breaks)
    assert whole.content == expected


def test_a_body_may_end_in_a_reset(start: Start, world: World):
    client = start(Traps(download_faults=(DownloadFault.RESET,)))
    received, broke = read_until_it_breaks(signed_url(client))
    assert broke
    assert world.bytes_of(VIDEO).startswith(received)


def test_the_signed_address_may_end_in_the_middle_of_a_file(start: Start):
    client = start(Traps(download_faults=(DownloadFault.EXPIRED,)))
    url = signed_url(client)
    read_until_it_breaks(url)
    assert client.alone(url, Range="bytes=2500-").status_code == 403
    assert client.alone(signed_url(client), Range="bytes=2500-").status_code == 206


def test_a_signed_address_ends_with_its_time(start: Start, clock: FrozenClock):
    client = start(Traps(signature_ttl=timedelta(minutes=1)))
    url = signed_url(client)
    clock.sleep(timedelta(minutes=1))
    assert client.alone(url).status_code == 403


def test_a_signed_address_cannot_be_altered(client: Client):
    assert client.alone(signed_url(client).replace("n=0", "n=1")).status_code == 403


def test_a_file_may_change_in_the_middle_of_a_download(start: Start, world: World):
    client = start(Traps(download_faults=(DownloadFault.CHANGED,)))
    before, url = world.bytes_of(VIDEO), signed_url(client)
    with pytest.raises(httpx.RemoteProtocolError):
        client.alone(url)
    etag = '"of before"'
    resumed = client.alone(url, **{"Range": "bytes=2500-", "If-Range": etag})
    assert (resumed.status_code, resumed.content) == (200, world.bytes_of(VIDEO))
    assert world.bytes_of(VIDEO) != before


def test_a_download_goes_on_where_it_was_cut(client: Client, world: World):
    url = signed_url(client)
    etag = client.alone(url).headers["ETag"]
    response = client.alone(url, **{"Range": "bytes=4000-", "If-Range": etag})
    assert (response.status_code, response.headers["Content-Range"]) == (
        206,
        f"bytes 4000-4999/{SIZE}",
    )
    assert response.content == world.bytes_of(VIDEO)[4000:]


def test_nothing_lies_past_the_end(client: Client):
    response = client.alone(signed_url(client), Range=f"bytes={SIZE}-")
    assert (response.status_code, response.headers["Content-Range"]) == (416, f"bytes */{SIZE}")


@pytest.mark.parametrize(
    ("ranges", "status", "length"),
    [(Ranges.IGNORED, 200, SIZE), (Ranges.WRONG_START, 206, SIZE), (Ranges.REFUSED, 416, 0)],
)
def test_a_range_may_not_be_honoured(start: Start, ranges: Ranges, status: int, length: int):
    client = start(Traps(ranges=ranges))
    response = client.alone(signed_url(client), Range="bytes=4000-")
    assert (response.status_code, len(response.content)) == (status, length)


def test_the_cdn_may_give_no_etag(start: Start):
    client = start(Traps(etags=False))
    assert "ETag" not in client.alone(signed_url(client)).headers


def test_a_slow_body_waits_for_its_gate(start: Start, world: World):
    client = start(Traps(download_faults=(DownloadFault.SLOW,)))
    url = signed_url(client)
    with ThreadPoolExecutor() as threads:
        download = threads.submit(client.alone, url)
        assert client.zoom.body_gate.reached.wait(10)
        assert not download.done()
        client.zoom.body_gate.open()
        assert download.result().content == world.bytes_of(VIDEO)


def test_stopping_cuts_a_download_that_hangs(world: World, clock: FrozenClock):
    with FakeZoom(world, traps=Traps(download_faults=(DownloadFault.SLOW,)), clock=clock) as zoom:
        port = int(zoom.cdn_base.rpartition(":")[2])
        hanging = socket.create_connection(("127.0.0.1", port))
        zoom.stop()
    with hanging:
        assert hanging.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_token_that_reaches_the_cdn_is_a_leak(client: Client):
    url = signed_url(client)
    client.alone(url)
    assert client.zoom.leaks() == ()
    client.http.get(url)
    assert client.zoom.leaks() == (f"Authorization sent to the CDN: {urlsplit(url).path}",)


def test_a_token_in_an_address_is_a_leak_even_where_it_opens_the_file(start: Start):
    strict, lenient = start(), start(Traps(url_tokens_accepted=True))
    statuses = []
    for client in (strict, lenient):
        token = client.http.headers["Authorization"].removeprefix("Bearer ")
        statuses.append(client.alone(f"{video_url(client)}?access_token={token}").status_code)
    assert statuses == [400, 302]
    assert [len(c.zoom.leaks()) for c in (strict, lenient)] == [1, 1]


def test_a_real_file_is_sent_as_it_is(start: Start, world: World, tmp_path: Path):
    path = tmp_path / "real.mp4"
    path.write_bytes(b"\x00\x00\x00\x18ftyp" + bytes(range(256)) * 5000)
    row = world.meetings[0]
    real = replace(row.files[0], path=path)
    meetings = [replace(row, files=(real,))]
    client = start(on=World(users=world.users, meetings=meetings))
    response = client.alone(signed_url(client), Range="bytes=1000000-")
    assert client.files()[0]["file_size"] == path.stat().st_size
    assert response.content == path.read_bytes()[1_000_000:]


def test_a_part_of_a_huge_file_costs_no_more_than_that_part():
    now = datetime(2026, 8, 21, tzinfo=UTC)
    huge = File(id="huge", size=1 << 40, start_at=now, end_at=now)
    start = 1 << 39
    part = b"".join(content.pieces(huge, 0, start, start + 2 * content.BLOCK))
    inner = b"".join(content.pieces(huge, 0, start + 777, start + content.BLOCK + 5))
    assert inner == part[777 : content.BLOCK + 5]
    assert part[: content.BLOCK] != part[content.BLOCK :]


def test_serving_for_ever_ends_with_a_stop_and_gives_the_ports_back(world: World):
    first = FakeZoom(world)
    ports = tuple(int(urlsplit(base).port or 0) for base in (first.api_base, first.cdn_base))
    with ThreadPoolExecutor() as threads:
        serving = threads.submit(first.serve_forever)
        first.stop()
        serving.result(10)
    with FakeZoom(world, ports=(ports[0], ports[1])) as again:
        assert again.api_base == f"http://127.0.0.1:{ports[0]}/v2"
        assert again.cdn_base == f"http://127.0.0.1:{ports[1]}"


@pytest.fixture
def certificate(tmp_path: Path, component: Callable[[object, str], None]) -> Path:
    """A certificate for 127.0.0.1 that nobody trusts, with its key."""
    component(shutil.which("openssl"), "openssl")
    path = tmp_path / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    path.write_text((tmp_path / "key.pem").read_text() + (tmp_path / "cert.pem").read_text())
    return path


def test_with_tls_a_redirect_may_lead_to_plain_http(
    world: World, clock: FrozenClock, certificate: Path
):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    traps = Traps(download_faults=(DownloadFault.INSECURE,))
    with (
        FakeZoom(world, traps=traps, clock=clock, tls=server) as zoom,
        httpx.Client(verify=trusting) as http,
    ):
        form = {"grant_type": "account_credentials", "account_id": zoom.account_id}
        answer = http.post(zoom.token_url, data=form, auth=(zoom.client_id, zoom.client_secret))
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        path = "/meetings/%252FajXp112QmuoKj4854875%253D%253D/recordings"
        url = http.get(zoom.api_base + path).json()["recording_files"][0]["download_url"]
        insecure, secure = (http.get(url).headers["Location"] for _ in range(2))
        assert (urlsplit(insecure).scheme, urlsplit(secure).scheme) == ("http", "https")
        bytes_over_tls = httpx.get(secure, verify=trusting).content
        assert bytes_over_tls == world.bytes_of(VIDEO)
        with pytest.raises(httpx.TransportError):
            httpx.get(insecure, verify=trusting)
        assert zoom.violations() == ("http spoken where https was asked for",)
