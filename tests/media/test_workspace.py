"""Work folders: private, sealed, and nothing else is ever deleted."""

import hashlib
from pathlib import Path

import pytest

from zoomauto.errors import ConfigurationError, PermanentError
from zoomauto.ports.workspace import Sealed
from zoomauto.workspace import DiskWorkspace


@pytest.fixture
def workspace(tmp_path: Path) -> DiskWorkspace:
    return DiskWorkspace(tmp_path / "state" / "work")


def made(workspace: DiskWorkspace, recording_id: int, name: str = "a.mp4") -> Path:
    path = Path(workspace.folder(recording_id)) / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"film")
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_only_their_owner_may_look_into_them(workspace: DiskWorkspace):
    folder = Path(workspace.folder(7))
    modes = [oct(path.stat().st_mode & 0o777) for path in (workspace.root, folder)]
    assert (folder, modes) == (workspace.root / "7", ["0o700", "0o700"])


def test_a_folder_may_be_asked_for_again(workspace: DiskWorkspace):
    path = made(workspace, 7)
    assert workspace.folder(7) == path.parent
    assert path.exists()


def test_a_sealed_file_has_the_size_and_hash_of_its_bytes(workspace: DiskWorkspace):
    sealed = workspace.seal(made(workspace, 7, "download/a.mp4"))
    assert sealed == Sealed(size_bytes=4, sha256=hashlib.sha256(b"film").hexdigest())


@pytest.mark.parametrize("escape", ["../outside", "7/../../outside", "link"])
def test_nothing_outside_is_sealed_or_held(workspace: DiskWorkspace, escape: str):
    workspace.folder(7)
    outside = workspace.root.parent / "outside"
    outside.write_bytes(b"film")
    (workspace.root / "link").symlink_to(outside)
    with pytest.raises(PermanentError, match="not inside"):
        workspace.seal(workspace.root / escape)
    assert not workspace.holds(7, f"../{escape}", size_bytes=4)
    assert not workspace.holds(7, str(outside), size_bytes=4)


def test_a_file_is_held_while_it_is_there_with_its_size(workspace: DiskWorkspace):
    made(workspace, 7, "download/a.mp4")
    held = [
        workspace.holds(number, path, size_bytes=size)
        for number, path, size in [
            (7, "download/a.mp4", 4),
            (7, "download/a.mp4", 5),
            (7, "download", 4),
            (7, "gone.mp4", 4),
            (8, "download/a.mp4", 4),
        ]
    ]
    assert held == [True, False, False, False, False]


def test_removing_a_folder_takes_all_it_holds_and_may_be_repeated(workspace: DiskWorkspace):
    made(workspace, 7, "download/a.mp4")
    made(workspace, 8)
    workspace.remove(7)
    workspace.remove(7)
    assert names_in(workspace.root) == ["8"]


def test_sweeping_spares_what_is_kept_and_what_is_not_ours(workspace: DiskWorkspace):
    for number in (7, 8, 9):
        made(workspace, number)
    elsewhere = workspace.root.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "dear").touch()
    for name in ("notes", "007", "-1", "٣"):
        (workspace.root / name).mkdir()
    (workspace.root / "11").touch()
    (workspace.root / "12").symlink_to(elsewhere)
    assert workspace.sweep(keep={8}) == (7, 9)
    left = names_in(workspace.root)
    assert left == ["-1", "007", "11", "12", "8", "notes", "٣"]
    assert names_in(elsewhere) == ["dear"]


def test_sweeping_before_the_first_recording_makes_nothing(workspace: DiskWorkspace):
    assert workspace.sweep(keep=()) == ()
    assert not workspace.root.exists()


def test_free_space_is_told_before_there_is_a_folder(workspace: DiskWorkspace):
    assert workspace.free_bytes() > 0
    assert not workspace.root.exists()


def test_a_place_that_cannot_hold_folders_is_a_matter_of_configuration(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="work folders cannot be made"):
        DiskWorkspace(tmp_path / "file" / "work").folder(7)
