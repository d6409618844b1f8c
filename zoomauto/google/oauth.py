"""OAuth for installed applications: codes into logins, logins into access tokens."""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from zoomauto.errors import AuthenticationError
from zoomauto.google.faults import OK, document_of, token_refusal
from zoomauto.google.logins import LOGIN_HINT, Login, LoginFile
from zoomauto.google.options import GoogleOptions
from zoomauto.google.patience import ask_patiently
from zoomauto.http import Answer, Body, Http
from zoomauto.masking import mask
from zoomauto.media.tools import Tools
from zoomauto.ports.secrets import Secret
from zoomauto.tokens import KeptTokens

#: An access token is renewed so long before it ends.
RENEWED_BEFORE = timedelta(seconds=60)
_USUAL_LIFE = 3600


def _random_text() -> str:
    return secrets.token_urlsafe(48)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """One request for a login. What it holds makes an answer meant for others useless (PKCE)."""

    redirect_uri: str
    scopes: tuple[str, ...]
    state: str = field(default_factory=_random_text)
    verifier: str = field(default_factory=_random_text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """An access token; it lives in memory only."""

    secret: Secret
    #: Not used from here on.
    stale_at: datetime
    #: Of the login that it was made from.
    login_id: str

    @property
    def header(self) -> dict[str, str]:
        """The header that shows it."""
        return {"Authorization": f"Bearer {self.secret.reveal()}"}


def authorization_url(options: GoogleOptions, asking: Asking) -> str:
    """Give the page on which a person grants what is asked for."""
    digest = hashlib.sha256(asking.verifier.encode()).digest()
    fields = {
        "client_id": options.client_id,
        "redirect_uri": asking.redirect_uri,
        "response_type": "code",
        "scope": " ".join(asking.scopes),
        "state": asking.state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        # Without these Google gives no refresh token to somebody who was logged in before.
        "access_type": "offline",
        "prompt": "consent",
    }
    return f"{options.auth_url}?{urlencode(fields)}"


def missing_scopes(granted: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Give the wanted scopes that are not among the granted ones."""
    known = set(granted)
    return tuple(scope for scope in wanted if scope not in known)


class Tokens(KeptTokens[Token]):
    """Gets access tokens from a login, and keeps the newest."""

    def __init__(self, options: GoogleOptions, tools: Tools, http: Http, file: LoginFile) -> None:
        super().__init__(tools.clock)
        self._options = options
        self._tools = tools
        self._http = http
        self._file = file

    def exchange(self, code: str, asking: Asking) -> Login:
        """Turn the code that a person brought back into a login, and keep it.

        Raise AuthenticationError when Google refuses it or something was not granted.
        """
        mask(code)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": asking.verifier,
            "redirect_uri": asking.redirect_uri,
        }
        document = self._asked(form, what="log in")
        refresh = document.get("refresh_token")
        if not isinstance(refresh, str) or not refresh:
            raise AuthenticationError("Google gave no lasting login", hint=LOGIN_HINT)
        scopes = frozenset(str(document.get("scope", " ".join(asking.scopes))).split())
        if missing := missing_scopes(scopes, asking.scopes):
            raise AuthenticationError(
                f"not granted: {', '.join(missing)}",
                hint=f"{LOGIN_HINT}, with every box ticked on Google's page",
            )
        login = Login(refresh_token=Secret(refresh), scopes=scopes, ends_at=self._end_of(document))
        with self._file.locked():
            self._file.save(login)
        self.keep(self._token_in(document, login))
        return login

    def fresh(self) -> Token:
        """Renew the login's access token."""
        # Nobody else may use a refresh token while it is replaced.
        with self._file.locked():
            login = self._file.required()
            token = login.refresh_token.reveal()
            form = {"grant_type": "refresh_token", "refresh_token": token}
            document = self._asked(form, what="renew the access token")
            new = document.get("refresh_token")
            if isinstance(new, str) and new and new != token:
                ends_at = self._end_of(document) or login.ends_at
                self._file.save(replace(login, refresh_token=Secret(new), ends_at=ends_at))
            return self._token_in(document, login)

    def _asked(self, form: Mapping[str, str], *, what: str) -> Mapping[str, Any]:
        client = {
            "client_id": self._options.client_id,
            "client_secret": self._tools.secrets.get("client_secret").reveal(),
        }

        def send() -> Answer:
            return self._http.send(
                "POST", self._options.token_url, body=Body(form={**client, **form})
            )

        answer = ask_patiently(send, self._tools.clock, what=what)
        document = document_of(answer)
        if answer.status not in OK or not isinstance(document.get("access_token"), str):
            raise token_refusal(answer)
        mask(document["access_token"])
        return document

    def _token_in(self, document: Mapping[str, Any], login: Login) -> Token:
        life = timedelta(seconds=_seconds(document.get("expires_in")) or _USUAL_LIFE)
        return Token(
            secret=Secret(document["access_token"]),
            stale_at=self._tools.clock.now() + life - min(RENEWED_BEFORE, life / 2),
            login_id=login.id,
        )

    def _end_of(self, document: Mapping[str, Any]) -> datetime | None:
        life = _seconds(document.get("refresh_token_expires_in"))
        return self._tools.clock.now() + timedelta(seconds=life) if life else None


def _seconds(value: object) -> int:
    try:
        return max(0, min(int(str(value)), 10**9))
    except ValueError:
        return 0
