"""The fake's Drive: files and folders, found by the queries that we use and no others."""

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from zoomauto.testing.google.uploads import Sessions
from zoomauto.testing.google.wire import Call, Reply, refused

API = "/drive/v3"
UPLOAD = "/upload/drive/v3"
#: A folder on a shared drive.
SHARED_FOLDER = "fake-shared-folder"
SHARED_DRIVE = "fake-shared-drive"
_TEXT = r"'((?:[^'\\]|\\.)*)'"
_CLAUSES = {
    "name": re.compile(rf"name = {_TEXT}"),
    "type": re.compile(rf"mimeType = {_TEXT}"),
    "parent": re.compile(rf"{_TEXT} in parents"),
    "property": re.compile(rf"appProperties has \{{ key={_TEXT} and value={_TEXT} \}}"),
    "trashed": re.compile(r"trashed = false"),
}
Test = Callable[["DriveFile"], bool]


@dataclass(kw_only=True)
class DriveFile:
    """A file or folder."""

    id: str
    resource: Mapping[str, Any]
    content: bytes = b""
    is_trashed: bool = False

    @property
    def path(self) -> tuple[str, str]:
        """Parent and name."""
        return self.resource["parents"][0], self.resource["name"]


@dataclass(kw_only=True)
class FakeDrive:
    """What one account holds, and a shared drive."""

    sessions: Sessions
    files: dict[str, DriveFile] = field(default_factory=dict)
    #: Off: only md5Checksum is told.
    tells_sha256: bool = True
    #: What is kept in place of what arrives; None: what arrives.
    spoils: bytes | None = None
    may_add: bool = True

    def serve(self, call: Call) -> Reply:
        """Answer a request of the API."""
        name = unquote(call.path.removeprefix(UPLOAD).removeprefix(API))
        identifier = name.removeprefix("/files/")
        match call.method, name:
            case "GET", "/about":
                quota = {"limit": "16106127360", "usage": "1000"}
                user = {"emailAddress": "someone@example.com"}
                return Reply(document={"user": user, "storageQuota": quota})
            case "GET", "/files":
                return self._list(call)
            case "GET", "/files/generateIds":
                return Reply(document={"ids": [f"fake-file-{secrets.token_hex(10)}"]})
            case "POST", "/files":
                return self._create(call)
            case "GET", _ if identifier == SHARED_FOLDER:
                return Reply(
                    document={
                        "id": SHARED_FOLDER,
                        "name": "Lectures",
                        "driveId": SHARED_DRIVE,
                        "capabilities": {"canAddChildren": self.may_add},
                    }
                )
            case "GET", _ if identifier in self.files:
                return Reply(document=self._told(self.files[identifier]))
            case "DELETE", _ if identifier in self.files:
                del self.files[identifier]
                return Reply(status=204)
        return refused(404, "notFound")

    def paths(self) -> list[str]:
        """Give the full name of every file that is no folder and not in the trash."""
        return sorted(
            self._path(file)
            for file in self.files.values()
            if not file.is_trashed and "folder" not in file.resource["mimeType"]
        )

    def _path(self, file: DriveFile) -> str:
        parent, name = file.path
        above = self.files.get(parent)
        return f"{self._path(above)}/{name}" if above else f"{parent}/{name}"

    def _create(self, call: Call) -> Reply:
        resource = call.document
        if call.query.get("supportsAllDrives") != "true":
            return refused(404, "notFound")
        if not call.path.startswith(UPLOAD):
            return self._kept(resource, b"")
        return self.sessions.open(call, lambda content: self._kept(resource, content))

    def _kept(self, resource: Mapping[str, Any], content: bytes) -> Reply:
        name = resource.get("id") or f"fake-folder-{secrets.token_hex(10)}"
        if name in self.files:
            return refused(409, "fileIdInUse")
        if self.spoils is not None:
            content = self.spoils
        self.files[name] = DriveFile(id=name, resource=resource, content=content)
        return Reply(document=self._told(self.files[name]))

    def _told(self, file: DriveFile) -> Mapping[str, Any]:
        sums = {"md5Checksum": hashlib.md5(file.content, usedforsecurity=False).hexdigest()}
        if self.tells_sha256:
            sums["sha256Checksum"] = hashlib.sha256(file.content).hexdigest()
        return {
            "id": file.id,
            "name": file.resource["name"],
            "size": str(len(file.content)),
            "webViewLink": f"https://drive.google.com/file/d/{file.id}/view",
            "trashed": file.is_trashed,
            **sums,
        }

    def _list(self, call: Call) -> Reply:
        tests = _tests_of(call.query.get("q", ""))
        if tests is None:
            return refused(400, "invalid")
        found = [file for file in self.files.values() if all(test(file) for test in tests)]
        return Reply(document={"files": [self._told(file) for file in found]})


def _tests_of(query: str) -> list[Test] | None:
    """Read a query; None when it holds what the fake does not know."""
    tests: list[Test] = []
    while query:
        found = ((kind, clause.match(query)) for kind, clause in _CLAUSES.items())
        kind, match = next(((k, m) for k, m in found if m), ("", None))
        if match is None:
            return None
        tests.append(_test(kind, [re.sub(r"\\(.)", r"\1", text) for text in match.groups()]))
        query = query[match.end() :].removeprefix(" and ")
    return tests


def _test(kind: str, texts: list[str]) -> Test:
    match kind:
        case "name":
            return lambda file: file.resource["name"] == texts[0]
        case "type":
            return lambda file: file.resource["mimeType"] == texts[0]
        case "parent":
            return lambda file: texts[0] in file.resource["parents"]
        case "property":
            return lambda file: file.resource.get("appProperties", {}).get(texts[0]) == texts[1]
    return lambda file: not file.is_trashed
