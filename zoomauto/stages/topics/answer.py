"""What a chat model answers, believed in nothing but what can be checked."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from zoomauto.domain.chapter import Heading
from zoomauto.errors import (
    AuthenticationError,
    PermanentError,
    RateLimited,
    TemporaryError,
    ZoomautoError,
)
from zoomauto.http import Answer
from zoomauto.masking import MaskingFilter

_LONGEST_REASON = 300
_OPENING = re.compile(r"[{\[]")
#: Of one answer: nobody writes more titles, but broken JSON may open many brackets.
_MOST_OPENINGS = 1000
_OK = range(200, 300)
_LIMITED = 429
_SERVER_ERRORS = 500
_TEMPORARY = frozenset({408, 409, 425})
_REFUSED = frozenset({401, 403})


def headings_of(answer: Answer, part: range) -> Sequence[Heading]:
    """Read the topics that an answer names within a part.

    Prose and fences around the JSON do no harm; a number outside of the part counts for nothing.
    Raise PermanentError for an answer without such JSON.
    """
    for document in reversed(list(_documents(_content(answer)))):
        rows = document.get("topics") if isinstance(document, Mapping) else document
        if isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows):
            return tuple(_headings(rows, part))
    raise PermanentError("the model answers something else than topics")


def error_of(answer: Answer, now: datetime) -> ZoomautoError | None:
    """Translate a refusal; None when the answer is none.

    ``data`` of what may pass holds ``retry_after``, in seconds, if the server says.
    """
    if answer.status in _OK:
        return None
    message = f"the chat API answers {answer.status}: {reason_of(answer)}"
    if answer.status in _REFUSED:
        return AuthenticationError(message, hint="see to topics.api_key and topics.base_url")
    if answer.status == _LIMITED:
        return RateLimited(message, retry_after=_retry_after(answer.headers, now))
    if answer.status >= _SERVER_ERRORS or answer.status in _TEMPORARY:
        return TemporaryError(message, retry_after=_retry_after(answer.headers, now))
    return PermanentError(message, hint="see to topics.base_url and topics.model")


def reason_of(answer: Answer) -> str:
    """Give what a server says of its refusal, in the form of OpenAI or that of FastAPI."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return "without a reason"
    for name in ("error", "detail", "message"):
        said = said.get(name, said) if isinstance(said, Mapping) else said
    text = said if isinstance(said, str) else json.dumps(said)
    return MaskingFilter.masked(" ".join(text.split()))[:_LONGEST_REASON]


def _content(answer: Answer) -> str:
    """Give the text of the first choice."""
    try:
        content = json.loads(answer.body)["choices"][0]["message"]["content"]
    except (ValueError, RecursionError, KeyError, IndexError, TypeError) as error:
        raise PermanentError(
            "what answers is no chat API", hint="see to topics.base_url"
        ) from error
    if not isinstance(content, str):
        raise PermanentError("the model answers nothing")
    return content


def _documents(text: str) -> Iterator[Any]:
    """Find the JSON in a text."""
    decoder = json.JSONDecoder()
    end = 0
    for number, opening in enumerate(_OPENING.finditer(text)):
        if number == _MOST_OPENINGS:
            return
        if opening.start() < end:
            continue
        try:
            document, end = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            continue
        yield document


def _headings(rows: Sequence[Mapping[str, Any]], part: range) -> Iterator[Heading]:
    for row in rows:
        cue, title = _number(row.get("cue")), row.get("title")
        if cue in part and isinstance(title, str) and title.strip():
            yield Heading(cue=cue, title=title)


def _number(value: object) -> int:
    """Read a number that may be text; -1, which is in no part, for anything else."""
    if isinstance(value, str) and value.strip(" []").isdecimal():
        return int(value.strip(" []")[:9])
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read how long to wait, in seconds: from milliseconds, seconds or a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
            return float(value) * unit
    try:
        at = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((aware - now) / timedelta(seconds=1), 0.0)
