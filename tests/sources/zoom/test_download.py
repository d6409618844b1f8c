"""Fetching: exactly the bytes, whatever happens on the way, and no token where it must not go."""

import hashlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from zoomauto.domain.recording import FileKind, ListedRecording, RecordingFile
from zoomauto.errors import DiskFull, PermanentError, TemporaryError
from zoomauto.http import Http, Origin
from zoomauto.ports.source import Fetched
from zoomauto.sources.zoom.download import Download, Refused, Trust
from zoomauto.sources.zoom.source import ZoomSource
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.progress import FakeProgress
from zoomauto.testing.zoom.meeting import File, Meeting, User
from zoomauto.testing.zoom.server import FakeZoom
from zoomauto.testing.zoom.traps import ApiFault, DownloadFault, Ranges, Traps
from zoomauto.testing.zoom.world import UNTIL, World

MakeZoom = Callable[..., FakeZoom]
MakeSource = Callable[..., ZoomSource]

UUID = "/ajXp112QmuoKj4854875=="
SIZE = 3_000_000
FOREVER = 9
PASSING = [
    DownloadFault.HTML,
    DownloadFault.FORBIDDEN_JSON,
    DownloadFault.UNAUTHORIZED,
    DownloadFault.FORBIDDEN,
    DownloadFault.NOT_FOUND,
    DownloadFault.GONE,
    DownloadFault.FOREIGN_HOST,
    DownloadFault.DISGUISED_HTML,
    DownloadFault.CUT,
    DownloadFault.CUT_WITHOUT_LENGTH,
    DownloadFault.CUT_CHUNKED,
    DownloadFault.SHORT_CHUNKED,
    DownloadFault.RESET,
    DownloadFault.CHANGED,
    DownloadFault.EXPIRED,
    DownloadFault.MANY_REDIRECTS,
]
RESUMED = [DownloadFault.CUT, DownloadFault.CUT_WITHOUT_LENGTH, DownloadFault.RESET]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where a copy goes."""
    return tmp_path / "copy"


def one_file(**facts: Any) -> World:
    start = UNTIL - timedelta(days=2)
    usual = {"id": "file-1", "start_at": start, "end_at": start + timedelta(minutes=40)}
    file = File(**{**usual, "size": SIZE, **facts})
    meeting = Meeting(uuid=UUID, number=6840331990, user_id="u1", start_at=start, files=(file,))
    return World(users=[User(id="u1", email="ann@example.org")], meetings=[meeting])


def the_file(source: ZoomSource, uuid: str = UUID) -> RecordingFile:
    recording = source.find(uuid)
    assert isinstance(recording, ListedRecording)
    return recording.files[0]


def fetched_from(world: World, file_id: str = "file-1") -> Fetched:
    content = world.bytes_of(file_id)
    return Fetched(size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def left_beside(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.glob("copy*"))


@pytest.mark.parametrize("fault", [DownloadFault.NONE, *PASSING])
def test_a_fault_that_passes_costs_no_byte(
    fault: DownloadFault, make_zoom: MakeZoom, make_source: MakeSource, target: Path
):
    world = one_file()
    source = make_source(make_zoom(world, download_faults=(fault,)))
    target.write_bytes(b"what was there before")
    fetched = source.fetch(the_file(source), target, FakeProgress())
    assert target.read_bytes() == world.bytes_of("file-1")
    assert (fetched, left_beside(target)) == (fetched_from(world), ["copy"])


@pytest.mark.parametrize("ranges", Ranges)
@pytest.mark.parametrize("etags", [True, False])
def test_an_interrupted_file_is_whole_whatever_the_cdn_makes_of_ranges(
    *, ranges: Ranges, etags: bool, make_zoom: MakeZoom, make_source: MakeSource, target: Path
):
    world = one_file()
    zoom = make_zoom(world, download_faults=(DownloadFault.CUT,), ranges=ranges, etags=etags)
    source = make_source(zoom)
    assert source.fetch(the_file(source), target, FakeProgress()) == fetched_from(world)
    assert target.read_bytes() == world.bytes_of("file-1")


@pytest.mark.parametrize("fault", RESUMED)
def test_the_rest_is_asked_for_from_the_byte_where_it_stopped(
    fault: DownloadFault, make_zoom: MakeZoom, make_source: MakeSource, target: Path
):
    zoom = make_zoom(one_file(), download_faults=(fault,))
    source = make_source(zoom)
    source.fetch(the_file(source), target, FakeProgress())
    last = zoom.requests[-1]
    assert last.status == 206
    start = int(last.headers["range"].removeprefix("bytes=").removesuffix("-"))
    assert 0 < start <= SIZE // 2
    assert "if-range" in last.headers


def test_a_file_that_is_there_already_is_not_asked_for_again(
    make_zoom: MakeZoom, make_source: MakeSource, target: Path
):
    world = one_file()
    zoom = make_zoom(world, download_faults=(DownloadFault.CUT,) * FOREVER)
    source = make_source(zoom)
    with pytest.raises(TemporaryError):
        source.fetch(the_file(source), target, FakeProgress())
    piece = target.with_name("copy.part")
    piece.write_bytes(world.bytes_of("file-1"))
    again = make_zoom(world)
    source = make_source(again)
    assert source.fetch(the_file(source), target, FakeProgress()) == fetched_from(world)
    assert (again.requests[-1].status, target.read_bytes()) == (416, world.bytes_of("file-1"))


def test_a_later_process_goes_on_after_a_broken_connection(
    make_zoom: MakeZoom, make_source: MakeSource, target: Path
):
    world = one_file()
    zoom = make_zoom(world, download_faults=(DownloadFault.CUT,) * 4)
    first, second = make_source(zoom), make_source(zoom)
    with pytest.raises(TemporaryError):
        first.fetch(the_file(first), target, FakeProgress())
    assert left_beside(target) == ["copy.part", "copy.part.json"]
    assert second.fetch(the_file(second), target, FakeProgress()) == fetched_from(world)
    assert (target.read_bytes(), left_beside(target)) == (world.bytes_of("file-1"), ["copy"])


CHILD = """
import json, sys
from pathlib import Path
from zoomauto.clock import SystemClock
from zoomauto.domain.recording import FileKind, RecordingFile
from zoomauto.media.tools import Tools
from zoomauto.secrets import StoredSecrets
from zoomauto.sources.zoom.options import ZoomOptions
from zoomauto.sources.zoom.source import ZoomSource
from zoomauto.testing.progress import FakeProgress
from zoomauto.workspace import DiskWorkspace

