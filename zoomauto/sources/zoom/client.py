"""Asking Zoom's API: credentials, pace, patience."""

import base64
import logging
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from zoomauto.http import Answer, Body, Http
from zoomauto.masking import mask
from zoomauto.media.tools import Tools
from zoomauto.ports.clock import Clock
from zoomauto.ports.secrets import Secret
from zoomauto.sources.zoom.faults import (
    TOKEN_REFUSED,
    code_of,
    not_zoom,
    refusal,
    token_refusal,
)
from zoomauto.sources.zoom.options import ZoomOptions
from zoomauto.sources.zoom.pace import Label, Pace, ask_patiently
from zoomauto.sources.zoom.pages import Document, Page, document_in, page_in
from zoomauto.tokens import KeptTokens

logger = logging.getLogger(__name__)

#: A token is renewed so long before it ends: no download starts with its last second.
RENEWED_BEFORE = timedelta(seconds=60)
_USUAL_LIFE = 3600
_UNAUTHORIZED = 401
_OK = range(200, 300)


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """An access token; it lives in memory only."""

    secret: Secret
    #: Not used from here on.
    stale_at: datetime
    #: Empty when Zoom does not say.
    scopes: frozenset[str]

    @property
    def header(self) -> dict[str, str]:
        """The header that shows it."""
        return {"Authorization": f"Bearer {self.secret.reveal()}"}


class Tokens(KeptTokens[Token]):
    """Gets access tokens, and keeps the newest (Server-to-Server OAuth)."""

    def __init__(self, options: ZoomOptions, tools: Tools, http: Http) -> None:
        super().__init__(tools.clock)
        self._options = options
        self._tools = tools
        self._http = http

    def fresh(self) -> Token:
        """Ask Zoom for a token."""
        options = self._options
        secret = self._tools.secrets.get("client_secret").reveal()
        pair = base64.b64encode(f"{options.client_id}:{secret}".encode()).decode()
        mask(pair)
        answer, document = ask_patiently(
            lambda: self._http.send(
                "POST",
                options.token_url,
                headers={"Authorization": f"Basic {pair}"},
                body=Body(
                    form={"grant_type": "account_credentials", "account_id": options.account_id}
                ),
            ),
            self._tools.clock,
        )
        if document is None:
            raise not_zoom("token_url", options.token_url, answer.status)
        return self._token_in(answer, _words(document))

    def _token_in(self, answer: Answer, document: Mapping[str, Any]) -> Token:
        text = document.get("access_token")
        if answer.status not in _OK or not isinstance(text, str) or not text:
            raise token_refusal(answer.status, document)
        mask(text)
        life = timedelta(seconds=_seconds(document.get("expires_in")))
        return Token(
            secret=Secret(text),
            stale_at=self._tools.clock.now() + life - min(RENEWED_BEFORE, life / 2),
            scopes=frozenset(str(document.get("scope") or "").split()),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One call of the API."""

    #: Percent-encoded.
    path: str
    label: Label
    method: str = "GET"
    params: Mapping[str, str] | None = None
    #: Sent as JSON.
    document: Mapping[str, str] | None = None
    #: How the body of a good answer is read.
    read: Callable[[bytes], Document | None] = document_in
    #: Told before each sending: what is sent again may have been carried out before.
    sending: Callable[[], object] = lambda: None


class ZoomClient:
    """One account's API: one token, one pool of connections, one pace. Safe for threads."""

    def __init__(self, options: ZoomOptions, tools: Tools) -> None:
        self.http = Http()
        weakref.finalize(self, self.http.close)
        self.tokens = Tokens(options, tools, self.http)
        #: Label -> requests per second that Zoom's answers named.
        self.limits_seen: dict[str, str] = {}
        self._base = options.api_base.rstrip("/")
        self._clock: Clock = tools.clock
        self._pace = Pace(options.plan, tools.clock)

    def get(
        self, path: str, *, label: Label, expect: str, params: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        """Ask for a document that holds the key ``expect``. ``path`` is percent-encoded.

        A token that is refused is renewed once. Raise what ``faults`` makes of a refusal,
        RateLimited for a daily limit, TemporaryError or Unreachable when waiting did not help.
        """
        answer, document = self._exchange(Request(path=path, label=label, params=params))
        words = _words(document)
        if answer.status in _OK and expect in words:
            return words
        raise refusal(answer.status, words)

    def page(self, path: str, params: Mapping[str, str]) -> Page:
        """Ask for a page of recordings. Raise as :meth:`get` does."""
        request = Request(path=path, label=Label.MEDIUM, params=params, read=page_in)
        answer, document = self._exchange(request)
        if isinstance(document, Page):
            return document
        raise refusal(answer.status, document)

    def change(self, request: Request) -> None:
        """Ask for a change; every 2xx without a complaint in it means that it was made.

        Raise as :meth:`get` does.
        """
        answer, document = self._exchange(request)
        words = _words(document)
        if answer.status not in _OK or code_of(words) is not None:
            raise refusal(answer.status, words)

    def _exchange(self, request: Request) -> tuple[Answer, Document]:
        token = self.tokens.current()
        answer, document = self._answer(request, token)
        is_renewed = False
        while _is_token_refused(answer, document) and not is_renewed:
            is_renewed = self.tokens.renew(token)
            token = self.tokens.current()
            answer, document = self._answer(request, token)
        return answer, document

    def _answer(self, request: Request, token: Token) -> tuple[Answer, Document]:
        query = f"?{urlencode(request.params)}" if request.params else ""

        def send() -> Answer:
            self._pace.wait(request.label)
            request.sending()
            answer = self.http.send(
                request.method,
                self._base + request.path + query,
                headers=token.header,
                body=Body(document=request.document),
            )
            self._note(request, answer)
            # A change that was made is often answered with nothing.
            is_made = request.method != "GET" and answer.status in _OK and not answer.body
            return replace(answer, body=b"{}") if is_made else answer

        answer, document = ask_patiently(send, self._clock, request.read)
        if document is not None:
            return answer, document
        if answer.status == _UNAUTHORIZED:
            return answer, {"code": TOKEN_REFUSED, "message": "no reason given"}
        raise not_zoom("api_base", self._base, answer.status)

    def _note(self, request: Request, answer: Answer) -> None:
        headers = answer.headers
        tracking = headers.get("x-zm-trackingid", "-")
        call = f"{request.method} {request.path}"
        logger.debug("%s: %s, x-zm-trackingid %s", call, answer.status, tracking)
        if headers.get("x-ratelimit-category") and headers.get("x-ratelimit-limit"):
            kind = headers.get("x-ratelimit-type", "QPS")
            label = f"{headers['x-ratelimit-category']}, {kind}"
            self.limits_seen[label] = headers["x-ratelimit-limit"]


def meeting_path(uuid: str) -> str:
    """Give the path of a meeting's recordings, its uuid encoded twice where it has a slash.

    Zoom's gateway decodes once before it splits the path.
    """
    segment = quote(uuid, safe="")
    return f"/meetings/{quote(segment, safe='') if '/' in uuid else segment}/recordings"


def user_path(user: str) -> str:
    """Give the path of a user's recordings."""
    return f"/users/{quote(user, safe='')}/recordings"


def _is_token_refused(answer: Answer, document: Document) -> bool:
    return answer.status == _UNAUTHORIZED or code_of(_words(document)) == TOKEN_REFUSED


def _words(document: Document) -> Mapping[str, Any]:
    """Give a document that is no page."""
    return {} if isinstance(document, Page) else document


def _seconds(value: object) -> int:
    try:
        return max(1, int(str(value)))
    except ValueError:
        return _USUAL_LIFE
