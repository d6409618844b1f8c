"""The fake's resumable uploads: sessions that take bytes in order, and finish once."""

import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from zoomauto.testing.google.faults import Fault
from zoomauto.testing.google.wire import CUT, Call, Reply, refused

UNIT = 256 * 1024
_SPAN = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")
_PIECE = 2**20

#: Makes the object of the finished bytes; gives what the client is told of it.
Finish = Callable[[bytes], Reply]


@dataclass(kw_only=True)
class Session:
    """One upload under way."""

    finish: Finish
    total: int
    data: bytearray = field(default_factory=bytearray)
    #: The answer once it is finished: the same for ever.
    finished: Reply | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def progress(self) -> Reply:
        """Say how far it came."""
        headers = {"Range": f"bytes=0-{len(self.data) - 1}"} if self.data else {}
        return Reply(status=308, headers=headers)


@dataclass(kw_only=True)
class Sessions:
    """Every session, by its id."""

    origin: str = ""
    known: dict[str, Session] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    #: Bytes that were sent, repeats included.
    bytes_taken: int = 0

    def open(self, call: Call, finish: Finish) -> Reply:
        """Open a session for what the headers announce."""
        name = f"fake-session-{secrets.token_hex(16)}"
        total = int(call.headers.get("x-upload-content-length", "-1"))
        if total < 0:
            self.complaints.append("an upload was announced without its length")
        self.known[name] = Session(finish=finish, total=total)
        location = f"{self.origin}{call.path}?uploadType=resumable&upload_id={name}"
        return Reply(headers={"Location": location})

    def forget(self) -> None:
        """Lose every session, as Google does after a week."""
        self.known.clear()

    def serve(self, call: Call, fault: Fault | None) -> Reply:
        """Take bytes, say how far an upload came, or give it up."""
        session = self.known.get(call.query.get("upload_id", ""))
        if session is None:
            return refused(404, "notFound")
        with session.lock:
            if call.method == "DELETE":
                self.known.pop(call.query["upload_id"])
                return Reply(status=499)
            return self._taken(session, call, fault)

    def _taken(self, session: Session, call: Call, fault: Fault | None) -> Reply:
        match = _SPAN.fullmatch(call.headers.get("content-range", ""))
        if session.finished is not None:
            return session.finished
        if match is None or int(match[3]) != session.total:
            return refused(400, "badContentRange")
        if match[1] is not None:
            start, end = int(match[1]), int(match[2]) + 1
            if start > len(session.data):
                return refused(400, "gap")
            if end != session.total and (end - start) % UNIT:
                self.complaints.append(f"a chunk of {end - start} bytes")
            del session.data[start:]
            if (broken := self._received(session, call, fault)) is not None:
                return broken
        if len(session.data) < session.total:
            return session.progress
        session.finished = session.finish(bytes(session.data))
        if session.finished.status < 300:  # noqa: PLR2004 - a success
            session.data = bytearray()
        return session.finished

    def _received(self, session: Session, call: Call, fault: Fault | None) -> Reply | None:
        """Read the body into the session; give an answer when the fault has one."""
        if fault is not None and fault.cut_after is not None:
            self._read(session, call, fault.cut_after)
            fault.hold()
            return CUT
        if fault is not None and fault.keep is not None:
            self._read(session, call, fault.keep)
            call.read()
            return session.progress
        whole = len(session.data) + call.unread
        self._read(session, call, call.unread)
        return None if len(session.data) == whole else CUT

    def _read(self, session: Session, call: Call, most: int) -> None:
        while most > 0 and (piece := call.read(min(_PIECE, most))):
            session.data += piece
            self.bytes_taken += len(piece)
            most -= len(piece)
