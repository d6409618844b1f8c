"""An SFTP destination: real servers, broken uploads that go on, keys and passwords, full disks."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from zoomauto.destinations.sftp.destination import SftpDestination
from zoomauto.destinations.sftp.options import SftpOptions
from zoomauto.destinations.sftp.transfer import BLOCK
from zoomauto.domain.place_name import temporary_name
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    CorruptMedia,
    DiskFull,
    InvalidOptions,
    TemporaryError,
    Unreachable,
)
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.secrets import StoredSecrets
from zoomauto.testing.progress import FakeProgress

ParcelOf = Callable[..., Parcel]
Sshd = Any
Opened = Callable[..., SftpDestination]
Held = Callable[[Path], dict[str, str]]
Watched = Callable[[Callable[[], object]], FakeProgress]


@pytest.fixture
def opened(sshd: Sshd, root: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Open a destination on the real server; options replace ours, ``secrets`` are secrets."""

    def opened(*, secrets: dict[str, str] | None = None, **options: Any) -> SftpDestination:
        for name, value in (secrets or {}).items():
            monkeypatch.setenv(f"TEST_{name}", value)
        references = {name: f"env:TEST_{name}" for name in secrets or {}}
        with_secrets = Tools(
            workspace=tools.workspace, clock=tools.clock, secrets=StoredSecrets(references)
        )
        given = SftpOptions(**{**sshd.options(root), **options})
        return SftpDestination(given, with_secrets)

    return opened


def publish(destination: SftpDestination, parcel: Parcel) -> Delivered:
    return destination.publish(parcel, FakeProgress())


def test_a_parcel_gets_its_name_folders_and_address(
    opened: Opened, sshd: Sshd, root: Path, parcel_of: ParcelOf, held: Held
):
    parcel, progress = parcel_of(b"film", name="2026/Sync [7] я"), FakeProgress()
    path = root / "2026" / "Sync [7] я.mp4"
    address = f"sftp://{sshd.user}@127.0.0.1:{sshd.port}{root}/2026/Sync%20%5B7%5D%20%D1%8F.mp4"
    assert opened().publish(parcel, progress) == Delivered(
        location=str(path), url=address, size_bytes=4, sha256=parcel.sha256
    )
    assert held(root) == {"2026/Sync [7] я.mp4": parcel.sha256}
    assert [(step.total, step.done, step.unit) for step in progress.steps] == [(4, 4, "bytes")]


@pytest.mark.parametrize(
    ("size", "verify"), [(BLOCK - 1, "sent"), (BLOCK, "sent"), (3 * BLOCK + 1, "read")]
)
def test_files_of_many_blocks_arrive_whole(
    opened: Opened, root: Path, parcel_of: ParcelOf, size: int, verify: str, held: Held
):
    parcel, progress = parcel_of(os.urandom(size)), FakeProgress()
    opened(verify=verify).publish(parcel, progress)
    assert held(root) == {"2026/Sync.mp4": parcel.sha256}
    assert [step.done for step in progress.steps] == [size]


PUBLISH = """
import json, sys
from pathlib import Path
from zoomauto.destinations.sftp.destination import SftpDestination
from zoomauto.destinations.sftp.options import SftpOptions
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Parcel
from zoomauto.testing.progress import FakeProgress, FakeStep

path, sha256, options = sys.argv[1:]
size = Path(path).stat().st_size
parcel = Parcel(path=Path(path), size_bytes=size, sha256=sha256, name="2026/Sync",
                extension=".mp4", identity="k/a.mp4")
advance = FakeStep.advance
FakeStep.advance = lambda step, amount: (advance(step, amount), print("sent", flush=True))
tools = Tools(workspace=None, clock=None)
SftpDestination(SftpOptions(**json.loads(options)), tools).publish(parcel, FakeProgress())
"""


