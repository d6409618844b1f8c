"""The first host: which request goes where, and what every request has to keep to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from zoomauto.testing.zoom import changes, download, listing
from zoomauto.testing.zoom.cloud import (
    ACCOUNT_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    Call,
    Cloud,
    scopes_refusal,
)
from zoomauto.testing.zoom.reply import (
    MAINTENANCE_PAGE,
    RESET,
    Refusal,
    Reply,
    document_reply,
    empty_reply,
    page_reply,
)
from zoomauto.testing.zoom.tokens import AccessToken
from zoomauto.testing.zoom.traps import ApiFault

#: Stands for any one folder of a path.
ANY = "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """What answers a path."""

    method: str
    #: Folders after ``/v2``.
    pattern: tuple[str, ...]
    #: Whose rate limit it counts towards.
    label: str
    #: One of these scopes is needed.
    scopes: tuple[str, ...]
    #: Gets the folders that ``ANY`` stands for, decoded once.
    answer: Callable[[Cloud, Call, Sequence[str]], Reply]


def _endpoint(
    line: str,
    label: str,
    scopes: tuple[str, ...],
    answer: Callable[[Cloud, Call, Sequence[str]], Reply],
) -> Endpoint:
    method, path = line.split()
    pattern = tuple(path.strip("/").split("/"))
    return Endpoint(method=method, pattern=pattern, label=label, scopes=scopes, answer=answer)


_ENDPOINTS = (
    _endpoint("GET /users", "Medium", listing.LIST_USERS, listing.list_users),
    _endpoint(
        "GET /users/*/recordings", "Medium", listing.LIST_RECORDINGS, listing.list_recordings
    ),
    _endpoint("GET /accounts/*/recordings", "Medium", listing.LIST_ACCOUNT, listing.list_account),
    _endpoint("GET /meetings/*/recordings", "Light", listing.READ_FILES, listing.read_meeting),
    _endpoint(
        "GET /meetings/*/transcript", "Light", listing.READ_TRANSCRIPT, listing.read_transcript
    ),
    _endpoint("DELETE /meetings/*/recordings", "Light", changes.DELETE_ALL, changes.delete_all),
    _endpoint("DELETE /meetings/*/recordings/*", "Light", changes.DELETE_ONE, changes.delete_one),
    _endpoint(
        "PUT /meetings/*/recordings/status", "Light", changes.RECOVER_ALL, changes.recover_all
    ),
    _endpoint(
        "PUT /meetings/*/recordings/*/status", "Light", changes.RECOVER_ONE, changes.recover_one
    ),
)


def answer(cloud: Cloud, call: Call) -> Reply:
    """Answer any request to the first host."""
    try:
        _check_promises(cloud, call)
        is_call = call.path.startswith("/v2/")
        fault = cloud.faults.next(call.path, is_call=is_call)
        if fault is not None:
            return _faulty(cloud, fault, _label(call))
        if call.path == "/oauth/token" and call.method == "POST":
            return _token(cloud, call)
        if call.path.startswith("/rec/download/") and call.method == "GET":
            return download.first_host(cloud, call)
        return _api(cloud, call)
    except Refusal as refusal:
        return refusal.reply()


def _check_promises(cloud: Cloud, call: Call) -> None:
    if not call.headers.get("user-agent"):
        raise cloud.violate(f"no User-Agent: {call.path}")
    if "access_token" not in call.query:
        return
    cloud.journal.leaked(f"access_token in a URL: {call.path}")
    if not (cloud.traps.url_tokens_accepted and call.path.startswith("/rec/")):
        raise Refusal(400, 300, "Broken promise: access_token in a URL")


def _label(call: Call) -> str:
    found = _find(call)
    return "Light" if found is None else found[0].label


def _api(cloud: Cloud, call: Call) -> Reply:
    token = _authorized(cloud, call)
    found = _find(call)
    if found is None:
        if "meetings" in call.path:
            raise listing.no_recording()
        raise Refusal(404, 300, "This API endpoint is not recognized.")
    endpoint, parts = found
    cloud.limits.count(endpoint.label, cloud.clock.now())
    if not token.scopes.intersection(endpoint.scopes):
        raise scopes_refusal(endpoint.scopes)
    return endpoint.answer(cloud, call, parts)


def _authorized(cloud: Cloud, call: Call) -> AccessToken:
    if call.bearer is None:
        raise cloud.violate(f"no Bearer token: {call.path}")
    return cloud.access.use(call.bearer, cloud.clock.now())


def _find(call: Call) -> tuple[Endpoint, Sequence[str]] | None:
    segments = call.segments
    if segments[0] != "v2":
        return None
    for endpoint in _ENDPOINTS:
        if endpoint.method == call.method and len(endpoint.pattern) == len(segments) - 1:
            pairs = list(zip(endpoint.pattern, segments[1:], strict=True))
            if all(wanted in {ANY, given} for wanted, given in pairs):
                return endpoint, [given for wanted, given in pairs if wanted == ANY]
    return None


def _token(cloud: Cloud, call: Call) -> Reply:
    asked = {**call.query, **_form(call)}
    if call.basic.partition(":")[0] != CLIENT_ID:
        return _token_refused(400, "Invalid client_id or client_secret", "invalid_client")
    if call.basic != f"{CLIENT_ID}:{CLIENT_SECRET}":
        return _token_refused(401, "Invalid client_id or client_secret", "invalid_client")
    if asked.get("grant_type") != "account_credentials":
        return _token_refused(400, "unsupported grant type", "unsupported_grant_type")
    if asked.get("account_id") != ACCOUNT_ID:
        return _token_refused(400, "Bad Request", "invalid_request")
    text, token = cloud.access.issue(cloud.clock.now())
    return document_reply(
        {
            "access_token": text,
            "token_type": "bearer",
            "expires_in": max(1, int(cloud.traps.token_ttl.total_seconds()) - 1),
            "scope": " ".join(sorted(token.scopes)),
            "api_url": cloud.addresses.first,
        }
    )


def _form(call: Call) -> Mapping[str, str]:
    if not call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    return dict(parse_qsl(call.body.decode()))


def _token_refused(status: int, reason: str, error: str) -> Reply:
    return document_reply({"reason": reason, "error": error}, status=status)


def _faulty(cloud: Cloud, fault: ApiFault, label: str) -> Reply:
    match fault:
        case ApiFault.QPS | ApiFault.DAILY:
            return cloud.limits.refusal(fault, label, cloud.clock.now()).reply()
        case ApiFault.SERVER_ERROR:
            return Refusal(500, 500, "Internal server error.").reply()
        case ApiFault.BAD_GATEWAY:
            return page_reply(b"<html><h1>502 Bad Gateway</h1></html>", status=502)
        case ApiFault.UNAVAILABLE:
            return empty_reply(503)
        case ApiFault.MAINTENANCE:
            return page_reply(MAINTENANCE_PAGE)
        case ApiFault.BROKEN_JSON:
            return page_reply(b'{"page_count":1,"page_si', content_type="application/json")
        case ApiFault.ERROR_IN_200:
            return Refusal(200, 300, "Something went wrong.").reply()
        case ApiFault.TOKEN_REFUSED:
            return Refusal(401, 124, "Invalid access token.").reply()
        case ApiFault.RESET:
            return RESET
