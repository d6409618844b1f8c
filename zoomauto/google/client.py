"""Asking Google's APIs in somebody's name."""

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from zoomauto.domain.source import Check
from zoomauto.errors import ZoomautoError
from zoomauto.google.faults import OK, UNAUTHORIZED, document_of, refusal
from zoomauto.google.logins import LOGIN_HINT, LoginFile
from zoomauto.google.loopback import Loopback
from zoomauto.google.oauth import Asking, Tokens, authorization_url, missing_scopes
from zoomauto.google.options import GoogleOptions
from zoomauto.google.patience import ask_patiently
from zoomauto.http import Answer, Body, Http
from zoomauto.media.tools import Tools
from zoomauto.ports.clock import Clock
from zoomauto.ports.destination import Visit


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One call of an API."""

    #: Finishes the sentence "Google refuses to".
    what: str
    url: str
    method: str = "GET"
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    #: Sent as JSON.
    document: Any = None
    #: Sent as it is.
    content: bytes | None = None

    @property
    def address(self) -> str:
        """The URL with its parameters."""
        return f"{self.url}?{urlencode(self.params)}" if self.params else self.url


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """What a destination asks Google for."""

    #: Names its logins: ``youtube``, ``google-drive``.
    name: str
    scopes: tuple[str, ...]


class GoogleClient:
    """One login's APIs: one token, one pool of connections. Safe for threads."""

    def __init__(self, options: GoogleOptions, tools: Tools, service: Service) -> None:
        self.http = Http()
        weakref.finalize(self, self.http.close)
        self.clock: Clock = tools.clock
        self._options = options
        self._tools = tools
        self._service = service

    @cached_property
    def logins(self) -> LoginFile:
        """Where the login is kept."""
        return LoginFile.of(self._options, self._tools, service=self._service.name)

    @cached_property
    def tokens(self) -> Tokens:
        """Where access tokens come from."""
        return Tokens(self._options, self._tools, self.http, self.logins)

    def call(self, request: Request) -> Mapping[str, Any]:
        """Ask for a document. Raise what :func:`zoomauto.google.faults.refusal` makes of others."""
        answer = self.answer(request)
        if answer.status not in OK:
            raise refusal(answer, self.clock.now(), what=request.what)
        return document_of(answer)

    def answer(self, request: Request) -> Answer:
        """Ask, patiently; a token that is refused is renewed once.

        Raise Unreachable, TemporaryError or RateLimited when waiting did not help.
        """
        token = self.tokens.current()
        answer = self._asked(request, token.header)
        if answer.status == UNAUTHORIZED:
            self.tokens.renew(token)
            answer = self._asked(request, self.tokens.current().header)
        return answer

    def log_in(self, visit: Visit) -> None:
        """Have a person grant what the service needs, and keep it.

        Raise AuthenticationError for a refusal, TemporaryError when nobody comes in time.
        """
        # Before anybody is sent anywhere: the code is worth nothing without it.
        self._tools.secrets.get("client_secret")
        with Loopback(visit) as loopback:
            asking = Asking(redirect_uri=loopback.redirect_uri, scopes=self._service.scopes)
            page = authorization_url(self._options, asking)
            code = loopback.code(page, state=asking.state)
        self.tokens.exchange(code, asking)

    def check_login(self) -> tuple[Check, ...]:
        """Say whether somebody is logged in, with what, and whether Google still accepts it."""
        accepted = established("login", self._accepted)
        if not accepted.ok:
            return (accepted,)
        missing = missing_scopes(self.logins.required().scopes, self._service.scopes)
        scopes = f"missing: {', '.join(missing)}; {LOGIN_HINT}" if missing else "all granted"
        return accepted, Check(name="scopes", ok=not missing, detail=scopes)

    def _accepted(self) -> str:
        login = self.logins.required()
        self.tokens.current()
        if login.ends_at is None:
            return "Google accepts it"
        until = f"{login.ends_at:%Y-%m-%d %H:%M} UTC"
        return f"Google accepts it until {until}; publish the consent screen to end this limit"

    def _asked(self, request: Request, headers: Mapping[str, str]) -> Answer:
        def send() -> Answer:
            return self.http.send(
                request.method,
                request.address,
                headers={**headers, **(request.headers or {})},
                body=Body(document=request.document, content=request.content),
            )

        return ask_patiently(send, self.clock, what=request.what)


def established(name: str, find: Callable[[], str]) -> Check:
    """Make a fact of what ``find`` says, or of the error it raises."""
    try:
        return Check(name=name, ok=True, detail=find())
    except ZoomautoError as error:
        detail = f"{error.message}; {error.hint}" if error.hint else error.message
        return Check(name=name, ok=False, detail=detail)
