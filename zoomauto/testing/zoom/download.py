"""Downloads: the first host that redirects, and the CDN behind it."""

import hashlib
from datetime import UTC, datetime

from zoomauto.testing.zoom.body import Shipment, file_name, send
from zoomauto.testing.zoom.cloud import Call, Cloud
from zoomauto.testing.zoom.meeting import File, Meeting
from zoomauto.testing.zoom.reply import (
    FORBIDDEN_JSON,
    LOGIN_PAGE,
    Refusal,
    Reply,
    empty_reply,
    page_reply,
)
from zoomauto.testing.zoom.traps import DownloadFault

#: Redirects of a chain that no client should follow to its end.
LONG_CHAIN = 7
#: ``/cmr/{ticket}/{name}``.
_CDN_DEPTH = 3
_PAGES = {
    DownloadFault.HTML: page_reply(LOGIN_PAGE),
    DownloadFault.FORBIDDEN_JSON: page_reply(FORBIDDEN_JSON, content_type="application/json"),
    DownloadFault.UNAUTHORIZED: page_reply(LOGIN_PAGE, status=401),
    DownloadFault.FORBIDDEN: page_reply(LOGIN_PAGE, status=403),
    DownloadFault.NOT_FOUND: page_reply(LOGIN_PAGE, status=404),
    DownloadFault.GONE: page_reply(LOGIN_PAGE, status=410),
}


def first_host(cloud: Cloud, call: Call) -> Reply:
    """Answer ``/rec/download/{ticket}.{issued}[/{hop}]``: usually with a redirect."""
    ticket, _, issued = call.segments[2].partition(".")
    found = cloud.world.file_by_ticket(ticket)
    if found is None or not issued.isdecimal() or not _may_download(cloud, call, found, issued):
        return page_reply(LOGIN_PAGE)
    file, _ = found
    hop = int(call.segments[3]) if len(call.segments) > 3 else 0  # noqa: PLR2004 - rec, download, ticket
    if hop:
        return _redirect(_hop(cloud, call, hop + 1, _signed(cloud, file, attempt=0)))
    attempt = cloud.attempts.start(file.id)
    fault = cloud.attempts.fault(file.id, attempt)
    if fault in _PAGES:
        return _PAGES[fault]
    if cloud.traps.direct_download:
        return send(cloud, call, Shipment(file=file, attempt=attempt, fault=fault))
    target = _signed(cloud, file, attempt=attempt)
    if fault is DownloadFault.FOREIGN_HOST:
        target = target.replace("//127.0.0.1:", "//localhost:", 1)
    if fault is DownloadFault.INSECURE:
        target = target.replace("https://", "http://", 1)
    if fault is DownloadFault.MANY_REDIRECTS:
        target = _hop(cloud, call, 1, target)
    return _redirect(target)


def cdn(cloud: Cloud, call: Call) -> Reply:
    """Answer ``/cmr/{ticket}/{name}?exp=&n=&sig=`` on the second host."""
    _check_leaks(cloud, call)
    segments, query = call.segments, call.query
    found = cloud.world.file_by_ticket(segments[1]) if len(segments) == _CDN_DEPTH else None
    if found is None:
        return page_reply(LOGIN_PAGE, status=404)
    file, _ = found
    if query.get("sig") != _signature(file, query.get("exp", ""), query.get("n", "")):
        return page_reply(LOGIN_PAGE, status=403)
    attempt = int(query["n"])
    is_late = cloud.clock.now() >= datetime.fromtimestamp(int(query["exp"]), UTC)
    if is_late or cloud.attempts.has_expired(file.id, attempt):
        return page_reply(b"<Error><Code>AccessDenied</Code></Error>", status=403)
    fault = cloud.attempts.fault(file.id, attempt)
    return send(cloud, call, Shipment(file=file, attempt=attempt, fault=fault))


def _may_download(cloud: Cloud, call: Call, found: tuple[File, Meeting], issued: str) -> bool:
    file, meeting = found
    now = cloud.clock.now()
    ttl = cloud.traps.download_url_ttl
    if ttl is not None and now >= datetime.fromtimestamp(int(issued), UTC) + ttl:
        return False
    if not meeting.downloads_allowed or not cloud.world.holds(meeting, file):
        return False
    token = call.bearer
    if token is None and cloud.traps.url_tokens_accepted:
        token = call.query.get("access_token")
    try:
        cloud.access.use(token or "", now)
    except Refusal:
        return False
    return True


def _check_leaks(cloud: Cloud, call: Call) -> None:
    if "authorization" in call.headers:
        cloud.journal.leaked(f"Authorization sent to the CDN: {call.path}")


def _redirect(target: str) -> Reply:
    return empty_reply(302, headers={"Location": target})


def _hop(cloud: Cloud, call: Call, hop: int, target: str) -> str:
    if hop >= LONG_CHAIN:
        return target
    return f"{cloud.addresses.first}/rec/download/{call.segments[2]}/{hop}"


def _signed(cloud: Cloud, file: File, *, attempt: int) -> str:
    until = int((cloud.clock.now() + cloud.traps.signature_ttl).timestamp())
    query = f"exp={until}&n={attempt}&sig={_signature(file, str(until), str(attempt))}"
    return f"{cloud.addresses.cdn}/cmr/{file.ticket}/{file_name(file)}?{query}"


def _signature(file: File, until: str, attempt: str) -> str:
    return hashlib.sha256(f"{file.id}/{until}/{attempt}".encode()).hexdigest()[:32]