@pytest.mark.parametrize("blocks", [1, 3])
def test_a_kill_in_the_middle_is_continued_by_the_next_process(
    opened: Opened, sshd: Sshd, root: Path, parcel_of: ParcelOf, blocks: int, held: Held
):
    parcel = parcel_of(os.urandom(4 * BLOCK + 7))
    options = json.dumps(sshd.options(root))
    command = [sys.executable, "-c", PUBLISH, str(parcel.path), parcel.sha256, options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        for _ in range(blocks):
            assert child.stdout.readline() == "sent\n"
        child.kill()
    # What the dead process had sent may still be on its way into the file.
    sshd.end_sessions()
    part = root / "2026" / temporary_name(parcel)
    if part.exists():
        begun = part.stat()
        assert begun.st_size >= blocks * BLOCK
        publish(opened(), parcel)
        assert (root / "2026" / "Sync.mp4").stat().st_ino == begun.st_ino
    else:
        publish(opened(), parcel)
    assert held(root) == {"2026/Sync.mp4": parcel.sha256}


def test_a_server_that_is_killed_in_the_middle_leaves_nothing_visible_and_is_continued(
    opened: Opened, sshd: Sshd, root: Path, parcel_of: ParcelOf, held: Held, watched: Watched
):
    parcel, destination = parcel_of(os.urandom(4 * BLOCK)), opened()
    with pytest.raises(TemporaryError, match="broke") as refusal:
        destination.publish(parcel, watched(sshd.end_sessions))
    assert refusal.value.retry_now
    assert list(held(root)) == [f"2026/{temporary_name(parcel)}"]
    publish(destination, parcel)
    assert held(root) == {"2026/Sync.mp4": parcel.sha256}


@pytest.mark.parametrize("left", ["other bytes", "a hole", "too much", "all of it"])
def test_whatever_a_broken_upload_left_is_put_right(
    opened: Opened, root: Path, parcel_of: ParcelOf, left: str, held: Held
):
    content = os.urandom(3 * BLOCK)
    parcel = parcel_of(content)
    part = root / "2026" / temporary_name(parcel)
    part.parent.mkdir(parents=True)
    part.write_bytes(
        {
            "other bytes": os.urandom(2 * BLOCK),
            "a hole": content[:BLOCK] + bytes(1000) + content[BLOCK + 1000 : 2 * BLOCK],
            "too much": content + b"more",
            "all of it": content,
        }[left]
    )
    publish(opened(), parcel)
    assert held(root) == {"2026/Sync.mp4": parcel.sha256}


def test_an_upload_killed_between_its_last_two_steps_is_tidied_up(
    opened: Opened, root: Path, parcel_of: ParcelOf, held: Held
):
    parcel = parcel_of(b"film")
    publish(opened(), parcel)
    (root / "2026" / temporary_name(parcel)).hardlink_to(root / "2026" / "Sync.mp4")
    publish(opened(), parcel)
    assert held(root) == {"2026/Sync.mp4": parcel.sha256}


@pytest.mark.parametrize("obstacle", ["folder", "dangling link", "same size"])
def test_nothing_of_that_name_is_ever_replaced(
    opened: Opened, root: Path, parcel_of: ParcelOf, obstacle: str
):
    parcel = parcel_of(b"film")
    place = root / "2026" / "Sync.mp4"
    place.parent.mkdir(parents=True)
    if obstacle == "folder":
        place.mkdir()
    elif obstacle == "dangling link":
        place.symlink_to("missing")
    else:
        place.write_bytes(b"FILM")
    before = place.lstat()
    delivered = publish(opened(), parcel)
    assert delivered.location != str(place)
    assert Path(delivered.location).read_bytes() == b"film"
    after = place.lstat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_bytes_that_changed_since_they_were_sealed_are_not_published(
    opened: Opened, root: Path, parcel_of: ParcelOf, held: Held
):
    parcel = parcel_of(b"film")
    Path(parcel.path).write_bytes(b"FILM")
    with pytest.raises(CorruptMedia, match="has changed"):
        publish(opened(), parcel)
    assert held(root) == {}


def test_an_unknown_server_is_sent_nothing_until_the_command_that_is_named_was_run(
    opened: Opened, root: Path, parcel_of: ParcelOf, tmp_path: Path
):
    destination = opened(known_hosts=str(tmp_path / "trusted"))
    with pytest.raises(AuthenticationError, match=r"not in .*it offers SHA256:") as refusal:
        publish(destination, parcel_of(b"film"))
    assert not root.exists()
    assert refusal.value.hint
    _, _, command = refusal.value.hint.partition("then: ")
    subprocess.run(["sh", "-c", command], check=True, capture_output=True)
    assert destination.holds(publish(destination, parcel_of(b"film")))


def test_a_server_with_another_key_than_before_is_sent_nothing(
    opened: Opened, sshd: Sshd, root: Path, parcel_of: ParcelOf, tmp_path: Path
):
    other = (sshd.folder / "key.pub").read_text()
    (tmp_path / "trusted").write_text(f"[127.0.0.1]:{sshd.port} {other}")
    destination = opened(known_hosts=str(tmp_path / "trusted"))
    with pytest.raises(AuthenticationError, match="another host key") as refusal:
        publish(destination, parcel_of(b"film"))
    assert "ssh-keygen" in str(refusal.value.hint)
    assert not root.exists()


def test_a_wrong_password_is_a_matter_of_credentials(opened: Opened, parcel_of: ParcelOf):
    destination = opened(key_file=None, secrets={"password": "not it"})
    with pytest.raises(AuthenticationError, match="refused to log us in"):
        publish(destination, parcel_of(b"film"))
    (check,) = destination.check()
    assert (check.name, check.ok) == ("write", False)
    assert "secret password" in check.detail


def test_a_key_with_a_passphrase_is_opened_with_it(
    opened: Opened, sshd: Sshd, parcel_of: ParcelOf, tmp_path: Path
):
    key = tmp_path / "locked"
    shutil.copy(sshd.folder / "key", key)
    lock = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", str(key)]
    subprocess.run(lock, check=True, capture_output=True)
    destination = opened(key_file=str(key), secrets={"passphrase": "open sesame"})
    assert destination.holds(publish(destination, parcel_of(b"film")))
    with pytest.raises(AuthenticationError, match="does not open"):
        publish(opened(key_file=str(key), secrets={"passphrase": "wrong"}), parcel_of(b"film"))
    with pytest.raises(ConfigurationError, match="no secret 'passphrase'"):
        publish(opened(key_file=str(key)), parcel_of(b"film"))


def test_a_key_file_that_is_none_is_refused_with_its_name(
    opened: Opened, parcel_of: ParcelOf, tmp_path: Path
):
    (tmp_path / "no-key").write_text("hello")
    for name, complaint in (("no-key", "holds no private key"), ("missing", "cannot be read")):
        with pytest.raises(ConfigurationError, match=complaint):
            publish(opened(key_file=str(tmp_path / name)), parcel_of(b"film"))


def test_a_server_that_does_not_answer_is_unreachable(opened: Opened, parcel_of: ParcelOf):
    with pytest.raises(Unreachable, match="refused"):
        publish(opened(port=1), parcel_of(b"film"))
    with pytest.raises(Unreachable):
        publish(opened(host="no-such-host.invalid"), parcel_of(b"film"))


@pytest.mark.parametrize("obstacle", ["file", "nothing above"])
def test_a_folder_that_cannot_be_made_is_unreachable(
    opened: Opened, parcel_of: ParcelOf, tmp_path: Path, obstacle: str
):
    (tmp_path / "file").touch()
    path = tmp_path / ("file" if obstacle == "file" else "no/such/folder")
    destination = opened(path=str(path))
    with pytest.raises(TemporaryError, match=str(path)):
        publish(destination, parcel_of(b"film"))
    assert [check.ok for check in destination.check()] == [False]


@pytest.mark.parametrize("filled", ["before", "meanwhile"])
def test_a_full_disk_keeps_nothing_of_the_file(
    opened: Opened, small_disk: Path, parcel_of: ParcelOf, filled: str, held: Held, watched: Watched
):
    destination = opened(path=str(small_disk))

    def fill() -> None:
        disk = os.statvfs(small_disk)
        with suppress(OSError), (small_disk / "filler").open("ab") as filler:
            filler.write(bytes(disk.f_frsize * disk.f_bavail))

    if filled == "before":
        fill()
    parcel = parcel_of(os.urandom(4 * BLOCK))
    with pytest.raises(DiskFull, match="bytes free"):
        destination.publish(parcel, watched(fill))
    assert set(held(small_disk)) == {"filler"}


class _PasswordServer(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("ann", "open sesame")


@pytest.fixture
def other_server(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Run a server of another make, with a password and a folder of its own as root."""
    home = tmp_path / "home"
    home.mkdir()
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[key],
            server_factory=_PasswordServer,
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(home).encode()),
        )
    )
    port = server.get_port()
    known = f"[127.0.0.1]:{port} {key.export_public_key().decode()}"
    (tmp_path / "other_known_hosts").write_text(known)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield port, home

    async def close() -> None:
        server.close()
        await server.wait_closed()

    asyncio.run_coroutine_threadsafe(close(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_password_and_a_relative_path_work_with_a_server_of_another_make(
    opened: Opened, other_server: tuple[int, Path], parcel_of: ParcelOf, tmp_path: Path, held: Held
):
    port, home = other_server
    destination = opened(
        port=port,
        user="ann",
        path="films",
        key_file=None,
        known_hosts=str(tmp_path / "other_known_hosts"),
        secrets={"password": "open sesame"},
    )
    first, second = parcel_of(b"first"), parcel_of(b"second", identity="k/b.mp4")
    delivered = publish(destination, first)
    assert delivered.location == "/films/2026/Sync.mp4"
    assert publish(destination, first) == delivered
    assert publish(destination, second).location != delivered.location
    assert destination.holds(delivered)
    assert sorted(held(home).values()) == sorted((first.sha256, second.sha256))
    assert all(check.ok for check in destination.check())


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"host": ""}, "host"),
        ({"host": "ann@example.org"}, "alone"),
        ({"user": " "}, "user"),
        ({"path": "a\nb"}, "path"),
        ({"port": 0}, "port 0"),
        ({"known_hosts": "here"}, "absolute"),
        ({"key_file": "id_ed25519"}, "absolute"),
    ],
)
def test_options_that_can_never_work_are_refused(options: dict[str, Any], complaint: str):
    with pytest.raises(InvalidOptions, match=complaint) as refusal:
        SftpOptions(**{"host": "h", "user": "u", "path": "p", **options})
    assert refusal.value.hint or "22" in refusal.value.message


def test_without_the_library_it_says_what_to_install(
    opened: Opened, parcel_of: ParcelOf, monkeypatch: pytest.MonkeyPatch
):
    destination = opened()
    monkeypatch.setitem(sys.modules, "asyncssh", None)
    with pytest.raises(ConfigurationError) as refusal:
        publish(destination, parcel_of(b"film"))
    assert refusal.value.hint == 'pip install "zoomauto[sftp]"'
    assert "zoomauto[sftp]" in destination.check()[0].detail
