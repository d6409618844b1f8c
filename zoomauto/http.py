"""HTTP: the one home of httpx. Redirects are never followed here; whoever asks decides.

httpx is used synchronously and without HTTP/2, and bodies are taken as they come from the socket:
over loopback that is two to four times as fast as the other ways it offers.
"""

import logging
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from zoomauto import __version__
from zoomauto.errors import TemporaryError, Unreachable

USER_AGENT = f"zoomauto/{__version__}"
#: Seconds to connect, and without a byte. Slow links and busy servers stay within them.
_TIMEOUT = httpx.Timeout(60, connect=20)
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """A response whose body is still to come."""

    status: int
    #: By lower-case name.
    headers: Mapping[str, str]
    _response: httpx.Response

    def chunks(self) -> Iterator[bytes]:
        """Give the body as it arrives. Raise BrokenTransfer when it ends too early."""
        try:
            yield from self._response.iter_raw()
        except httpx.HTTPError as error:
            raise BrokenTransfer(f"the connection broke: {_reason(error)}") from error


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
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request and read the whole answer. The URL's path goes out as it is written.

        Raise Unreachable when there is no answer.
        """
        try:
            response = self._client.request(method, url, headers=headers, data=form)
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
    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return "that is no usable address"
    return str(error) or type(error).__name__
