"""WebDAV: Nextcloud, ownCloud, NAS boxes, Apache, and most disks of providers."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePath
from typing import ClassVar
from urllib.parse import unquote

from zoomauto.destinations.webdav.folder import WebdavFolder
from zoomauto.destinations.webdav.options import Proof, WebdavOptions
from zoomauto.domain.place_name import name_candidates, temporary_name
from zoomauto.domain.source import Check
from zoomauto.errors import DiskFull, TemporaryError, ZoomautoError
from zoomauto.media.parcel_stream import told_blocks
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.ports.progress import Progress

#: What servers on Windows refuse, and what some others take for the end of a name.
_NOT_PORTABLE = str.maketrans(dict.fromkeys('?*:"<>|', "-"))
#: Names that are looked at before any is used: one may hold the parcel already.
_LOOKED_AT = 3


class WebdavDestination:
    """Publishes into a folder of a WebDAV server: never half a file, never over another file.

    A parcel is sent to a hidden name beside its place, read back, and then given its name in one
    step that fails when the name is taken. A name taken by the same bytes counts as published.
    Of a name, the characters that Windows refuses become dashes.
    """

    Options: ClassVar[type] = WebdavOptions
    secret_names: ClassVar[frozenset[str]] = frozenset({"password"})

    def __init__(self, options: WebdavOptions, tools: Tools) -> None:
        """Open the destination; nothing is asked yet."""
        self._options = options
        self._tools = tools

    def publish(self, parcel: Parcel, progress: Progress) -> Delivered:
        """Publish the parcel and verify it there. Doing it again gives the same result.

        Raise CorruptMedia when the bytes read are not those of the parcel, AuthenticationError
        when the server refuses us, ConfigurationError when there is no such folder, DiskFull,
        Unreachable or TemporaryError when it cannot take them now.
        """
        names = [PurePath(str(n).translate(_NOT_PORTABLE)) for n in name_candidates(parcel)]
        with self._opened() as folder:
            room = folder.room()
            found = next((n for n in names[:_LOOKED_AT] if _is_same(folder, n, parcel)), None)
            if found is None:
                self._refuse_full(room, parcel)
                found = self._deliver(folder, names, parcel, progress)
            address = folder.address(found)
        return Delivered(
            location=address, url=address, size_bytes=parcel.size_bytes, sha256=parcel.sha256
        )

    def holds(self, delivered: Delivered) -> bool:
        """Whether what was delivered is still there with the same size. Raise as publish does."""
        before, _, path = delivered.location.partition(f"{self._options.folder}/")
        if before or not path:
            return False
        with self._opened() as folder:
            return folder.size_of(PurePath(unquote(path))) == delivered.size_bytes

    def check(self) -> tuple[Check, ...]:
        """Prove that the folder can be written, with a file that is read and deleted again."""
        try:
            with self._opened() as folder:
                room = folder.room()
                _write_probe(folder)
        except ZoomautoError as error:
            return (Check.failed("write", error),)
        space = "the server does not say" if room is None else f"{room:,} bytes free"
        return (
            Check(name="write", ok=True, detail=f"{self._options.folder} can be written and read"),
            Check(name="space", ok=True, detail=space),
        )

    def _deliver(
        self, folder: WebdavFolder, names: list[PurePath], parcel: Parcel, progress: Progress
    ) -> PurePath:
        """Send the parcel and give it the first name that is free."""
        temporary = names[0].parent / temporary_name(parcel)
        folder.make_folders(temporary.parent)
        try:
            with progress.step(parcel.name, total=parcel.size_bytes, unit="bytes") as step:
                blocks = told_blocks(parcel, step)
                folder.put(temporary, blocks, size_bytes=parcel.size_bytes, kind=parcel.media_type)
            self._verify(folder, temporary, parcel)
            for name in names:
                if folder.move(temporary, name):
                    return self._require_named(folder, name, parcel)
        except BaseException:
            # The next attempt sends it anew; a server that is gone keeps it until then.
            with suppress(ZoomautoError):
                folder.delete(temporary)
            raise
        folder.delete(temporary)
        raise TemporaryError(f"every name for {names[0].name!r} is taken in {self._options.folder}")

    def _verify(self, folder: WebdavFolder, path: PurePath, parcel: Parcel) -> None:
        """Compare what arrived with what was sent."""
        if self._options.verify is Proof.READ:
            is_same = folder.hash_of(path) == (parcel.size_bytes, parcel.sha256)
        else:
            is_same = folder.size_of(path) == parcel.size_bytes
        if not is_same:
            raise TemporaryError(f"{folder.address(path)} differs from what was sent")

    def _require_named(self, folder: WebdavFolder, name: PurePath, parcel: Parcel) -> PurePath:
        """Look whether the file is where it was moved to."""
        if folder.size_of(name) != parcel.size_bytes:
            raise TemporaryError(f"{folder.address(name)} is not there after it was put there")
        return name

    def _refuse_full(self, room: int | None, parcel: Parcel) -> None:
        if room is not None and room < parcel.size_bytes:
            raise DiskFull(
                f"{self._options.folder} has {room:,} bytes free, {parcel.size_bytes:,} are needed",
                hint="free some space there, or raise its quota",
            )

    @contextmanager
    def _opened(self) -> Iterator[WebdavFolder]:
        folder = WebdavFolder(self._options, self._tools.secrets)
        try:
            yield folder
        finally:
            folder.close()


def _is_same(folder: WebdavFolder, name: PurePath, parcel: Parcel) -> bool:
    """Whether a file with the parcel's bytes has this name; one of the same size is read."""
    if folder.size_of(name) != parcel.size_bytes:
        return False
    return folder.hash_of(name) == (parcel.size_bytes, parcel.sha256)


def _write_probe(folder: WebdavFolder) -> None:
    """Write a file, read it and delete it."""
    probe, content = PurePath(f".zoomauto-check-{os.getpid()}"), b"zoomauto\n"
    folder.put(probe, iter([content]), size_bytes=len(content), kind="text/plain")
    try:
        if folder.hash_of(probe) != (len(content), hashlib.sha256(content).hexdigest()):
            raise TemporaryError(f"{folder.address(probe)} differs from what was sent")
    finally:
        folder.delete(probe)
