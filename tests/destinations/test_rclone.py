"""An rclone destination: remotes with and without hashes, kills, and what failures mean."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zoomauto.destinations.rclone import RcloneDestination, RcloneOptions, arrived, meaning
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
from zoomauto.media.foreign_program import Ran
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.testing.progress import FakeProgress

ParcelOf = Callable[..., Parcel]
Held = Callable[[Path], dict[str, str]]
Watched = Callable[[Callable[[], object]], FakeProgress]
Opened = Callable[..., RcloneDestination]
Sshd = Any
Config = Callable[..., Path]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Write a configuration of rclone with one remote, named shelf."""

    def written(**values: object) -> Path:
        path = tmp_path / "rclone.conf"
        path.write_text("[shelf]\n" + "".join(f"{k} = {v}\n" for k, v in values.items()))
        return path

    return written


@pytest.fixture
def opened(rclone: object, config: Config, root: Path, tools: Tools) -> Opened:
    """Open a destination that ends in a folder of ours, unless ``remote`` says otherwise."""

    def opened(
        *,
        remote: dict[str, object] | None = None,
        name: str = "shelf",
        folder: str = "",
        **options: Any,
    ) -> RcloneDestination:
        path = config(**(remote or {"type": "alias", "remote": root}))
        return RcloneDestination(
            RcloneOptions(remote=f"{name}:{folder}", config=str(path), **options), tools
        )

    return opened


def publish(destination: RcloneDestination, parcel: Parcel) -> Delivered:
    return destination.publish(parcel, FakeProgress())


def sftp_remote(sshd: Sshd) -> dict[str, object]:
    return {
        "type": "sftp",
        "host": "127.0.0.1",
        "port": sshd.port,
        "user": sshd.user,
        "key_file": sshd.folder / "key",
        "known_hosts_file": sshd.folder / "known_hosts",
    }


def test_a_parcel_gets_its_name_and_folders(
    opened: Opened, root: Path, parcel_of: ParcelOf, held: Held
):
    parcel, progress = parcel_of(b"film", name="2026/Sync [7] я {x}"), FakeProgress()
    delivered = opened(verify="read").publish(parcel, progress)
    assert delivered == Delivered(
        location="shelf:2026/Sync [7] я {x}.mp4", url=None, size_bytes=4, sha256=parcel.sha256
    )
    assert held(root) == {"2026/Sync [7] я {x}.mp4": parcel.sha256}
    assert [(step.total, step.done, step.unit) for step in progress.steps] == [(4, 4, "bytes")]


@pytest.mark.parametrize("kind", ["sftp", "crypt"])
def test_remotes_with_other_hashes_or_none_are_verified_too(
    opened: Opened, root: Path, parcel_of: ParcelOf, kind: str, request: pytest.FixtureRequest
):
    if kind == "sftp":
        remote = sftp_remote(request.getfixturevalue("sshd"))
        destination = opened(remote=remote, folder=str(root))
    else:
        obscure = ["rclone", "obscure", "open sesame"]
        password = subprocess.run(obscure, check=True, capture_output=True, text=True).stdout
        remote = {"type": "crypt", "remote": root, "password": password.strip()}
        destination = opened(remote=remote, folder="films")
    parcel, other = parcel_of(b"film"), parcel_of(b"FILM", identity="k/b.mp4")
    delivered = publish(destination, parcel)
    assert publish(destination, parcel) == delivered
    assert publish(destination, other).location != delivered.location
    assert destination.holds(delivered)
    details = [check.detail for check in destination.check()]
    assert details[1:] == [f"verified by {'sha1' if kind == 'sftp' else 'size alone'}"]


PUBLISH = """
import sys
from pathlib import Path
from zoomauto.destinations.rclone import RcloneDestination, RcloneOptions
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Parcel
from zoomauto.testing.progress import FakeProgress, FakeStep

path, sha256, config = sys.argv[1:]
size = Path(path).stat().st_size
parcel = Parcel(path=Path(path), size_bytes=size, sha256=sha256, name="2026/Sync",
                extension=".mp4", identity="k/a.mp4")
advance = FakeStep.advance
FakeStep.advance = lambda step, amount: (advance(step, amount), print("sent", flush=True))
tools = Tools(workspace=None, clock=None)
options = RcloneOptions(remote="shelf:", config=config)
RcloneDestination(options, tools).publish(parcel, FakeProgress())
"""


