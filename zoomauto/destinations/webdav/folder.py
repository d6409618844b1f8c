"""A folder on a WebDAV server: its requests, one method each."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import PurePath
from urllib.parse import quote
from xml.etree import ElementTree as ET

from zoomauto.destinations.webdav.faults import failure
from zoomauto.destinations.webdav.options import WebdavOptions
from zoomauto.errors import ConfigurationError
from zoomauto.http import Answer, Body, Http
from zoomauto.ports.clock import Clock
from zoomauto.ports.secrets import Secrets

_QUESTION = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<propfind xmlns="DAV:"><prop><resourcetype/><quota-available-bytes/></prop></propfind>'
)
_MULTI_STATUS = 207
_OK = frozenset({200, 201, 204})
_MISSING = frozenset({404, 410})
#: What MKCOL is answered for a folder that is there; the last one by servers that redirect.
_THERE = frozenset({405, 301, 302})
_TAKEN = 412


class WebdavFolder:
    """Speaks WebDAV; every path is relative to the folder of the options."""

    def __init__(self, options: WebdavOptions, secrets: Secrets, clock: Clock) -> None:
        """Open the folder; nothing is asked yet. Raise ConfigurationError without its secret."""
        self._options = options
        self._clock = clock
        self._http = Http(connections=2)
        self._headers: dict[str, str] = {}
        if options.user is not None:
            pair = f"{options.user}:{secrets.get('password').reveal()}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def address(self, path: PurePath) -> str:
        """Give the address of a file."""
        return f"{self._options.folder}/{quote(str(path))}" if path.parts else self._options.folder

    def room(self) -> int | None:
        """Say how many bytes fit into the folder, which is made if need be; None if nobody tells.

        The first question asked: it also shows whether we may ask at all.
        """
        headers = {"Depth": "0", "Content-Type": "application/xml"}
        answer = self._send("PROPFIND", PurePath(), headers, Body(content=_QUESTION))
        if answer.status in _MISSING:
            self._make_folder(PurePath())
            return None
        if answer.status != _MULTI_STATUS:
            raise failure("PROPFIND", self._options.folder, answer, now=self._clock.now())
        try:
            # Of a server whose user chose it; expat bounds what entities may grow to.
            found = ET.fromstring(answer.body).findtext(".//{DAV:}quota-available-bytes", "")  # noqa: S314
        except ET.ParseError as error:
            raise ConfigurationError(
                f"{self._options.folder} answers PROPFIND with something else than WebDAV"
            ) from error
        # Negative numbers are how some say that there is no limit, or that they do not know.
        return int(found) if found.strip().isdecimal() else None

    def size_of(self, path: PurePath) -> int | None:
        """Say how large a file is; None when there is none."""
        answer = self._send("HEAD", path, {"Accept-Encoding": "identity"})
        if answer.status in _MISSING:
            return None
        self._expect("HEAD", path, answer)
        length = answer.headers.get("content-length", "")
        return int(length) if length.isdecimal() else self.hash_of(path)[0]

    def hash_of(self, path: PurePath) -> tuple[int, str]:
        """Read a file; give its size and the SHA-256 of what it holds."""
        digest, size = hashlib.sha256(), 0
        with self._http.stream(self.address(path), headers=self._headers) as stream:
            if stream.status != 200:  # noqa: PLR2004 - OK
                answer = Answer(status=stream.status, headers=stream.headers, body=b"")
                raise failure("GET", self.address(path), answer, now=self._clock.now())
            for chunk in stream.chunks():
                digest.update(chunk)
                size += len(chunk)
        return size, digest.hexdigest()

    def make_folders(self, path: PurePath) -> None:
        """Make a folder and those above it, below the one of the options."""
        for folder in (*reversed(path.parents), path):
            if folder.parts:
                self._make_folder(folder)

    def put(self, path: PurePath, blocks: Iterator[bytes], *, size_bytes: int, kind: str) -> None:
        """Send a file; what ``blocks`` raises is raised."""
        headers = {"Content-Length": str(size_bytes), "Content-Type": kind}
        answer = self._send("PUT", path, headers, Body(content=blocks))
        self._expect("PUT", path, answer)

    def move(self, path: PurePath, target: PurePath) -> bool:
        """Give a file its name. False when that is taken."""
        headers = {"Destination": self.address(target), "Overwrite": "F"}
        answer = self._send("MOVE", path, headers)
        if answer.status == _TAKEN:
            return False
        self._expect("MOVE", path, answer)
        return True

    def delete(self, path: PurePath) -> None:
        """Delete a file, if it is there."""
        answer = self._send("DELETE", path, {})
        if answer.status not in _MISSING:
            self._expect("DELETE", path, answer)

    def _make_folder(self, path: PurePath) -> None:
        answer = self._send("MKCOL", path, {})
        if answer.status not in _OK | _THERE:
            raise failure("MKCOL", self.address(path), answer, now=self._clock.now())

    def _send(
        self, method: str, path: PurePath, headers: Mapping[str, str], body: Body | None = None
    ) -> Answer:
        return self._http.send(
            method,
            self.address(path),
            headers={**self._headers, **headers},
            body=body or Body(),
            patience=timedelta(seconds=self._options.patience_seconds),
        )

    def _expect(self, method: str, path: PurePath, answer: Answer) -> None:
        if answer.status not in _OK:
            raise failure(method, self.address(path), answer, now=self._clock.now())
