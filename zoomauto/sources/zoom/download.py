"""Copying one file: redirects by hand, resumed where it stopped, refused when it is no media.

Beside the piece that is there already lies a small JSON file with what is needed to go on after a
crash: whose bytes they are, how many there will be, and the validator that proves the rest fits.
"""

import errno
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from zoomauto.domain.recording import FileKind, RecordingFile
from zoomauto.errors import DiskFull, TemporaryError
from zoomauto.http import BrokenTransfer, Http, Origin, Stream, joined
from zoomauto.ports.progress import Progress, Step
from zoomauto.ports.source import Fetched

#: Redirects that are followed; Zoom uses one (contract, section 3).
MOST_HOPS = 5
_ZOOM_HOSTS = re.compile(r"(?:.+\.)?(?:zoom\.us|zoomgov\.com|zoom\.com\.cn)\Z")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK, _PARTIAL, _PAST_THE_END, _LIMITED, _SERVER_ERRORS = 200, 206, 416, 429, 500
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)\Z")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_CHUNK = 2**20
#: What an error document has and a file of Zoom's has not.
_ERROR_DOCUMENT = re.compile(rb'\A\s*\{\s*"(?:status"\s*:\s*false|errorCode|code)')
_PAGE = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|\?xml)", re.IGNORECASE)
_NO_MEDIA = re.compile(rb"\A\s*[<{\[]")
_MEDIA_SUFFIXES = (".mp4", ".m4a")


class Refused(TemporaryError):
    """Zoom gave something else than the file; a fresh token and address may help."""


class StartOver(TemporaryError):
    """What is there does not fit to what would follow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Progressed:
    """What is remembered beside a piece."""

    key: str
    fingerprint: str
    #: A strong ETag, or Last-Modified.
    validator: str
    #: Bytes of the whole file.
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A file that is being downloaded, and what is remembered of it."""

    path: Path

    @classmethod
    def of(cls, target: Path) -> "Piece":
        """Give the piece of a target; a target that is called ``.part`` is its own piece."""
        is_piece = target.suffix == ".part"
        return cls(path=target if is_piece else target.with_name(f"{target.name}.part"))

    @property
    def note(self) -> Path:
        """The small file beside it."""
        return self.path.with_name(f"{self.path.name}.json")

    def resumable(self, file: RecordingFile) -> Progressed | None:
        """Give what is needed to go on; None when there is nothing to go on from."""
        try:
            known = Progressed(**json.loads(self.note.read_bytes()))
            fits = (known.key, known.fingerprint) == (file.key, file.fingerprint)
            return known if fits and 0 < self.path.stat().st_size <= known.total else None
        except (OSError, ValueError, TypeError):
            return None

    def remember(self, progressed: Progressed | None) -> None:
        """Write down, in one step, what the piece will be; None means it cannot be resumed."""
        if progressed is None:
            self.note.unlink(missing_ok=True)
            return
        draft = self.note.with_name(f"{self.note.name}.new")
        draft.write_text(json.dumps(asdict(progressed)), encoding="utf-8")
        draft.replace(self.note)

    def finish(self, target: Path) -> None:
        """Give the complete file its name."""
        self.note.unlink(missing_ok=True)
        if self.path != target:
            self.path.replace(target)

    def discard(self) -> None:
        """Delete everything of it."""
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """To whom the token is shown (contract, section 3)."""

    #: Those of ``api_base`` and ``token_url``.
    origins: frozenset[Origin]

    def covers(self, url: str) -> bool:
        """Whether the token may be shown there."""
        origin = Origin.of(url)
        is_zoom = origin.scheme == "https" and _ZOOM_HOSTS.match(origin.host) is not None
        return origin in self.origins or (is_zoom and origin.port == 443)  # noqa: PLR2004 - https