options, uuid, target = json.loads(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
secrets = StoredSecrets({"client_secret": "env:SECRET"})
tools = Tools(workspace=DiskWorkspace(target.parent), clock=SystemClock(), secrets=secrets)
source = ZoomSource(ZoomOptions(**options), tools)
source.fetch(source.find(uuid).files[0], target, FakeProgress())
"""


def test_a_process_that_was_killed_leaves_what_the_next_one_goes_on_from(
    make_zoom: MakeZoom, make_source: MakeSource, target: Path
):
    world = one_file(size=20_000_000)
    zoom = make_zoom(world, download_faults=(DownloadFault.SLOW,))
    options = {
        "account_id": zoom.account_id,
        "client_id": zoom.client_id,
        "api_base": zoom.api_base,
        "token_url": zoom.token_url,
    }
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, json.dumps(options), UUID, str(target)],
        env={**os.environ, "SECRET": zoom.client_secret},
    )
    assert zoom.body_gate.reached.wait(60)
    piece = target.with_name("copy.part")
    while not piece.exists() or piece.stat().st_size < 5_000_000:
        assert child.poll() is None
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    zoom.body_gate.open()
    source = make_source(zoom)
    assert source.fetch(the_file(source), target, FakeProgress()) == fetched_from(world)
    assert target.read_bytes() == world.bytes_of("file-1")
    assert zoom.requests[-1].status == 206


@pytest.mark.parametrize(
    "fault",
    [DownloadFault.HTML, DownloadFault.FORBIDDEN_JSON, DownloadFault.DISGUISED_HTML],
)
def test_a_page_in_place_of_the_file_is_asked_for_twice_and_never_kept(
    fault: DownloadFault, make_zoom: MakeZoom, make_source: MakeSource, target: Path
):
    zoom = make_zoom(one_file(), download_faults=(fault,) * FOREVER)
    source = make_source(zoom)
    file = the_file(source)
    with pytest.raises(TemporaryError):
        source.fetch(file, target, FakeProgress())
    assert left_beside(target) == []
    # Each time from a fresh address, the second time with a fresh token.
    counts = zoom.counts()
    assert (counts["GET rec"], counts["GET meetings"], counts["POST oauth"]) == (2, 3, 2)


@pytest.mark.parametrize("extension", ["VTT", "TXT", "JSON"])
def test_texts_may_have_another_size_than_was_listed(
    extension: str, make_zoom: MakeZoom, make_source: MakeSource, target: Path
):
    kinds = {"VTT": "TRANSCRIPT", "TXT": "CHAT", "JSON": "SUMMARY"}
    world = one_file(file_type=kinds[extension], extension=extension, size=500)
    source = make_source(make_zoom(world, text_size_drift=7))
    assert source.fetch(the_file(source), target, FakeProgress()) == fetched_from(world)


def test_a_video_of_another_size_than_was_listed_is_not_kept(
    make_zoom: MakeZoom, make_source: MakeSource, target: Path, tmp_path: Path
):
    real = tmp_path / "real.mp4"
    real.write_bytes(b"\x00\x00\x00\x18ftypmp42" + bytes(1000))
    source = make_source(make_zoom(one_file(path=real)))
    file = the_file(source)
    real.write_bytes(real.read_bytes() + b"more")
    with pytest.raises(TemporaryError):
        source.fetch(file, target, FakeProgress())
    assert left_beside(target) == []


def test_what_zoom_no_longer_has_is_a_permanent_error(
    make_zoom: MakeZoom, make_source: MakeSource, target: Path
):
    source = make_source(make_zoom(one_file()))
    for key in (f"{UUID}:no such file", "no such recording:file", "nothing"):
        file = RecordingFile(key=key, name="a.mp4", kind=FileKind.VIDEO)
        with pytest.raises(PermanentError):
            source.fetch(file, target, FakeProgress())
    assert left_beside(target) == []


def test_a_token_that_ends_between_files_is_renewed(
    make_zoom: MakeZoom, make_source: MakeSource, target: Path
):
    world = one_file()
    zoom = make_zoom(world)
    source = make_source(zoom)
    file = the_file(source)
    zoom.revoke_tokens()
    assert source.fetch(file, target, FakeProgress()) == fetched_from(world)
    assert zoom.counts()["POST oauth"] == 2


def test_a_token_is_renewed_a_minute_before_it_ends(
    make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    zoom = make_zoom(one_file())
    source = make_source(zoom)
    source.find(UUID)
    clock.sleep(timedelta(minutes=58, seconds=50))
    source.find(UUID)
    assert zoom.counts()["POST oauth"] == 1
    clock.sleep(timedelta(seconds=15))
    source.find(UUID)
    assert zoom.counts()["POST oauth"] == 2


def test_a_busy_host_is_asked_again(make_zoom: MakeZoom, make_source: MakeSource, target: Path):
    world = one_file()
    zoom = make_zoom(world)
    source = make_source(zoom)
    file = the_file(source)
    zoom.fail_next(ApiFault.UNAVAILABLE, times=2, path="rec/download")
    zoom.fail_next(ApiFault.RESET, times=1, path="rec/download")
    assert source.fetch(file, target, FakeProgress()) == fetched_from(world)


def test_without_room_nothing_is_begun(
    make_zoom: MakeZoom, make_source: MakeSource, target: Path, monkeypatch: pytest.MonkeyPatch
):
    source = make_source(make_zoom(one_file()))
    file = the_file(source)
    usage = type("Usage", (), {"free": SIZE - 1})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DiskFull):
        source.fetch(file, target, FakeProgress())
    assert left_beside(target) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is not installed")
def test_a_disk_that_becomes_full_is_told(
    make_zoom: MakeZoom, make_source: MakeSource, target: Path
):
    source = make_source(make_zoom(one_file()))
    target.with_name("copy.part").symlink_to("/dev/full")
    with pytest.raises(DiskFull):
        source.fetch(the_file(source), target, FakeProgress())
    assert left_beside(target) == []


def test_a_target_that_is_called_a_piece_is_its_own(
    make_zoom: MakeZoom, make_source: MakeSource, tmp_path: Path
):
    world = one_file()
    target = tmp_path / "copy.part"
    source = make_source(make_zoom(world, download_faults=(DownloadFault.CUT,)))
    assert source.fetch(the_file(source), target, FakeProgress()) == fetched_from(world)
    assert left_beside(target) == ["copy.part"]


def test_progress_counts_every_byte_once(
    make_zoom: MakeZoom, make_source: MakeSource, target: Path
):
    source = make_source(make_zoom(one_file()))
    progress = FakeProgress()
    source.fetch(the_file(source), target, progress)
    assert [(step.total, step.done, step.unit) for step in progress.steps] == [
        (SIZE, SIZE, "bytes")
    ]


def test_every_file_of_a_world_full_of_traps_arrives(
    make_zoom: MakeZoom, make_source: MakeSource, target: Path
):
    world = World.generated(users=8, days=20)
    source = make_source(make_zoom(world, given=Traps.all()))
    wrong = []
    for meeting in world.meetings:
        recording = source.find(meeting.uuid)
        for file in recording.files if recording is not None else ():
            file_id = file.key.partition(":")[2]
            if world.file(file_id) is None:
                continue
            fetched = source.fetch(file, target, FakeProgress())
            if (fetched, target.read_bytes()) != (
                fetched_from(world, file_id),
                world.bytes_of(file_id),
            ):
                wrong.append((meeting.uuid, file))
    assert wrong == []


def test_redirects_that_do_not_end_are_given_up(
    make_zoom: MakeZoom, make_source: MakeSource, target: Path
):
    zoom = make_zoom(one_file(), download_faults=(DownloadFault.MANY_REDIRECTS,) * FOREVER)
    source = make_source(zoom)
    with pytest.raises(TemporaryError) as caught:
        source.fetch(the_file(source), target, FakeProgress())
    assert caught.value.message.endswith("Zoom redirects more than 5 times")
    assert left_beside(target) == []


def test_an_address_without_encryption_is_not_even_asked(target: Path):
    http = Http()
    attempt = Download(
        http=http,
        trust=Trust(origins=frozenset({Origin.of("https://api.zoom.us/v2")})),
        file=RecordingFile(key="u:f", name="a.mp4", kind=FileKind.VIDEO),
        url="http://us02web.zoom.us/rec/download/x",
        authorization={},
        progress=FakeProgress(),
    )
    with pytest.raises(Refused) as caught:
        attempt.to(target)
    http.close()
    assert caught.value.message == "a.mp4: refused to go on without encryption"


@pytest.fixture
def certificate(
    tmp_path: Path, component: Callable[[object, str], None], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A certificate for 127.0.0.1 with its key, which clients of this process trust."""
    component(shutil.which("openssl"), "openssl")
    folder = tmp_path / "certificate"
    folder.mkdir()
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "cert.pem"))
    return both


