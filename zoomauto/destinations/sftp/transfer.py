"""Bringing one file to an SFTP server: under a hidden name first, going on where it broke off.

What an earlier process sent is read back and compared with our file; sending goes on behind the
last block that is the same. So it does not matter how that process ended, in which order the
server wrote, or whether our file has changed since.
"""

import asyncio
import hashlib
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Literal

import asyncssh

from zoomauto.domain.place_name import name_candidates, temporary_name
from zoomauto.errors import CorruptMedia, DiskFull, TemporaryError, Unreachable
from zoomauto.media.parcel_file import opened, read_block, refuse_changed
from zoomauto.ports.destination import Parcel
from zoomauto.ports.progress import Progress, Step

#: Sent or read at once, in many requests; two of these are in memory.
BLOCK = 2**20
_OPEN_OR_MAKE = asyncssh.FXF_READ | asyncssh.FXF_WRITE | asyncssh.FXF_CREAT


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """One parcel on its way to one folder of a server."""

    client: asyncssh.SFTPClient
    root: PurePosixPath
    parcel: Parcel
    progress: Progress
    verify: Literal["sent", "read"]

    async def __call__(self) -> PurePosixPath:
        """Publish the parcel; give its path. Raise what asyncssh raises, or CorruptMedia."""
        root = await made_root(self.client, self.root)
        targets = [root / name for name in name_candidates(self.parcel)]
        temporary = targets[0].parent / temporary_name(self.parcel)
        found = await self._same(targets)
        if found is not None:
            # A server that was killed between the last two steps leaves both names.
            with suppress(asyncssh.SFTPNoSuchFile):
                await self.client.remove(temporary)
            return found
        await _make_folders(self.client, temporary.parent, below=root)
        try:
            await self._upload(temporary)
        except (CorruptMedia, DiskFull):
            with suppress(asyncssh.SFTPError):
                await self.client.remove(temporary)
            raise
        return await self._named(temporary, targets)

    async def _same(self, targets: Sequence[PurePosixPath]) -> PurePosixPath | None:
        """Find the parcel's bytes under one of its names."""
        sizes = await asyncio.gather(*(regular_size(self.client, target) for target in targets))
        for target, size in zip(targets, sizes, strict=True):
            if size == self.parcel.size_bytes and await self._hash(target) == self.parcel.sha256:
                return target
        return None

    async def _hash(self, path: PurePosixPath) -> str:
        """Read a file on the server and hash it."""
        digest, at = hashlib.sha256(), 0
        async with self.client.open(path, "rb") as remote:
            while block := await _block(remote, at):
                digest.update(block)
                at += len(block)
        return digest.hexdigest()

    async def _upload(self, temporary: PurePosixPath) -> None:
        """Bring all bytes to the hidden name, flush them and make sure that they are there."""
        digest, size = hashlib.sha256(), self.parcel.size_bytes
        with (
            opened(self.parcel) as file,
            self.progress.step(self.parcel.name, total=size, unit="bytes") as step,
        ):
            async with self.client.open(temporary, _OPEN_OR_MAKE, encoding=None) as remote:
                start = await _same_start(file, remote, digest, step)
                await self._refuse_full(temporary.parent, size - start)
                await remote.truncate(start)
                try:
                    await _send(file, remote, start, digest, step)
                except asyncssh.SFTPFailure:
                    # Version 3 of the protocol has no word for a full disk.
                    await self._refuse_full(temporary.parent, BLOCK)
                    raise
                with suppress(asyncssh.SFTPOpUnsupported):
                    await remote.fsync()
        refuse_changed(self.parcel, digest.hexdigest())
        await self._require_whole(temporary)

    async def _require_whole(self, temporary: PurePosixPath) -> None:
        written = await regular_size(self.client, temporary)
        if written == self.parcel.size_bytes and (
            self.verify == "sent" or await self._hash(temporary) == self.parcel.sha256
        ):
            return
        await self.client.remove(temporary)
        raise TemporaryError(f"{temporary} did not arrive whole; it was removed")

    async def _refuse_full(self, folder: PurePosixPath, needed: int) -> None:
        """Raise DiskFull when the server says that there is less space; some do not tell."""
        try:
            disk = await self.client.statvfs(folder)
        except asyncssh.SFTPError:
            return
        free = disk.bavail * disk.frsize
        if disk.blocks and free < needed:
            raise DiskFull(
                f"{folder} has {free:,} bytes free on the server, {needed:,} are needed",
                hint=f"free some space in {folder}",
            )

    async def _named(
        self, temporary: PurePosixPath, targets: Sequence[PurePosixPath]
    ) -> PurePosixPath:
        """Give a finished file the first name that is free, and look at it there."""
        for target in targets:
            # OpenSSH refuses to rename over a file; others are known to replace it.
            if await _is_taken(self.client, target):
                continue
            try:
                await self.client.rename(temporary, target)
            except asyncssh.SFTPError:
                if not await _is_taken(self.client, target):
                    raise
                continue
            if await regular_size(self.client, target) != self.parcel.size_bytes:
                raise TemporaryError(f"{target} has not the size that was sent")
            return target
        raise Unreachable(f"every name for {targets[0].name!r} is taken in {targets[0].parent}")