@dataclass(frozen=True, kw_only=True)
class Download:
    """One attempt to bring one file, from a fresh address."""

    http: Http
    trust: Trust
    file: RecordingFile
    url: str
    #: The header that shows the token.
    authorization: Mapping[str, str]
    progress: Progress
    #: Whether a body of no announced length may differ from what was listed: not the first time.
    is_repeated: bool = False

    def to(self, target: Path) -> Fetched:
        """Write the file, going on from what an earlier attempt left.

        Raise Refused for what is not the file, BrokenTransfer when the rest is to come,
        StartOver when what was there is of no use (it is deleted), DiskFull.
        """
        piece = Piece.of(target)
        known = piece.resumable(self.file)
        with _told(self.file, piece), self._opened(known, piece) as stream:
            fetched = self._received(stream, piece, known)
            piece.finish(target)
        return fetched

    @contextmanager
    def _opened(self, known: Progressed | None, piece: Piece) -> Iterator[Stream]:
        """Follow redirects by hand; the token goes to Zoom alone, and never back to http."""
        url = self.url
        resume = {}
        if known is not None:
            start = piece.path.stat().st_size
            resume = {"Range": f"bytes={start}-", "If-Range": known.validator}
        self._refuse_downgrade("https://" if self._expects_tls else "", url)
        for _ in range(MOST_HOPS + 1):
            shown = self.authorization if self.trust.covers(url) else {}
            with self.http.stream(url, headers={**shown, **resume}) as stream:
                if stream.status not in _REDIRECTS:
                    yield stream
                    return
                location = stream.headers.get("location", "")
            previous, url = url, joined(url, location)
            self._refuse_downgrade(previous, url)
        raise Refused(f"{self.file.name}: Zoom redirects more than {MOST_HOPS} times")

    @property
    def _expects_tls(self) -> bool:
        return all(origin.scheme == "https" for origin in self.trust.origins)

    def _refuse_downgrade(self, previous: str, url: str) -> None:
        if previous.startswith("https:") and not url.startswith("https:"):
            raise Refused(f"{self.file.name}: refused to go on without encryption")

    def _received(self, stream: Stream, piece: Piece, known: Progressed | None) -> Fetched:
        start = piece.path.stat().st_size if known is not None else 0
        if stream.status == _PAST_THE_END and known is not None:
            return self._complete_already(stream, piece, known)
        if stream.status == _PARTIAL and known is not None:
            self._refuse_other_rest(stream, known, start)
        elif stream.status == _OK:
            start = 0
        else:
            is_busy = stream.status == _LIMITED or stream.status >= _SERVER_ERRORS
            raise (BrokenTransfer if is_busy else Refused)(
                f"{self.file.name}: Zoom answers {stream.status} in place of the file"
            )
        if start == 0:
            self._refuse_other_content(stream.headers)
        total = self._total(stream, start)
        _refuse_full_disk(piece.path, total or 0)
        return self._written(stream, piece, start, total)

    def _complete_already(self, stream: Stream, piece: Piece, known: Progressed) -> Fetched:
        found = _CONTENT_RANGE.match(stream.headers.get("content-range", ""))
        length = piece.path.stat().st_size
        if length != known.total or (found is not None and found[3] not in {"*", str(length)}):
            raise StartOver(f"{self.file.name} changed while it was downloaded")
        return Fetched(size_bytes=length, sha256=_hash_of(piece.path).hexdigest())

    def _refuse_other_rest(self, stream: Stream, known: Progressed, start: int) -> None:
        found = _CONTENT_RANGE.match(stream.headers.get("content-range", ""))
        validator = _validator(stream.headers)
        fits = found is not None and (found[1], found[3]) == (str(start), str(known.total))
        if not fits or validator not in {None, known.validator}:
            raise StartOver(f"{self.file.name} changed while it was downloaded")

    def _total(self, stream: Stream, start: int) -> int | None:
        """Give the whole file's size: what is announced, else what was listed."""
        listed = self.file.size_bytes if self._is_media else None
        announced = stream.headers.get("content-length", "")
        if not announced.isdecimal():
            return listed
        total = start + int(announced)
        if listed is not None and total != listed:
            raise StartOver(
                f"{self.file.name} should have {listed:,} bytes, Zoom announces {total:,}"
            )
        return total

    @property
    def _is_media(self) -> bool:
        return self.file.name.lower().endswith(_MEDIA_SUFFIXES)

    def _refuse_other_content(self, headers: Mapping[str, str]) -> None:
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        wrong = {"text/html", "application/json"} if self._is_media else {"text/html"}
        if kind in wrong:
            raise Refused(f"{self.file.name}: Zoom gives {kind} in place of the file")

    def _refuse_other_bytes(self, first: bytes) -> None:
        looks_wrong = _PAGE.match(first) or _ERROR_DOCUMENT.match(first)
        if looks_wrong or (self._is_media and _NO_MEDIA.match(first)):
            raise Refused(f"{self.file.name}: Zoom gives a page or a message, not the file")

    def _written(self, stream: Stream, piece: Piece, start: int, total: int | None) -> Fetched:
        digest = _hash_of(piece.path) if start else hashlib.sha256()
        label = f"downloading {self.file.name}"
        with (
            piece.path.open("ab" if start else "wb") as target,
            self.progress.step(label, total=total, unit="bytes") as step,
        ):
            if not start:
                # Only once the old bytes are gone: a crash must not pair them with this note.
                piece.remember(self._memory(stream.headers, total))
            step.advance(start)
            size = start + self._copied(stream, target, digest.update, step, is_first=not start)
        if total is not None and size < total:
            raise BrokenTransfer(f"{self.file.name}: {size:,} of {total:,} bytes came")
        if total is None and not self.is_repeated and self.file.size_bytes not in {None, size}:
            raise BrokenTransfer(f"{self.file.name}: {size:,} bytes came, which may not be all")
        if total is not None and size > total:
            raise StartOver(f"{self.file.name} should have {total:,} bytes, {size:,} came")
        return Fetched(size_bytes=size, sha256=digest.hexdigest())

    def _copied(
        self,
        stream: Stream,
        target: BinaryIO,
        update: Callable[[bytes], None],
        step: Step,
        *,
        is_first: bool,
    ) -> int:
        size = 0
        # Each piece is hashed while the next one arrives; the wait keeps their number at two.
        with ThreadPoolExecutor(max_workers=1) as beside:
            hashed: Future[None] = beside.submit(update, b"")
            for chunk in stream.chunks():
                if is_first:
                    self._refuse_other_bytes(chunk)
                    is_first = False
                target.write(chunk)
                hashed.result()
                hashed = beside.submit(update, chunk)
                size += len(chunk)
                step.advance(len(chunk))
        return size

    def _memory(self, headers: Mapping[str, str], total: int | None) -> Progressed | None:
        validator = _validator(headers)
        if validator is None or total is None or headers.get("accept-ranges") == "none":
            return None
        return Progressed(
            key=self.file.key,
            fingerprint=self.file.fingerprint,
            validator=validator,
            total=total,
        )


