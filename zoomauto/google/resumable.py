"""Google's resumable uploads: one protocol for films, captions and files.

A session is opened, remembered, and sent chunk by chunk. Whatever breaks, Google is asked how far
it came; what it has already finished is given as it is, so that a lost answer makes no second
object.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from zoomauto.errors import CorruptMedia, TemporaryError, Unreachable, ZoomautoError
from zoomauto.google.client import GoogleClient, Request
from zoomauto.google.faults import (
    GONE,
    NOT_FOUND,
    OK,
    UNAUTHORIZED,
    document_of,
    is_passing,
    refusal,
)
from zoomauto.google.patience import TRIES, pause_after
from zoomauto.google.pieces import Pieces
from zoomauto.google.upload_memory import UploadMemory
from zoomauto.http import Answer, Body, Origin
from zoomauto.ports.destination import Parcel
from zoomauto.ports.progress import Progress

#: Google wants multiples of 256 KiB. More would be sent again after a broken connection.
CHUNK = 16 * 2**20
_INCOMPLETE = 308
_RANGE = re.compile(r"(?:bytes=)?0-(\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """One object that is to be made of a parcel."""

    #: Opens the session: its URL, its parameters and the object's metadata.
    opening: Request
    parcel: Parcel
    memory: UploadMemory


def send_resumably(client: GoogleClient, upload: Upload, progress: Progress) -> Mapping[str, Any]:
    """Send a parcel; give the finished object as Google describes it.

    Goes on with the session that the memory holds. Raise CorruptMedia when the bytes read are not
    those of the parcel; then, and after every refusal, nothing of it is visible anywhere.
    """
    parcel = upload.parcel
    with progress.step(parcel.name, total=parcel.size_bytes, unit="bytes") as step:
        sending = _Sending(client=client, upload=upload, pieces=Pieces(parcel, step))
        return sending.run()


@dataclass(kw_only=True)
class _Sending:
    """An upload under way."""

    client: GoogleClient
    upload: Upload
    pieces: Pieces
    #: How many bytes Google has; None when it must be asked.
    position: int | None = None
    #: The most that Google ever had: less than this is no progress.
    furthest: int = 0
    #: Attempts since the last progress.
    vain: int = 0
    was_unauthorized: bool = False

    def run(self) -> Mapping[str, Any]:
        """Send until Google has it all."""
        try:
            while True:
                if self.upload.memory.session is None:
                    self._open()
                answer = self._exchange()
                if answer is not None and self._is_finished(answer):
                    return document_of(answer)
        except CorruptMedia:
            self._cancel()
            raise

    @property
    def _total(self) -> int:
        return self.upload.parcel.size_bytes

    @property
    def _what(self) -> str:
        return self.upload.opening.what

    def _open(self) -> None:
        """Open a session, and write its address down before the first byte is sent."""
        answer = self.client.answer(self.upload.opening)
        if answer.status not in OK:
            raise self._refusal(answer)
        session = answer.headers.get("location", "")
        if not self._is_at_home(session):
            raise TemporaryError("the upload session lies at another host; nothing was sent")
        self.upload.memory.keep(session=session)
        self.position = 0

    def _exchange(self) -> Answer | None:
        """Send a chunk, or ask how far Google came; None when there is no answer."""
        session = self.upload.memory.session or ""
        if not self._is_at_home(session):
            self.upload.memory.keep(session=None)
            raise TemporaryError("the upload session lies at another host; it is given up")
        token = self.client.tokens.current()
        try:
            answer = self._put(session, token.header)
        except Unreachable as error:
            self._wait(None, error)
            return None
        if answer.status == UNAUTHORIZED:
            self.client.tokens.renew(token)
        return answer

    def _put(self, session: str, header: Mapping[str, str]) -> Answer:
        start, total = self.position, self._total
        content: bytes | Iterable[bytes] = b""
        span, length = f"bytes */{total}", 0
        if start is not None and start < total:
            end = min(start + CHUNK, total)
            content = self.pieces.between(start, end)
            span, length = f"bytes {start}-{end - 1}/{total}", end - start
        elif not total:
            self.pieces.require_whole()
        headers = {**header, "Content-Range": span, "Content-Length": str(length)}
        return self.client.http.send("PUT", session, headers=headers, body=Body(content=content))

    def _is_finished(self, answer: Answer) -> bool:
        """Do what an answer to a chunk or a question asks for."""
        is_unauthorized = answer.status == UNAUTHORIZED
        if answer.status in OK:
            return True
        if answer.status == _INCOMPLETE:
            self._go_on(answer)
        elif answer.status in {NOT_FOUND, GONE}:
            # A session lives for a week.
            self.upload.memory.keep(session=None)
            self._count(TemporaryError("Google has lost the upload session again and again"))
        elif is_unauthorized and not self.was_unauthorized:
            self._count(self._refusal(answer))
        elif is_passing(answer):
            self._wait(answer, self._refusal(answer))
        else:
            self.upload.memory.keep(session=None)
            raise self._refusal(answer)
        self.was_unauthorized = is_unauthorized
        return False

    def _go_on(self, answer: Answer) -> None:
        """Go on behind the last byte that Google has, which may be fewer than were sent."""
        was_question = self.position is None
        match = _RANGE.fullmatch(answer.headers.get("range", "").strip())
        position = int(match[1]) + 1 if match else 0
        if position > self._total:
            self.upload.memory.keep(session=None)
            raise TemporaryError("Google counts more bytes than there are; the upload begins anew")
        if position > self.furthest:
            self.furthest, self.vain = position, 0
        elif not was_question:
            self._count(TemporaryError("Google takes no more bytes"))
        self.position = position

    def _wait(self, answer: Answer | None, failure: ZoomautoError) -> None:
        self._count(failure)
        pause = pause_after(answer, self.vain, self.client.clock.now(), what=self._what)
        self.client.clock.sleep(pause)

    def _count(self, failure: ZoomautoError) -> None:
        """Ask next how far Google came; raise what went wrong when nothing helps."""
        self.position = None
        self.vain += 1
        if self.vain >= TRIES:
            raise failure

    def _refusal(self, answer: Answer) -> ZoomautoError:
        return refusal(answer, self.client.clock.now(), what=self._what)

    def _is_at_home(self, session: str) -> bool:
        """Whether the token may be shown to the session's host."""
        return Origin.of(session) == Origin.of(self.upload.opening.url)

    def _cancel(self) -> None:
        """Give the session up; that Google hears of it is a courtesy."""
        session = self.upload.memory.session
        if session is None:
            return
        with suppress(ZoomautoError):
            headers = {**self.client.tokens.current().header, "Content-Length": "0"}
            self.client.http.send("DELETE", session, headers=headers)
        self.upload.memory.keep(session=None)
