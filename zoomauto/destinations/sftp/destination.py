"""A folder on a server that speaks SFTP."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from zoomauto.destinations.sftp.options import SftpOptions
from zoomauto.domain.source import Check
from zoomauto.errors import ConfigurationError, ZoomautoError
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.ports.progress import Progress

if TYPE_CHECKING:
    import asyncssh

T = TypeVar("T")


class SftpDestination:
    """A folder on a server, over SFTP (extra ``sftp``).

    A file is sent under a hidden name beside its place and renamed when all of it is there; no
    other file is replaced. What broke off is continued by the next try, in another process too.
    A server whose host key is not known is sent nothing.
    """

    Options: ClassVar[type] = SftpOptions
    secret_names: ClassVar[frozenset[str]] = frozenset({"password", "passphrase"})

    def __init__(self, options: SftpOptions, tools: Tools) -> None:
        """Prepare the destination; every call opens a session of its own."""
        self._options = options
        self._secrets = tools.secrets
        self._root = PurePosixPath(options.path)

    def publish(self, parcel: Parcel, progress: Progress) -> Delivered:
        """Publish the parcel and verify it there. Doing it again gives the same result.

        Raise CorruptMedia when the bytes read are not those of the parcel, DiskFull,
        AuthenticationError, Unreachable, or TemporaryError for a connection that broke.
        """
        _require_asyncssh()
        from zoomauto.destinations.sftp.transfer import Transfer

        def sent(client: "asyncssh.SFTPClient") -> Awaitable[PurePosixPath]:
            return Transfer(
                client=client,
                root=self._root,
                parcel=parcel,
                progress=progress,
                verify=self._options.verify,
            )()

        path = asyncio.run(self._in_session(sent))
        return Delivered(
            location=str(path),
            url=self._options.url(path),
            size_bytes=parcel.size_bytes,
            sha256=parcel.sha256,
        )

    def holds(self, delivered: Delivered) -> bool:
        """Whether what was delivered is still there with the same size.

        Raise as :meth:`publish` does when that cannot be told.
        """
        _require_asyncssh()
        from zoomauto.destinations.sftp.transfer import regular_size

        def size(client: "asyncssh.SFTPClient") -> Awaitable[int | None]:
            return regular_size(client, PurePosixPath(delivered.location))

        return asyncio.run(self._in_session(size)) == delivered.size_bytes

    def check(self) -> tuple[Check, ...]:
        """Prove that the folder can be written, by writing a file and deleting it."""
        try:
            _require_asyncssh()
            root, free = asyncio.run(self._in_session(_probed(self._root)))
        except ZoomautoError as error:
            return (Check.failed("write", error),)
        return (
            Check(name="write", ok=True, detail=f"{root} at {self._options.place} can be written"),
            Check(name="space", ok=True, detail=free),
        )

    async def _in_session(self, work: "Callable[[asyncssh.SFTPClient], Awaitable[T]]") -> T:
        from zoomauto.destinations.sftp.session import open_session

        async with open_session(self._options, self._secrets) as client:
            return await work(client)


def _require_asyncssh() -> None:
    try:
        import asyncssh  # noqa: F401 - whether it is there
    except ImportError as error:
        raise ConfigurationError(
            "SFTP needs the asyncssh package", hint='pip install "zoomauto[sftp]"'
        ) from error


def _probed(
    path: PurePosixPath,
) -> "Callable[[asyncssh.SFTPClient], Coroutine[Any, Any, tuple[PurePosixPath, str]]]":
    """Make what writes a file, deletes it, and tells the folder and its free space."""

    async def probe(client: "asyncssh.SFTPClient") -> tuple[PurePosixPath, str]:
        import asyncssh

        from zoomauto.destinations.sftp.transfer import made_root

        root = await made_root(client, path)
        name = root / f".zoomauto-check-{os.getpid()}"
        try:
            async with client.open(name, "wb") as file:
                await file.write(b"zoomauto\n")
        finally:
            with suppress(asyncssh.SFTPError):
                await client.remove(name)
        try:
            disk = await client.statvfs(root)
        except asyncssh.SFTPError:
            return root, "the server does not tell"
        return root, f"{disk.bavail * disk.frsize:,} bytes free"

    return probe
