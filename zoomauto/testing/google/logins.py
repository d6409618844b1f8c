"""The fake's OAuth: a page on which everybody agrees at once, and the token endpoint."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from zoomauto.testing.google.wire import Call, Reply

CLIENT_ID = "1234-fake.apps.googleusercontent.com"
CLIENT_SECRET = "GOCSPX-fake-client-secret"  # noqa: S105 - of a fake


@dataclass(frozen=True, kw_only=True)
class _Grant:
    """What a code stands for."""

    challenge: str
    redirect_uri: str
    scope: str


@dataclass(kw_only=True)
class FakeLogins:
    """Gives out codes and tokens; an attribute says what goes otherwise than well."""

    #: The person says no.
    denies: bool = False
    #: The person grants these scopes alone; None: those that are asked for.
    grants: str | None = None
    #: Each refresh token is good for one refresh, which brings the next.
    rotates: bool = False
    #: Told with a new login, as for applications in testing; 0: not.
    life_seconds: int = 0
    #: Every refresh token that is good -> its scopes.
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    access_tokens: set[str] = field(default_factory=set)
    _codes: dict[str, _Grant] = field(default_factory=dict)

    def new_login(self, scope: str) -> str:
        """Give a refresh token, as if somebody had logged in."""
        token = f"1//fake-refresh-{secrets.token_hex(12)}"
        self.refresh_tokens[token] = scope
        return token

    def is_known(self, call: Call) -> bool:
        """Whether a request shows an access token that is good."""
        return call.headers.get("authorization", "").removeprefix("Bearer ") in self.access_tokens

    def page(self, call: Call) -> Reply:
        """Send the browser back, as a person would have it."""
        query = call.query
        where = urlsplit(query.get("redirect_uri", ""))
        wanted = {
            "client_id": CLIENT_ID,
            "response_type": "code",
            "access_type": "offline",
            "code_challenge_method": "S256",
        }
        is_right = all(query.get(key) == value for key, value in wanted.items())
        if where.hostname != "127.0.0.1" or not is_right or not query.get("state"):
            return Reply(status=400, document={"error": "invalid_request"})
        answer = {"state": query["state"]}
        if self.denies:
            answer["error"] = "access_denied"
        else:
            answer["code"] = f"4/fake-code-{secrets.token_hex(12)}"
            self._codes[answer["code"]] = _Grant(
                challenge=query.get("code_challenge", ""),
                redirect_uri=query["redirect_uri"],
                scope=query.get("scope", "") if self.grants is None else self.grants,
            )
        location = f"{query['redirect_uri']}?{urlencode(answer)}"
        return Reply(status=302, headers={"Location": location})

    def token(self, call: Call) -> Reply:
        """Turn a code, or a refresh token, into an access token."""
        form = {key: values[0] for key, values in parse_qs(call.read().decode()).items()}
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _no("invalid_client", 401)
        if form.get("grant_type") == "authorization_code":
            return self._exchanged(form)
        return self._refreshed(form)

    def _exchanged(self, form: Mapping[str, str]) -> Reply:
        grant = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if grant is None or (challenge, form.get("redirect_uri")) != (
            grant.challenge,
            grant.redirect_uri,
        ):
            return _no("invalid_grant", 400)
        more: dict[str, object] = {"refresh_token": self.new_login(grant.scope)}
        if self.life_seconds:
            more["refresh_token_expires_in"] = self.life_seconds
        return self._given(grant.scope, more)

    def _refreshed(self, form: Mapping[str, str]) -> Reply:
        token = form.get("refresh_token", "")
        if token not in self.refresh_tokens:
            return _no("invalid_grant", 400)
        scope = self.refresh_tokens[token]
        if not self.rotates:
            return self._given(scope, {})
        del self.refresh_tokens[token]
        return self._given(scope, {"refresh_token": self.new_login(scope)})

    def _given(self, scope: str, more: Mapping[str, object]) -> Reply:
        token = f"ya29.fake-access-{secrets.token_hex(12)}"
        self.access_tokens.add(token)
        facts = {"access_token": token, "expires_in": 3599, "token_type": "Bearer", "scope": scope}
        return Reply(document={**facts, **more})


def _no(error: str, status: int) -> Reply:
    return Reply(status=status, document={"error": error, "error_description": f"refused: {error}"})