@pytest.mark.parametrize("faults", [0, 1, FOREVER])
def test_over_tls_a_redirect_to_plain_http_is_never_followed(
    faults: int, make_source: MakeSource, certificate: Path, clock: FrozenClock, target: Path
):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    world = one_file()
    traps = Traps(download_faults=(DownloadFault.INSECURE,) * faults)
    with FakeZoom(world, traps=traps, clock=clock, tls=server) as zoom:
        source = make_source(zoom)
        file = the_file(source)
        if faults == FOREVER:
            with pytest.raises(TemporaryError, match="refused to go on without encryption"):
                source.fetch(file, target, FakeProgress())
            assert left_beside(target) == []
        else:
            assert source.fetch(file, target, FakeProgress()) == fetched_from(world)
            assert target.read_bytes() == world.bytes_of("file-1")
        # Following it would have been seen: http spoken where https was asked for.
        assert (zoom.violations(), zoom.leaks()) == ((), ())


@pytest.mark.parametrize(
    ("url", "covered"),
    [
        ("https://us02web.zoom.us/rec/download/x", True),
        ("https://zoom.us/x", True),
        ("https://api.zoomgov.com/x", True),
        ("https://file.zoom.com.cn/x", True),
        ("http://us02web.zoom.us/x", False),
        ("https://us02web.zoom.us:8443/x", False),
        ("https://zoom.us.example.org/x", False),
        ("https://notzoom.us/x", False),
        ("https://zoom.us@example.org/x", False),
        ("http://127.0.0.1:4000/x", True),
        ("http://127.0.0.1:4001/x", False),
        ("https://127.0.0.1:4000/x", False),
    ],
)
def test_the_token_is_shown_to_zoom_and_the_configured_origins_only(url: str, *, covered: bool):
    trust = Trust(origins=frozenset({Origin.of("http://127.0.0.1:4000/v2")}))
    assert trust.covers(url) is covered
