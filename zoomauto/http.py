"""HTTP: the one home of httpx. Redirects are never followed here; whoever asks decides.

httpx is used synchronously and without HTTP/2. Long bodies are read from its stream below the
parser, which has nothing to say about them and would look at every 64 KiB: over loopback that is
twice as fast.
"""

import logging
import re
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO

import httpcore
import httpx

from zoomauto import __version__
from zoomauto.errors import TemporaryError, Unreachable

USER_AGENT = f"zoomauto/{__version__}"
#: Seconds to connect, and without a byte. Slow links and busy servers stay within them.
_TIMEOUT = httpx.Timeout(60, connect=20)
#: Bytes of a body that are given at once: fewer, larger writes.
_GATHERED = 2**19
#: More than one record is never decrypted at once.
_TLS_RECORD = 2**14
#: A shorter rest is left to the parser, which then keeps the connection for the next request.
_SHORT_REST = 2**20
# They log every URL, and signed ones let anybody download.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class BrokenTransfer(TemporaryError):
    """The connection broke before everything was there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A response with its body."""

    status: int
    #: By lower-case name.
    headers: Mapping[str, str]
    body: bytes

    def back_at(self, now: datetime) -> datetime | None:
        """Give when the server wants to be asked again, by its Retry-After; None without one."""
        value = self.headers.get("retry-after", "").strip()
        if value.isdecimal():
            return now + timedelta(seconds=min(int(value), 10**7))
        try:
            found = parsedate_to_datetime(value)
        except ValueError:
            return None
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """What a request carries: one of these, or a form with files."""

    #: Sent as JSON.
    document: Any = None
    #: Sent as it is; what is no bytes is read as it is sent. Its length belongs in a header.
    content: bytes | Iterable[bytes] | None = None
    form: Mapping[str, str] | None = None
    #: Field of a multipart form -> name and open file, which is read as it is sent.
    files: Mapping[str, tuple[str, BinaryIO]] | None = None


_NO_BODY = Body()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """A response whose body is still to come."""

    status: int
    #: By lower-case name.
    headers: Mapping[str, str]
    _response: httpx.Response

    def chunks(self) -> Iterator[bytes]:
        """Give the body as it arrives, some 512 KiB at a time.

        Raise BrokenTransfer when it ends too early, after giving what came.
        """
        held: list[bytes] = []
        size = 0
        try:
            for piece in _pieces(self._response):
                held.append(piece)
                size += len(piece)
                if size >= _GATHERED:
                    yield b"".join(held)
                    held, size = [], 0
        except (httpx.HTTPError, httpcore.NetworkError, httpcore.TimeoutException) as error:
            if held:
                yield b"".join(held)
            raise BrokenTransfer(f"the connection broke: {_reason(error)}") from error
        if held:
            yield b"".join(held)


def _pieces(response: httpx.Response) -> Iterator[bytes]:
    """Give the body; the rest of a long one of known length straight from the connection."""
    pieces = response.iter_raw()
    rest = _announced(response)
    stream = response.extensions.get("network_stream")
    if stream is None or rest < _SHORT_REST:
        yield from pieces
        return
    # What the parser has read beyond the head is this piece: below it, the stream goes on.
    first = next(pieces, b"")
    yield first
    rest -= len(first)
    most = _GATHERED if stream.get_extra_info("ssl_object") is None else _TLS_RECORD
    while rest > 0:
        piece = stream.read(min(most, rest), timeout=_TIMEOUT.read)
        if not piece:
            raise httpx.RemoteProtocolError(f"{rest:,} bytes are missing")
        rest -= len(piece)
        yield piece


def _announced(response: httpx.Response) -> int:
    """Give the body's length; 0 when it is told by other means than Content-Length."""
    length = response.headers.get("content-length", "")
    is_plain = response.http_version == "HTTP/1.1" and "transfer-encoding" not in response.headers
    return int(length) if is_plain and length.isdecimal() else 0


class Http:
    """One pool of connections, safe for several threads."""

    def __init__(self, *, connections: int = 8) -> None:
        self._client = httpx.Client(
            http2=False,
            follow_redirects=False,
            timeout=_TIMEOUT,
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            headers={"User-Agent": USER_AGENT},
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body = _NO_BODY,
        patience: timedelta | None = None,
    ) -> Answer:
        """Send a request and read the whole answer. The URL's path goes out as it is written.

        ``patience``: how long the server may say nothing; a minute unless told.

        Raise Unreachable when there is no answer.
        """
        timeout = httpx.Timeout(patience.total_seconds(), connect=20) if patience else _TIMEOUT
        try:
            response = self._client.request(
                method,
                url,
                headers=headers,
                content=body.content,
                data=body.form,
                json=body.document,
                files=body.files,
                timeout=timeout,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(url, error) from error
        return Answer(
            status=response.status_code, headers=_headers(response), body=response.content
        )

    @contextmanager
    def stream(self, url: str, *, headers: Mapping[str, str]) -> Iterator[Stream]:
        """Open a download, uncompressed. Raise Unreachable when there is no answer."""
        try:
            request = self._client.build_request(
                "GET", url, headers={"Accept-Encoding": "identity", **headers}
            )
            response = self._client.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(url, error) from error
        try:
            yield Stream(
                status=response.status_code, headers=_headers(response), _response=response
            )
        finally:
            response.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Whom a URL speaks to: secrets of one origin are never told to another."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def of(cls, url: str) -> "Origin":
        """Take the origin of a URL. Raise Unreachable for what is none."""
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise Unreachable("that is no usable address") from error
        default = {"http": 80, "https": 443}.get(parsed.scheme)
        return cls(scheme=parsed.scheme, host=parsed.host.lower(), port=parsed.port or default)


def joined(base: str, location: str) -> str:
    """Give the address that a redirect leads to. Raise Unreachable for what is none."""
    try:
        return str(httpx.URL(base).join(location))
    except httpx.InvalidURL as error:
        raise Unreachable("a redirect leads to no usable address") from error


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _unreachable(url: str, error: Exception) -> Unreachable:
    # Only the host: the rest of an address may be signed.
    host = _host(url)
    hint = None
    if isinstance(error.__cause__, ssl.SSLError) or "CERTIFICATE" in str(error):
        hint = "check the machine's clock and certificates, and any proxy in between"
    return Unreachable(f"{host} cannot be reached: {_reason(error)}", hint=hint)


def _host(url: str) -> str:
    try:
        return httpx.URL(url).netloc.decode("ascii", "replace").rpartition("@")[2] or "the server"
    except httpx.InvalidURL:
        return "the server"


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException | httpcore.TimeoutException):
        return "it took too long"
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return "that is no usable address"
    # The number says nothing to anybody that the words behind it do not.
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__
