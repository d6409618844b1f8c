"""Answers before they become bytes on a wire."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

#: The JSON document that was seen in place of a file: 59 bytes.
FORBIDDEN_JSON = b'{"status":false,"errorCode":124,"errorMessage":"Forbidden"}'
LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Sign In</title></head><body>Sign in</body></html>\n"
)
MAINTENANCE_PAGE = b"<html><body><h1>We will be back soon</h1></body></html>\n"


class Framing(StrEnum):
    """How the end of a body is told."""

    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"


class Ending(StrEnum):
    """What follows the last piece of a body."""

    PROPER = "proper"
    #: The connection closes without the rest.
    CLOSED = "closed"
    #: The connection is reset.
    RESET = "reset"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    #: The body in pieces; what is promised is in ``length``.
    pieces: Iterable[bytes] = ()
    length: int = 0
    framing: Framing = Framing.LENGTH
    ending: Ending = Ending.PROPER


#: No answer at all.
RESET = Reply(status=0, ending=Ending.RESET)


class Refusal(Exception):
    """An API call is refused with an error document."""

    def __init__(
        self, status: int, code: int, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        super().__init__(message)

    def reply(self) -> Reply:
        """Give the answer."""
        document = {"code": self.code, "message": self.message}
        return document_reply(document, status=self.status, headers=self.headers)


def document_reply(
    document: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Reply:
    """Answer with JSON, compact as Zoom's is."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    kind = {"Content-Type": "application/json;charset=UTF-8"}
    return Reply(
        status=status, headers={**kind, **(headers or {})}, pieces=(text,), length=len(text)
    )


def page_reply(page: bytes, *, status: int = 200, content_type: str = "text/html") -> Reply:
    """Answer with a page."""
    headers = {"Content-Type": content_type}
    return Reply(status=status, headers=headers, pieces=(page,), length=len(page))


def empty_reply(status: int, *, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer without a body."""
    return Reply(status=status, headers=headers or {})
