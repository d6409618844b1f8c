"""The switches of the fake Zoom cloud: everything a real account was ever seen to do wrong.

A trap alone is ``Traps(page_overlap=3)``; all that a careful client can survive is ``Traps.all()``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class RetryAfter(StrEnum):
    """How a 429 says when to come back."""

    #: Per second: ``X-RateLimit-Reset``. Per day: ``Retry-After`` as an ISO 8601 instant.
    AS_DOCUMENTED = "as documented"
    SECONDS = "seconds"
    ISO = "iso"
    HTTP_DATE = "http date"
    #: Neither ``Retry-After`` nor ``X-RateLimit-Reset``.
    ABSENT = "absent"


class ApiFault(StrEnum):
    """What may come instead of an API answer."""

    #: 429, "per-second rate limit".
    QPS = "qps"
    #: 429, "daily rate limit".
    DAILY = "daily"
    #: 500 with an error document.
    SERVER_ERROR = "server error"
    #: 502 with an HTML page of a proxy.
    BAD_GATEWAY = "bad gateway"
    #: 503 with an empty body.
    UNAVAILABLE = "unavailable"
    #: 200 with an HTML page.
    MAINTENANCE = "maintenance"
    #: 200, ``application/json``, cut in the middle of the document.
    BROKEN_JSON = "broken json"
    #: 200 with an error document.
    ERROR_IN_200 = "error in 200"
    #: The connection is reset before a byte is answered.
    RESET = "reset"
    #: 401/124, as for a token that was revoked early.
    TOKEN_REFUSED = "token refused"  # noqa: S105 - the name of a fault


class UserError(StrEnum):
    """How everything about one user is refused."""

    #: 404, code 1001.
    UNKNOWN = "unknown"
    #: 400, code 1010.
    NOT_ON_ACCOUNT = "not on account"
    #: HTTP 200 with code 200, "no permission".
    FORBIDDEN = "forbidden"
    #: 400, code 4711, with the list of scopes.
    SCOPES = "scopes"


class DownloadFault(StrEnum):
    """What may go wrong in one attempt to download one file."""

    NONE = "none"
    # On the first host, instead of the redirect.
    #: 200, ``text/html``: a login page.
    HTML = "html"
    #: 200 with the 59-byte JSON document "Forbidden".
    FORBIDDEN_JSON = "forbidden json"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    GONE = "410"
    #: Another host name than that of the CDN.
    FOREIGN_HOST = "foreign host"
    #: ``http`` although ``https`` was asked for; needs a :class:`FakeZoom` with TLS.
    INSECURE = "insecure"
    #: Seven redirects before the file comes.
    MANY_REDIRECTS = "many redirects"
    # On the CDN.
    #: HTML that calls itself ``video/mp4``, with a fitting ``Content-Length``.
    DISGUISED_HTML = "disguised html"
    #: Half the body of a right ``Content-Length``, then the connection closes.
    CUT = "cut"
    #: Half the body without a ``Content-Length``, then the connection closes as it should.
    CUT_WITHOUT_LENGTH = "cut without length"
    #: Half the body in chunks, the last one not closed.
    CUT_CHUNKED = "cut chunked"
    #: Half the body in chunks, properly closed: nothing on the wire tells.
    SHORT_CHUNKED = "short chunked"
    #: Half the body, then the connection is reset.
    RESET = "reset"
    #: As CUT; the file has other bytes and another ETag afterwards.
    CHANGED = "changed"
    #: As CUT; the signed URL answers 403 afterwards.
    EXPIRED = "expired"
    #: Half the body, then nothing until ``zoom.body_gate`` opens.
    SLOW = "slow"


class Ranges(StrEnum):
    """What the CDN makes of a ``Range`` header."""

    #: 206, or 416 past the end; ``If-Range`` is looked at.
    HONOURED = "honoured"
    #: 200 with everything.
    IGNORED = "ignored"
    #: 206, from the first byte on.
    WRONG_START = "wrong start"
    #: 416, whatever was asked for.
    REFUSED = "refused"


#: Faults after which the next attempt succeeds; a careful client loses nothing by them.
SURVIVABLE_DOWNLOAD_FAULTS = (
    DownloadFault.NONE,
    DownloadFault.HTML,
    DownloadFault.FORBIDDEN_JSON,
    DownloadFault.UNAUTHORIZED,
    DownloadFault.FORBIDDEN,
    DownloadFault.FOREIGN_HOST,
    DownloadFault.DISGUISED_HTML,
    DownloadFault.CUT,
    DownloadFault.CUT_WITHOUT_LENGTH,
    DownloadFault.CUT_CHUNKED,
    DownloadFault.SHORT_CHUNKED,
    DownloadFault.RESET,
    DownloadFault.CHANGED,
    DownloadFault.EXPIRED,
)
SURVIVABLE_API_FAULTS = (
    ApiFault.QPS,
    ApiFault.SERVER_ERROR,
    ApiFault.BAD_GATEWAY,
    ApiFault.UNAVAILABLE,
    ApiFault.MAINTENANCE,
    ApiFault.BROKEN_JSON,
    ApiFault.RESET,
    ApiFault.TOKEN_REFUSED,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Traps:
    """What the cloud does wrong. Made without arguments, it behaves as documented."""

    #: How long an access token lives, on the cloud's clock.
    token_ttl: timedelta = timedelta(hours=1)
    #: API calls and downloads after which a token is refused; None: no limit.
    token_calls: int | None = None
    #: A new token makes the earlier ones invalid.
    newest_token_only: bool = False
    #: Scopes the app does not have.
    withheld_scopes: frozenset[str] = frozenset()
    #: User id or e-mail -> how everything about that user is refused.
    user_errors: Mapping[str, UserError] = field(default_factory=dict)

    #: API calls allowed within one second of the clock, per label; None: no limit.
    calls_per_second: int | None = None
    #: API calls allowed within one UTC day, per label.
    calls_per_day: int | None = None
    retry_after: RetryAfter = RetryAfter.AS_DOCUMENTED
    #: Whether ``X-RateLimit-*`` headers are sent.
    limit_headers: bool = True
    #: Come in turn, one on each ``api_fault_every``-th API call, tokens aside.
    api_faults: tuple[ApiFault, ...] = ()
    api_fault_every: int = 5

    #: Windows of more days are cut to their newest days, and only the echoed dates say so.
    #: Then a window of more than 31 days is noted as a violation but answered.
    clamp_days: int | None = None
    #: Leave out what started on the day ``to``; Zoom does not say which it does.
    to_is_exclusive: bool = False
    #: The last page of ``/users`` carries a token that leads back to it.
    looping_user_pages: bool = False
    page_token_ttl: timedelta = timedelta(minutes=15)
    #: A page of 300 holds 30 rows, with no token; ``total_records`` tells.
    rows_withheld: bool = False
    #: Rows that come again at the start of the next page.
    page_overlap: int = 0
    #: How long after its end a meeting's files are still being processed.
    processing_for: timedelta | None = None
    #: How long after a meeting's end its transcript and summaries appear.
    transcript_delay: timedelta | None = None
    #: Whether ``/accounts/{id}/recordings`` is allowed; most apps lack the rights.
    account_listing: bool = False

    #: Status of a successful DELETE or recovery; the documents say both 200 and 204.
    changed_status: int = 204
    #: A DELETE waits for ``zoom.delete_gate`` while it counts as running.
    hold_deletes: bool = False

    #: Fault of each attempt at a file, in order; later attempts succeed.
    download_faults: tuple[DownloadFault, ...] = ()
    #: Give each file one of ``download_faults`` in turn, on its first attempt only.
    spread_faults: bool = False
    ranges: Ranges = Ranges.HONOURED
    #: Answer 200 on the first host, without a redirect.
    direct_download: bool = False
    #: Whether the CDN gives an ETag.
    etags: bool = True
    #: How long a signed CDN URL lives.
    signature_ttl: timedelta = timedelta(hours=2)
    #: How long a listed ``download_url`` lives; None: for ever.
    download_url_ttl: timedelta | None = None
    #: Whether ``?access_token=`` opens a download. It is a violation all the same.
    url_tokens_accepted: bool = False
    #: Added to the listed size of text files; their bodies keep their length.
    text_size_drift: int = 0

    @classmethod
    def all(cls, *, refused: Sequence[str] = ()) -> "Traps":
        """Switch on, at once, everything that a careful client survives.

        The users ``refused`` (ids) are refused, each in another way; compare with
        ``world.truth(without=refused)``.
        """
        errors = tuple(UserError)
        return cls(
            token_calls=50,
            user_errors={user: errors[n % len(errors)] for n, user in enumerate(refused)},
            retry_after=RetryAfter.SECONDS,
            api_faults=SURVIVABLE_API_FAULTS,
            api_fault_every=7,
            clamp_days=14,
            looping_user_pages=True,
            rows_withheld=True,
            page_overlap=2,
            download_faults=SURVIVABLE_DOWNLOAD_FAULTS,
            spread_faults=True,
            download_url_ttl=timedelta(hours=24),
            text_size_drift=3,
        )
