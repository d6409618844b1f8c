"""A folder destination: whole files under their names, never over others, nothing left behind."""

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from zoomauto.destinations import folder as module
from zoomauto.destinations.folder import FolderDestination, FolderOptions
from zoomauto.domain.place_name import name_candidates, temporary_name
from zoomauto.errors import CorruptMedia, DiskFull, InvalidOptions, TemporaryError, Unreachable
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.testing.progress import FakeProgress, FakeStep

ParcelOf = Callable[..., Parcel]


def held(root: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def publish(folder: FolderDestination, parcel: Parcel) -> Delivered:
    return folder.publish(parcel, FakeProgress())


def test_a_parcel_gets_its_name_and_folders(
    folder: FolderDestination, root: Path, parcel_of: ParcelOf
):
    parcel, progress = parcel_of(b"film"), FakeProgress()
    assert folder.publish(parcel, progress) == Delivered(
        location=str(root / "2026" / "Sync.mp4"),
        url=(root / "2026" / "Sync.mp4").as_uri(),
        size_bytes=4,
        sha256=parcel.sha256,
    )
    assert held(root) == {"2026/Sync.mp4": b"film"}
    assert [(step.total, step.done, step.unit) for step in progress.steps] == [(4, 4, "bytes")]


def test_publishing_again_gives_the_same_and_copies_nothing(
    folder: FolderDestination, root: Path, parcel_of: ParcelOf
):
    parcel, progress = parcel_of(b"film"), FakeProgress()
    first = publish(folder, parcel)
    assert (folder.publish(parcel, progress), progress.steps) == (first, [])
    assert held(root) == {"2026/Sync.mp4": b"film"}


def test_a_taken_name_gets_a_suffix_that_stays_the_same(
    folder: FolderDestination, root: Path, parcel_of: ParcelOf
):
    publish(folder, parcel_of(b"first"))
    second = parcel_of(b"second", identity="k/b.mp4")
    suffix = hashlib.sha256(b"k/b.mp4").hexdigest()[:8]
    delivered = publish(folder, second)
    assert delivered.location == str(root / "2026" / f"Sync ({suffix}).mp4")
    assert publish(folder, second) == delivered
    assert held(root) == {"2026/Sync.mp4": b"first", f"2026/Sync ({suffix}).mp4": b"second"}


def test_a_new_version_of_the_same_file_stands_beside_the_old_ones(
    folder: FolderDestination, root: Path, parcel_of: ParcelOf
):
    for version in (b"one", b"two", b"three"):
        publish(folder, parcel_of(version))
    identity = hashlib.sha256(b"k/a.mp4").hexdigest()[:8]
    content = hashlib.sha256(b"three").hexdigest()[:8]
    assert held(root) == {
        "2026/Sync.mp4": b"one",
        f"2026/Sync ({identity}).mp4": b"two",
        f"2026/Sync ({identity}-{content}).mp4": b"three",
    }


def test_a_suffixed_file_is_found_again_when_the_first_name_is_free(
    folder: FolderDestination, root: Path, parcel_of: ParcelOf
):
    publish(folder, parcel_of(b"first"))
    second = parcel_of(b"second", identity="k/b.mp4")
    delivered = publish(folder, second)
    (root / "2026" / "Sync.mp4").unlink()
    assert publish(folder, second) == delivered


@pytest.mark.parametrize("obstacle", ["folder", "dangling link", "link to the same bytes"])
def test_nothing_of_that_name_is_ever_replaced(
    folder: FolderDestination, root: Path, parcel_of: ParcelOf, obstacle: str
):
    parcel = parcel_of(b"film")
    place = root / "2026" / "Sync.mp4"
    place.parent.mkdir(parents=True)
    if obstacle == "folder":
        place.mkdir()
    else:
        place.symlink_to("missing" if obstacle == "dangling link" else parcel.path)
    before = place.lstat()
    assert publish(folder, parcel).location != str(place)
    assert place.lstat() == before


def test_what_a_killed_upload_left_is_replaced(
    folder: FolderDestination, root: Path, parcel_of: ParcelOf
):
    parcel = parcel_of(b"film")
    leftover = root / "2026" / temporary_name(parcel)
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half of something")
    publish(folder, parcel)
    assert held(root) == {"2026/Sync.mp4": b"film"}


def test_an_upload_killed_between_its_last_two_steps_is_tidied_up(
    folder: FolderDestination, root: Path, parcel_of: ParcelOf
):
    parcel = parcel_of(b"film")
    publish(folder, parcel)
    (root / "2026" / temporary_name(parcel)).hardlink_to(root / "2026" / "Sync.mp4")
    publish(folder, parcel)
    assert held(root) == {"2026/Sync.mp4": b"film"}


PUBLISH = """
import sys
from pathlib import Path
from zoomauto.destinations.folder import FolderDestination, FolderOptions
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Parcel
from zoomauto.testing.progress import FakeProgress, FakeStep

path, root, sha256 = sys.argv[1:]
size = Path(path).stat().st_size
parcel = Parcel(path=Path(path), size_bytes=size, sha256=sha256, name="2026/Sync",
                extension=".mp4", identity="k/a.mp4")
advance = FakeStep.advance
FakeStep.advance = lambda step, amount: (advance(step, amount), print("copied", flush=True))
tools = Tools(workspace=None, clock=None)
FolderDestination(FolderOptions(path=root), tools).publish(parcel, FakeProgress())
"""


@pytest.mark.parametrize("chunks", [1, 7, 16])
def test_a_kill_in_the_middle_is_mended_by_the_next_try(
    folder: FolderDestination, root: Path, parcel_of: ParcelOf, chunks: int
):
    content = os.urandom(16 * 2**20)
    parcel = parcel_of(content)
    command = [sys.executable, "-c", PUBLISH, str(parcel.path), str(root), parcel.sha256]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        for _ in range(chunks):
            assert child.stdout.readline() == "copied\n"
        child.kill()
    assert set(held(root)) <= {"2026/Sync.mp4", f"2026/{temporary_name(parcel)}"}
    publish(folder, parcel)
    assert held(root) == {"2026/Sync.mp4": content}


class Interrupted(FakeProgress):
    """Progress that is interrupted as soon as a step begins."""

    @contextmanager
    def step(self, label: str, *, total: float | None = None, unit: str = "") -> Iterator[FakeStep]:
        """Interrupt."""
        with super().step(label, total=total, unit=unit):
            raise KeyboardInterrupt
        yield  # type: ignore[unreachable]  # makes it a generator


def test_an_interruption_leaves_nothing(folder: FolderDestination, root: Path, parcel_of: ParcelOf):
    with pytest.raises(KeyboardInterrupt):
        folder.publish(parcel_of(b"film"), Interrupted())
    assert held(root) == {}


@pytest.mark.parametrize("change", [b"FILM", b"longer film", b""])
def test_bytes_that_changed_since_they_were_sealed_are_not_published(
    folder: FolderDestination, root: Path, parcel_of: ParcelOf, change: bytes
):
    parcel = parcel_of(b"film")
    Path(parcel.path).write_bytes(change)
    with pytest.raises(CorruptMedia, match="has changed"):
        publish(folder, parcel)
    assert held(root) == {}


def test_a_parcel_that_is_gone_is_not_the_destinations_fault(
    folder: FolderDestination, parcel_of: ParcelOf
):
    parcel = parcel_of(b"film")
    Path(parcel.path).unlink()
    with pytest.raises(TemporaryError, match="cannot be read") as failure:
        publish(folder, parcel)
    assert not isinstance(failure.value, Unreachable)


def test_a_disk_that_is_not_mounted_is_unreachable_and_not_filled(
    tmp_path: Path, tools: Tools, parcel_of: ParcelOf
):
    options = FolderOptions(path=str(tmp_path / "mnt" / "nas" / "recordings"))
    with pytest.raises(Unreachable, match="No such file") as failure:
        publish(FolderDestination(options, tools), parcel_of(b"film"))
    assert failure.value.hint is not None
    assert not (tmp_path / "mnt").exists()


def test_a_folder_that_is_a_file_is_unreachable(
    folder: FolderDestination, root: Path, parcel_of: ParcelOf
):
    root.touch()
    with pytest.raises(Unreachable):
        publish(folder, parcel_of(b"film"))


def test_what_cannot_fit_is_refused_before_the_first_byte(
    folder: FolderDestination, root: Path, parcel_of: ParcelOf
):
    parcel = replace(parcel_of(b"film"), size_bytes=2**60)
    with pytest.raises(DiskFull, match="1,152,921,504,606,846,976 are needed"):
        publish(folder, parcel)
    assert held(root) == {}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EROFS, Unreachable),
        (errno.EACCES, Unreachable),
        (errno.EIO, Unreachable),
        (errno.ESTALE, Unreachable),
    ],
)
def test_each_failure_of_the_disk_has_its_meaning(
    folder: FolderDestination,
    root: Path,
    parcel_of: ParcelOf,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    error: type[Exception],
):
    def failing(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(module, "_write_all", failing)
    with pytest.raises(error):
        publish(folder, parcel_of(b"film"))
    assert held(root) == {}


def test_where_there_are_no_hard_links_nothing_is_replaced_either(
    folder: FolderDestination, root: Path, parcel_of: ParcelOf, monkeypatch: pytest.MonkeyPatch
):
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refused)
    publish(folder, parcel_of(b"first"))
    publish(folder, parcel_of(b"second"))
    assert sorted(held(root).values()) == [b"first", b"second"]
    assert held(root)["2026/Sync.mp4"] == b"first"


