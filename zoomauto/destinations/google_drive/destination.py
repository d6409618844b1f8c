"""Google Drive: My Drive, or a shared one."""

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any, ClassVar

from zoomauto.destinations.google_drive.files import (
    FIELDS,
    SHARED,
    DriveFiles,
    Place,
    is_same,
    marked,
    properties_of,
    quoted,
)
from zoomauto.destinations.google_drive.options import DriveOptions
from zoomauto.domain.place_name import name_candidates
from zoomauto.domain.source import Check
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    TemporaryError,
    Unreachable,
    ZoomautoError,
)
from zoomauto.google.client import GoogleClient, Request, Service, established
from zoomauto.google.faults import CONFLICT
from zoomauto.google.private_file import locked
from zoomauto.google.resumable import Upload, send_resumably
from zoomauto.google.upload_memory import UploadMemory
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel, Visit
from zoomauto.ports.progress import Progress

_FOLDER_FIELDS = "id,name,driveId,trashed,capabilities(canAddChildren)"


class DriveDestination:
    """Publishes into Google Drive: folders as the name says, nothing ever replaced.

    An upload that was broken off goes on where it stopped, in another process too. Drive names the
    file before the first byte is sent, so that no accident makes two. Its sums are compared.
    """

    Options: ClassVar[type] = DriveOptions
    secret_names: ClassVar[frozenset[str]] = frozenset({"client_secret"})

    def __init__(self, options: DriveOptions, tools: Tools) -> None:
        """Open the destination; nothing is asked yet."""
        self._options = options
        service = Service(name="google-drive", scopes=options.scopes)
        self._client = GoogleClient(options, tools, service)
        self._files = DriveFiles(self._client, options)

    def publish(self, parcel: Parcel, progress: Progress) -> Delivered:
        """Publish the parcel and verify it there. Doing it again gives the same result.

        Raise CorruptMedia when the bytes read are not those of the parcel, AuthenticationError
        without a login, DiskFull when the account is full, RateLimited for a quota.
        """
        names = list(name_candidates(parcel))
        place = self._folder_for(names[0].parent)
        login = self._client.logins.required()
        memory = UploadMemory.of(
            parcel, login_id=login.id, place=f"{self._options.upload_base}\n{place.folder}"
        )
        found = self._known(parcel, memory)
        if found is None and memory.object_id is None:
            found = self._found(parcel, place, names, memory)
        if found is None:
            found = self._uploaded(parcel, place, memory, progress)
        return Delivered(
            location=str(found["id"]),
            url=found.get("webViewLink"),
            size_bytes=parcel.size_bytes,
            sha256=parcel.sha256,
        )

    def holds(self, delivered: Delivered) -> bool:
        """Whether what was delivered is still there, not in the trash, with the same size."""
        file = self._files.get(delivered.location)
        if file is None or file.get("trashed"):
            return False
        return str(file.get("size", "")) == str(delivered.size_bytes)

    def check(self) -> tuple[Check, ...]:
        """Prove that somebody is logged in and may add files to the folder."""
        login = self._client.check_login()
        if not all(check.ok for check in login):
            return login
        return (
            *login,
            established("account", self._account),
            established("folder", self._writable_folder),
        )

    def log_in(self, visit: Visit) -> tuple[Check, ...]:
        """Have a person log in, keep the login, and check the destination."""
        self._client.log_in(visit)
        return self.check()

    def _known(self, parcel: Parcel, memory: UploadMemory) -> Mapping[str, Any] | None:
        """Give what an earlier attempt finished, if it is there and right."""
        if memory.object_id is None:
            return None
        file = self._files.get(memory.object_id)
        if file is None:
            return None
        if file.get("trashed"):
            # A person threw it away; an id is never given twice.
            memory.keep(object=None, session=None, name=None)
            return None
        return self._verified(file, parcel, memory)

    def _found(
        self, parcel: Parcel, place: Place, names: list[PurePath], memory: UploadMemory
    ) -> Mapping[str, Any] | None:
        """Give what has the parcel's bytes already; else choose a name, and remember it."""
        for file in self._files.find(place, marked(parcel)):
            if is_same(file, parcel):
                return file
        for name in names:
            taken = list(self._files.find(place, f"name = {quoted(name.name)}"))
            if not taken:
                memory.keep(object=self._files.new_id(), name=name.name)
                return None
            if same := next((file for file in taken if is_same(file, parcel)), None):
                return same
        raise Unreachable(f"every name for {names[0].name!r} is taken in Google Drive")

    def _uploaded(
        self, parcel: Parcel, place: Place, memory: UploadMemory, progress: Progress
    ) -> Mapping[str, Any]:
        identifier = memory.object_id or ""
        upload = Upload(
            opening=Request(
                what="upload a file",
                method="POST",
                url=f"{self._options.upload_base.rstrip('/')}/files",
                params={"uploadType": "resumable", "fields": FIELDS, **SHARED},
                headers={
                    "X-Upload-Content-Type": parcel.media_type,
                    "X-Upload-Content-Length": str(parcel.size_bytes),
                },
                document={
                    "id": identifier,
                    "name": memory.facts["name"],
                    "parents": [place.folder],
                    "mimeType": parcel.media_type,
                    "appProperties": properties_of(parcel),
                    "description": parcel.metadata.get("description", ""),
                },
            ),
            parcel=parcel,
            memory=memory,
        )
        file: Mapping[str, Any] | None
        try:
            file = send_resumably(self._client, upload, progress)
        except ZoomautoError as error:
            if error.data.get("status") != CONFLICT:
                raise
            # It was finished before, and the answer was lost with its session.
            file = self._files.get(identifier)
        if file is None:
            raise TemporaryError("Google Drive does not show what was uploaded")
        return self._verified(file, parcel, memory)

    def _verified(
        self, file: Mapping[str, Any], parcel: Parcel, memory: UploadMemory
    ) -> Mapping[str, Any]:
        """Give the file. When its bytes are others, delete it and raise TemporaryError."""
        if is_same(file, parcel):
            return file
        self._files.delete(str(file["id"]))
        memory.keep(object=None, session=None, name=None)
        raise TemporaryError("what arrived in Google Drive differs from what was sent; it is gone")

    def _folder_for(self, path: PurePath) -> Place:
        """Give the folder that the name asks for, its parents too, made if need be."""
        place = self._root()
        if not path.parts:
            return place
        # Drive allows two folders of one name, so only one of us may make it.
        with locked(Path(self._client.logins.path).with_suffix(".folders.lock")):
            for part in path.parts:
                place = self._files.folder(place, part)
        return place

    def _root(self) -> Place:
        if not self._options.folder:
            return Place(folder="root")
        folder = self._files.get(self._options.folder, fields=_FOLDER_FIELDS)
        if folder is None or folder.get("trashed"):
            raise ConfigurationError(
                f"Google Drive shows no folder {self._options.folder} to this login",
                hint="share the folder with that account, or correct the option folder",
            )
        if not folder.get("capabilities", {}).get("canAddChildren", True):
            raise AuthenticationError(
                f"this login may not add files to the folder {folder.get('name')!r}",
                hint="give that account the role of a contributor",
            )
        drive = folder.get("driveId")
        return Place(folder=str(folder["id"]), drive=str(drive) if drive else None)

    def _account(self) -> str:
        about = self._client.call(
            Request(
                what="look at the account",
                url=f"{self._options.api_base.rstrip('/')}/about",
                params={"fields": "user(emailAddress),storageQuota(limit,usage)"},
            )
        )
        who = about.get("user", {}).get("emailAddress", "an account without a name")
        quota = about.get("storageQuota", {})
        if not quota.get("limit"):
            return f"{who}, without a limit of space"
        free = int(quota["limit"]) - int(quota.get("usage", 0))
        return f"{who}, {max(free, 0):,} bytes free"

    def _writable_folder(self) -> str:
        place = self._root()
        if place.folder == "root":
            return "the top of My Drive"
        return f"{place.folder} can be written" + (", on a shared drive" if place.drive else "")