def test_a_kill_in_the_middle_is_mended_by_the_next_process(
    opened: Opened, root: Path, parcel_of: ParcelOf, held: Held, tmp_path: Path
):
    parcel, destination = parcel_of(os.urandom(8 * 2**20)), opened()
    command = [sys.executable, "-c", PUBLISH, str(parcel.path), parcel.sha256]
    slowly = {**os.environ, "RCLONE_BWLIMIT": "1M"}
    with subprocess.Popen(
        [*command, str(tmp_path / "rclone.conf")], stdout=subprocess.PIPE, env=slowly
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == b"sent\n"
        child.kill()
    assert list(held(root)) == [f"2026/{temporary_name(parcel)}"]
    publish(destination, parcel)
    assert held(root) == {"2026/Sync.mp4": parcel.sha256}


def test_a_file_that_came_meanwhile_is_not_replaced(
    opened: Opened, root: Path, parcel_of: ParcelOf, tmp_path: Path
):
    program = tmp_path / "rclone-with-a-rival"
    taken = shlex.quote(str(root / "2026" / "Sync.mp4"))
    program.write_text(
        f'#!/bin/sh\n[ "$1" != moveto ] || [ -e {taken} ] || echo rival > {taken}\n'
        'exec rclone "$@"\n'
    )
    program.chmod(0o755)
    delivered = publish(opened(program=str(program)), parcel_of(b"film"))
    assert (root / "2026" / "Sync.mp4").read_text() == "rival\n"
    assert (root / delivered.location.removeprefix("shelf:")).read_bytes() == b"film"


def test_bytes_that_changed_since_they_were_sealed_are_not_published(
    opened: Opened, root: Path, parcel_of: ParcelOf
):
    parcel = parcel_of(b"film")
    Path(parcel.path).write_bytes(b"FILM")
    with pytest.raises(CorruptMedia, match="has changed"):
        publish(opened(), parcel)
    assert not root.exists()


def test_bytes_that_arrive_changed_are_not_published(
    opened: Opened, root: Path, parcel_of: ParcelOf, held: Held, tmp_path: Path
):
    program = tmp_path / "rclone-that-damages"
    program.write_text(
        '#!/bin/sh\nif [ "$1" = copyto ]; then\n'
        '  for word; do case "$word" in */*.bin) printf FILM > "$word";; esac; done\nfi\n'
        'exec rclone "$@"\n'
    )
    program.chmod(0o755)
    with pytest.raises(TemporaryError, match="did not arrive whole"):
        publish(opened(program=str(program)), parcel_of(b"film"))
    assert held(root) == {}


def test_each_failure_of_a_real_remote_has_its_meaning(
    opened: Opened, sshd: Sshd, root: Path, parcel_of: ParcelOf, tmp_path: Path
):
    parcel, remote = parcel_of(b"film"), sftp_remote(sshd)
    other = tmp_path / "other"
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)]
    subprocess.run(make, check=True)
    with pytest.raises(AuthenticationError):
        publish(opened(remote={**remote, "key_file": other}, folder=str(root)), parcel)
    with pytest.raises(Unreachable):
        publish(opened(remote={**remote, "port": 1}, folder=str(root)), parcel)
    with pytest.raises(ConfigurationError, match="didn't find section"):
        publish(opened(remote={"type": "local"}, name="nobody"), parcel)
    missing = opened(program="no-such-rclone")
    with pytest.raises(ConfigurationError, match="cannot be started"):
        publish(missing, parcel)
    assert [check.ok for check in missing.check()] == [False]
    (unknown,) = opened(remote={"type": "local"}, name="nobody").check()
    assert unknown.detail.endswith(". rclone listremotes, and the option config")


def test_a_full_disk_keeps_nothing_of_the_file(
    opened: Opened, small_disk: Path, parcel_of: ParcelOf, held: Held
):
    destination = opened(remote={"type": "alias", "remote": small_disk})
    with pytest.raises(DiskFull):
        publish(destination, parcel_of(os.urandom(25 * 2**20)))
    assert held(small_disk) == {}


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("Failed to copy: 401 Unauthorized", AuthenticationError),
        ("couldn't fetch token - maybe it has expired? - refresh with rclone", AuthenticationError),
        ("googleapi: Error 403: The user's Drive storage quota has been exceeded", DiskFull),
        ("dial tcp: lookup example.invalid: no such host", Unreachable),
        ("unable to decrypt configuration: not allowed to ask", ConfigurationError),
        ("something else", TemporaryError),
    ],
)
def test_rclones_words_have_a_meaning(said: str, error: type[Exception]):
    line = json.dumps({"level": "error", "msg": said})
    ran = Ran(code=1, output="", said=(line,), was_overdue=False)
    assert type(meaning(ran, "to copy")) is error
    assert said in str(meaning(ran, "to copy"))


def test_progress_is_read_from_the_log():
    lines = ('{"stats": {"bytes": 7}}', '{"stats": {}}', "{", "[]", '{"stats": {"bytes": null}}')
    assert [arrived(line) for line in lines] == [7, None, None, None, None]


@pytest.mark.parametrize(
    "options",
    [
        {"remote": "/srv/films"},
        {"remote": "films"},
        {"remote": ":sftp,host=example.org:films"},
        {"remote": "-x:films"},
        {"remote": "a:b\nc"},
        {"remote": "a:b", "config": "rclone.conf"},
        {"remote": "a:b", "program": ""},
    ],
)
def test_options_that_can_never_work_are_refused(options: dict[str, str]):
    with pytest.raises(InvalidOptions):
        RcloneOptions(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("remote", "place"),
    [("a:", "a:x/y"), ("a:b", "a:b/x/y"), ("a:b/", "a:b/x/y"), ("a:/", "a:/x/y")],
)
def test_names_go_below_the_folder_of_the_remote(remote: str, place: str):
    assert RcloneOptions(remote=remote).at("x/y") == place