def test_every_candidate_fits_and_none_comes_twice(parcel_of: ParcelOf):
    names = list(name_candidates(parcel_of(b"film", name="я" * 300 + "/" + "я" * 300)))
    assert max(len(part.encode()) for name in names for part in name.parts) <= 255
    assert len(set(names)) == len(names)


def test_a_name_cannot_lead_out_of_the_folder(
    folder: FolderDestination, root: Path, parcel_of: ParcelOf
):
    publish(folder, parcel_of(b"film", name="../../.ssh/./keys"))
    assert all(".." not in name and not name.startswith(".") for name in held(root))
    assert list(held(root).values()) == [b"film"]


def test_a_delivered_file_is_held_while_it_is_there_with_its_size(
    folder: FolderDestination, parcel_of: ParcelOf
):
    delivered = publish(folder, parcel_of(b"film"))
    assert folder.holds(delivered)
    Path(delivered.location).write_bytes(b"cut")
    assert not folder.holds(delivered)
    Path(delivered.location).unlink()
    assert not folder.holds(delivered)


def test_a_check_really_writes_and_leaves_nothing(folder: FolderDestination, root: Path):
    checks = folder.check()
    assert [(check.name, check.ok) for check in checks] == [("write", True), ("space", True)]
    assert held(root) == {}


def test_a_check_says_why_the_folder_cannot_be_written(tmp_path: Path, tools: Tools):
    (tmp_path / "file").touch()
    destination = FolderDestination(FolderOptions(path=str(tmp_path / "file")), tools)
    (check,) = destination.check()
    assert (check.ok, str(tmp_path / "file") in check.detail) == (False, True)


@pytest.mark.parametrize("path", ["", "relative/path", "./here", "~nobody-of-that-name/x", "/a\0b"])
def test_a_path_that_depends_on_where_we_are_is_refused(path: str):
    with pytest.raises(InvalidOptions, match="must be absolute"):
        FolderOptions(path=path)


def test_the_home_directory_may_be_written_short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert FolderOptions(path="~/films").folder == tmp_path / "films"
