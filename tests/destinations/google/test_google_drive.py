"""Google Drive: folders, names, sums, and never two of one file."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from zoomauto.destinations.google_drive.destination import DriveDestination
from zoomauto.domain.source import Check
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    DiskFull,
    InvalidOptions,
    TemporaryError,
)
from zoomauto.ports.destination import Delivered, Parcel, Visit
from zoomauto.testing.google.drive import SHARED_FOLDER
from zoomauto.testing.google.faults import Fault
from zoomauto.testing.google.server import FakeGoogle
from zoomauto.testing.progress import FakeProgress

ParcelOf = Callable[..., Parcel]
DriveOf = Callable[..., DriveDestination]


def publish(destination: DriveDestination, parcel: Parcel) -> Delivered:
    return destination.publish(parcel, FakeProgress())


def test_a_file_lies_in_the_folders_of_its_name(
    google: FakeGoogle, drive: DriveDestination, parcel_of: ParcelOf
):
    parcel = parcel_of(b"film", name="2026/It's \\ maths/Sync", metadata={"description": "what"})
    delivered = publish(drive, parcel)
    assert google.drive.paths() == ["root/2026/It's - maths/Sync.mp4"]
    file = google.drive.files[delivered.location]
    assert (file.content, file.resource["description"]) == (b"film", "what")
    assert delivered == Delivered(
        location=file.id,
        url=f"https://drive.google.com/file/d/{file.id}/view",
        size_bytes=4,
        sha256=parcel.sha256,
    )
    publish(drive, parcel_of(b"two", name="2026/It's \\ maths/Sync 2", identity="k/b.mp4"))
    assert len(google.drive.files) == 4


def test_a_shared_folder_holds_what_is_published_there(
    google: FakeGoogle, drive_of: DriveOf, visit: Visit, parcel_of: ParcelOf
):
    drive = drive_of(folder=SHARED_FOLDER)
    assert [(check.name, check.ok, check.detail) for check in drive.log_in(visit)] == [
        ("login", True, "Google accepts it"),
        ("scopes", True, "all granted"),
        ("account", True, "someone@example.com, 16,106,126,360 bytes free"),
        ("folder", True, "fake-shared-folder can be written, on a shared drive"),
    ]
    publish(drive, parcel_of(b"film", name="Sync"))
    assert google.drive.paths() == [f"{SHARED_FOLDER}/Sync.mp4"]
    assert list(google.logins.refresh_tokens.values()) == ["https://www.googleapis.com/auth/drive"]


def test_less_is_asked_for_where_no_folder_of_a_person_is_meant(
    google: FakeGoogle, drive: DriveDestination
):
    scopes = list(google.logins.refresh_tokens.values())
    assert scopes == ["https://www.googleapis.com/auth/drive.file"]


def test_a_folder_that_is_not_there_is_named(drive_of: DriveOf, visit: Visit, parcel_of: ParcelOf):
    drive = drive_of(folder="fake-folder-of-nobody")
    (*_, folder) = drive.log_in(visit)
    assert folder == Check(
        name="folder",
        ok=False,
        detail="Google Drive shows no folder fake-folder-of-nobody to this login; share the folder"
        " with that account, or correct the option folder",
    )
    with pytest.raises(ConfigurationError):
        publish(drive, parcel_of(b"film"))


def test_a_folder_that_may_not_be_written_is_named(
    google: FakeGoogle, drive_of: DriveOf, visit: Visit, parcel_of: ParcelOf
):
    google.drive.may_add = False
    drive = drive_of(folder=SHARED_FOLDER)
    (*_, folder) = drive.log_in(visit)
    assert (folder.ok, "may not add files" in folder.detail) == (False, True)
    with pytest.raises(AuthenticationError):
        publish(drive, parcel_of(b"film"))


def test_a_taken_name_gets_a_suffix_that_stays(
    google: FakeGoogle, drive: DriveDestination, parcel_of: ParcelOf, tmp_path: Path
):
    publish(drive, parcel_of(b"first", name="Sync"))
    other = parcel_of(b"second", name="Sync", identity="k/b.mp4")
    second = publish(drive, other)
    assert google.drive.paths() == ["root/Sync (7d204778).mp4", "root/Sync.mp4"]
    # Neither this process's memory nor the work folder is needed to find it.
    assert publish(drive, replace(other, state=tmp_path / "new")) == second
    assert publish(drive, replace(other, state=None)) == second
    assert len(google.drive.files) == 2


def test_a_name_taken_by_the_same_bytes_counts_as_published(
    google: FakeGoogle, drive: DriveDestination, parcel_of: ParcelOf, tmp_path: Path
):
    first = publish(drive, parcel_of(b"film", name="Sync"))
    same = parcel_of(b"film", name="Sync", identity="k/other.mp4", state=tmp_path / "new")
    assert publish(drive, same) == first
    assert len(google.drive.files) == 1


@pytest.mark.parametrize("tells_sha256", [True, False], ids=["SHA-256", "MD5"])
def test_other_bytes_that_arrive_are_deleted_and_sent_again(
    tells_sha256: bool, google: FakeGoogle, drive: DriveDestination, parcel_of: ParcelOf
):
    google.drive.tells_sha256 = tells_sha256
    google.drive.spoils = b"fiXm"
    with pytest.raises(TemporaryError, match="differs"):
        publish(drive, parcel_of(b"film", name="Sync"))
    assert google.drive.files == {}
    google.drive.spoils = None
    publish(drive, parcel_of(b"film", name="Sync"))
    assert [file.content for file in google.drive.files.values()] == [b"film"]


def test_a_lost_session_that_was_finished_makes_no_second_file(
    google: FakeGoogle, drive: DriveDestination, parcel_of: ParcelOf
):
    google.fail(Fault(method="PUT", is_lost=True))
    google.fail(Fault(method="PUT", status=410))
    publish(drive, parcel_of(b"film", name="Sync"))
    assert google.drive.paths() == ["root/Sync.mp4"]


def test_a_file_in_the_trash_is_not_held_and_published_again(
    google: FakeGoogle, drive: DriveDestination, parcel_of: ParcelOf
):
    first = publish(drive, parcel_of(b"film", name="Sync"))
    google.drive.files[first.location].is_trashed = True
    assert not drive.holds(first)
    second = publish(drive, parcel_of(b"film", name="Sync"))
    assert (second.location != first.location, google.drive.paths()) == (True, ["root/Sync.mp4"])


def test_a_full_account_is_a_full_disk(
    google: FakeGoogle, drive: DriveDestination, parcel_of: ParcelOf
):
    google.fail(Fault(path="upload", status=403, reason="storageQuotaExceeded"))
    with pytest.raises(DiskFull):
        publish(drive, parcel_of(b"film"))


def test_two_at_once_make_one_folder(
    google: FakeGoogle, drive: DriveDestination, drive_of: DriveOf, parcel_of: ParcelOf
):
    parcels = [parcel_of(name.encode(), name=f"A/B/{name}", identity=name) for name in "abcd"]
    threads = [
        threading.Thread(target=lambda parcel=parcel: publish(drive_of(), parcel))
        for parcel in parcels
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert google.drive.paths() == [f"root/A/B/{name}.mp4" for name in "abcd"]
    assert len(google.drive.files) == 6


def test_a_folder_is_given_by_its_id(drive_of: DriveOf):
    with pytest.raises(InvalidOptions):
        drive_of(folder="https://drive.google.com/drive/folders/x")