async def made_root(client: asyncssh.SFTPClient, path: PurePosixPath) -> PurePosixPath:
    """Give the folder's full path, made when only its last part is missing.

    What is above it may be a disk that is not mounted on the server.
    """
    root = PurePosixPath(str(await client.realpath("."))) / path
    if not await client.isdir(root):
        await _make_folder(client, root)
    return root


async def regular_size(client: asyncssh.SFTPClient, path: PurePosixPath) -> int | None:
    """Give the size of a regular file; None for everything else."""
    try:
        attributes = await client.lstat(path)
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        return None
    # Servers that tell no permissions tell the type apart from them.
    if attributes.permissions is not None and not stat.S_ISREG(attributes.permissions):
        return None
    return attributes.size


async def _is_taken(client: asyncssh.SFTPClient, path: PurePosixPath) -> bool:
    try:
        await client.lstat(path)
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        return False
    return True


async def _make_folders(
    client: asyncssh.SFTPClient, folder: PurePosixPath, *, below: PurePosixPath
) -> None:
    if folder == below or await client.isdir(folder):
        return
    await _make_folders(client, folder.parent, below=below)
    await _make_folder(client, folder)


async def _make_folder(client: asyncssh.SFTPClient, folder: PurePosixPath) -> None:
    """Make a folder, unless another process was faster."""
    try:
        await client.mkdir(folder)
    except asyncssh.SFTPError:
        if not await client.isdir(folder):
            raise


async def _same_start(
    file: BinaryIO, remote: asyncssh.SFTPClientFile, digest: Any, step: Step
) -> int:
    """Give the length of the start that is there already, block by block; hash it.

    The file is left behind that start.
    """
    at = 0
    while theirs := await _block(remote, at):
        ours = read_block(file, len(theirs))
        if ours != theirs:
            file.seek(at)
            break
        digest.update(ours)
        at += len(ours)
        step.advance(len(ours))
    return at


async def _block(remote: asyncssh.SFTPClientFile, at: int) -> bytes:
    block: bytes = await remote.read(BLOCK, at)
    return block


async def _send(
    file: BinaryIO,
    remote: asyncssh.SFTPClientFile,
    start: int,
    digest: Any,
    step: Step,
) -> None:
    """Send the rest of the file; while one block is on its way the next one is read."""
    at, under_way = start, None
    try:
        while block := read_block(file, BLOCK):
            digest.update(block)
            following = asyncio.create_task(remote.write(block, at))
            at += len(block)
            under_way, before = following, under_way
            if before is not None:
                step.advance(await before)
        if under_way is not None:
            step.advance(await under_way)
    finally:
        if under_way is not None:
            under_way.cancel()
            await asyncio.gather(under_way, return_exceptions=True)
