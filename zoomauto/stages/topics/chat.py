"""Asking an OpenAI-compatible chat API for the topics of a transcript."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from zoomauto.domain.chapter import Heading
from zoomauto.domain.transcript import Cue
from zoomauto.errors import PermanentError, TemporaryError
from zoomauto.http import Answer, Body, Http
from zoomauto.ports.clock import Clock
from zoomauto.ports.progress import Progress
from zoomauto.secrets import resolve_reference
from zoomauto.stages.topics.answer import error_of, headings_of, reason_of
from zoomauto.stages.topics.options import TopicsOptions
from zoomauto.stages.topics.question import FORMS, messages, parts_of

#: What a server says that does not know a field of the request.
_NOT_UNDERSTOOD = frozenset({400, 422})
#: Waits before a request is made again, when the server names none.
_GAPS = (timedelta(seconds=2), timedelta(seconds=10))
#: A longer wait is not for chapters.
_LONGEST_WAIT = timedelta(seconds=60)


def headings_by_chat(
    cues: Sequence[Cue],
    options: TopicsOptions,
    *,
    language: str | None,
    clock: Clock,
    progress: Progress,
) -> tuple[Heading, ...]:
    """Ask for the topics of a transcript, part by part.

    Raise AuthenticationError, TemporaryError, PermanentError, or ConfigurationError for a key
    that cannot be found.
    """
    spoken = options.language or language or "the language of the transcript"
    found: list[Heading] = []
    parts = list(parts_of(cues, options.characters_per_request))
    with (
        closing(Http(connections=1)) as http,
        progress.step("find topics", total=len(parts), unit="parts") as step,
    ):
        chat = _Chat(http=http, options=options, clock=clock, headers=_headers(options))
        for part in parts:
            before = found[-1].title if found else None
            answer = chat.ask(messages(cues, part, options, language=spoken, before=before))
            found += sorted(headings_of(answer, part), key=lambda heading: heading.cue)
            step.advance(1)
    if not found:
        raise PermanentError("the model names no topic")
    return tuple(found)


def _headers(options: TopicsOptions) -> Mapping[str, str]:
    if not options.api_key:
        return {}
    return {"Authorization": f"Bearer {resolve_reference(options.api_key).reveal()}"}


@dataclass(kw_only=True)
class _Chat:
    """A server, and what it turned out to understand."""

    http: Http
    options: TopicsOptions
    clock: Clock
    headers: Mapping[str, str]
    _forms: list[Mapping[str, Any]] = field(default_factory=lambda: list(FORMS))
    #: Some models choose by themselves how much they guess.
    _settings: dict[str, Any] = field(default_factory=lambda: {"temperature": 0})

    def ask(self, said: Sequence[Mapping[str, str]]) -> Answer:
        """Ask in the strictest form that the server understands."""
        while True:
            answer = self._ask_patiently(
                {"model": self.options.model, "messages": said, **self._settings, **self._forms[0]}
            )
            if answer.status in _NOT_UNDERSTOOD and self._gives_up_something(answer):
                continue
            if error := error_of(answer, self.clock.now()):
                raise error
            return answer

    def _gives_up_something(self, answer: Answer) -> bool:
        """Ask for less, by what the server complains of; whether there was anything left."""
        if self._settings and "temperature" in reason_of(answer):
            self._settings.clear()
            return True
        if len(self._forms) > 1:
            del self._forms[0]
            return True
        return False

    def _ask_patiently(self, document: Mapping[str, Any]) -> Answer:
        """Ask again after a wait, as long as that may help."""
        for gap in _GAPS:
            try:
                return self._send(document)
            except TemporaryError as error:
                told = error.data.get("retry_after")
                wait = gap if told is None else timedelta(seconds=told)
                if wait > _LONGEST_WAIT:
                    raise
            self.clock.sleep(wait)
        return self._send(document)

    def _send(self, document: Mapping[str, Any]) -> Answer:
        """Raise TemporaryError for a refusal that may pass."""
        answer = self.http.send(
            "POST",
            f"{self.options.base_url.rstrip('/')}/chat/completions",
            headers=self.headers,
            body=Body(document=document),
            patience=timedelta(seconds=self.options.timeout_seconds),
        )
        error = error_of(answer, self.clock.now())
        if isinstance(error, TemporaryError):
            raise error
        return answer