def is_text(file: RecordingFile) -> bool:
    """Whether a file is words, whose listed size is only a hint."""
    return file.kind in {FileKind.CHAT, FileKind.TRANSCRIPT, FileKind.CAPTIONS}


@contextmanager
def _told(file: RecordingFile, piece: Piece) -> Iterator[None]:
    """Delete a piece that is of no use, and tell what the disk says in our words."""
    try:
        yield
    except (Refused, StartOver) as error:
        # A refusal says nothing of the bytes that came before it.
        if isinstance(error, StartOver) or piece.resumable(file) is None:
            piece.discard()
        raise
    except OSError as error:
        if error.errno in _FULL:
            piece.discard()
            raise DiskFull(f"no space left for {file.name} in {piece.path.parent}") from error
        raise TemporaryError(f"{piece.path} cannot be written: {error.strerror}") from error


def _validator(headers: Mapping[str, str]) -> str | None:
    """Give what proves that two answers are of the same bytes; a weak ETag does not."""
    etag = headers.get("etag", "")
    if etag and not etag.startswith("W/"):
        return etag
    return headers.get("last-modified") or None


def _hash_of(path: Path) -> "hashlib._Hash":
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest


def _refuse_full_disk(path: Path, total: int) -> None:
    """Raise DiskFull before the first byte; what is there already is counted on or replaced."""
    held = path.stat().st_size if path.exists() else 0
    free = shutil.disk_usage(path.parent).free
    if total - held > free:
        raise DiskFull(
            f"{total - held:,} bytes are to come and only {free:,} are free in {path.parent}"
        )
