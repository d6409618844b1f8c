"""Files and folders of Drive as its API knows them."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from zoomauto.destinations.google_drive.options import DriveOptions
from zoomauto.errors import TemporaryError, ZoomautoError
from zoomauto.google.client import GoogleClient, Request
from zoomauto.google.faults import NOT_FOUND
from zoomauto.ports.destination import Parcel

FOLDER_TYPE = "application/vnd.google-apps.folder"
FIELDS = "id,name,size,md5Checksum,sha256Checksum,webViewLink,trashed"
#: Without these, shared drives do not exist for the API.
SHARED = {"supportsAllDrives": "true"}
_LISTED = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A folder, and the shared drive it lies in."""

    folder: str
    drive: str | None = None

    def holding(self, name: str) -> "Place":
        """Give a folder of the same drive."""
        return Place(folder=name, drive=self.drive)


def quoted(text: str) -> str:
    """Write a text as a query of Drive has it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def identity_of(parcel: Parcel) -> str:
    """Give what tells this file from every other, short enough for a property."""
    return hashlib.sha256(parcel.identity.encode("utf-8", "surrogatepass")).hexdigest()


def properties_of(parcel: Parcel) -> dict[str, str]:
    """Give the hidden properties by which a parcel is found again, whatever its name."""
    return {"zoomautoIdentity": identity_of(parcel), "zoomautoSha256": parcel.sha256}


def marked(parcel: Parcel) -> str:
    """Give the query for what carries these properties."""
    return " and ".join(
        f"appProperties has {{ key={quoted(key)} and value={quoted(value)} }}"
        for key, value in properties_of(parcel).items()
    )


def is_same(file: Mapping[str, Any], parcel: Parcel) -> bool:
    """Whether a file of Drive has the parcel's bytes, by size and the strongest sum it tells."""
    if file.get("trashed") or str(file.get("size", "")) != str(parcel.size_bytes):
        return False
    if file.get("sha256Checksum"):
        return bool(file["sha256Checksum"] == parcel.sha256)
    return bool(file.get("md5Checksum")) and file["md5Checksum"] == _md5(parcel)


class DriveFiles:
    """The calls that are needed, each a few lines."""

    def __init__(self, client: GoogleClient, options: DriveOptions) -> None:
        self._client = client
        self._files = f"{options.api_base.rstrip('/')}/files"

    def get(self, name: str, *, fields: str = FIELDS) -> Mapping[str, Any] | None:
        """Give a file; None when there is none, or none for us."""
        try:
            return self._client.call(
                Request(
                    what="look at a file",
                    url=f"{self._files}/{quote(name, safe='')}",
                    params={"fields": fields, **SHARED},
                )
            )
        except ZoomautoError as error:
            if error.data.get("status") == NOT_FOUND:
                return None
            raise

    def find(self, place: Place, query: str) -> Iterator[Mapping[str, Any]]:
        """Give what is in a folder and fits the query, the oldest first."""
        whole = f"{query} and {quoted(place.folder)} in parents and trashed = false"
        # orderBy makes the choice among folders of one name the same for everybody.
        params = {"q": whole, "fields": f"nextPageToken,files({FIELDS})", "orderBy": "createdTime"}
        if place.drive:
            params |= {"corpora": "drive", "driveId": place.drive}
        while True:
            page = self._client.call(
                Request(what="list files", url=self._files, params={**params, **_LISTED})
            )
            yield from page.get("files", ())
            if not page.get("nextPageToken"):
                return
            params["pageToken"] = page["nextPageToken"]

    def folder(self, place: Place, name: str) -> Place:
        """Give the folder of that name, made if need be."""
        query = f"name = {quoted(name)} and mimeType = {quoted(FOLDER_TYPE)}"
        found = next(self.find(place, query), None)
        if found is None:
            found = self._client.call(
                Request(
                    what="make a folder",
                    method="POST",
                    url=self._files,
                    params={"fields": "id", **SHARED},
                    document={
                        "name": name,
                        "mimeType": FOLDER_TYPE,
                        "parents": [place.folder],
                    },
                )
            )
        return place.holding(str(found["id"]))

    def new_id(self) -> str:
        """Have Drive name a file before there is one: the same name is never given twice."""
        request = Request(
            what="name a file",
            url=f"{self._files}/generateIds",
            params={"count": "1", "space": "drive", "type": "files"},
        )
        names = self._client.call(request).get("ids")
        if not isinstance(names, list) or not names:
            raise TemporaryError("Google Drive gave no id for a new file")
        return str(names[0])

    def delete(self, name: str) -> None:
        """Delete a file that is not what it should be."""
        self._client.call(
            Request(
                what="delete a file",
                method="DELETE",
                url=f"{self._files}/{quote(name, safe='')}",
                params=SHARED,
            )
        )


def _md5(parcel: Parcel) -> str:
    with Path(parcel.path).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
