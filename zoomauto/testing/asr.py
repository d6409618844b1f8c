"""A transcription server that speaks the OpenAI API on loopback, and really hears.

Behind it is pocketsphinx with its own model for English (``pip install pocketsphinx``), which
writes down what the ``flite`` voices of ffmpeg say with few mistakes. Its refusals are those of
real servers, word for word.
"""

import json
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from zoomauto.media.ffmpeg import find_ffmpeg

PATH = "/v1/audio/transcriptions"
#: Seconds of silence that end a segment.
_PAUSE = 0.5
_FRAMES_PER_SECOND = 100
_RATE = 16_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A word that was heard, in seconds."""

    word: str
    start: float
    end: float


Hear = Callable[[bytes], list[Word]]


def hear(sound: bytes) -> list[Word]:
    """Write down English speech, given as 16 kHz samples of 16 bits. Needs pocketsphinx."""
    from pocketsphinx import Decoder  # noqa: PLC0415 - for tests; not everybody has it

    decoder = Decoder(samprate=_RATE, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw(sound, full_utt=True)
    decoder.end_utt()
    return [
        Word(
            word=part.word.partition("(")[0],
            start=part.start_frame / _FRAMES_PER_SECOND,
            end=(part.end_frame + 1) / _FRAMES_PER_SECOND,
        )
        for part in decoder.seg() or ()
        if not part.word.startswith(("<", "["))
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """An answer that is not a transcript."""

    status: int
    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What a client sent."""

    fields: Mapping[str, str]
    file_name: str
    size_bytes: int
    authorization: str


@dataclass(kw_only=True)
class AsrServer:
    """How the server behaves, and what it was sent. Use :meth:`running`."""

    #: Asked for as ``Authorization: Bearer``; None lets everybody in.
    key: str | None = None
    #: Values of ``response_format`` that it knows.
    shapes: frozenset[str] = frozenset({"json", "verbose_json"})
    #: Off: an unknown ``response_format`` is answered with plain text all the same.
    refuses_shapes: bool = True
    #: Larger files are refused.
    most_bytes: int = 26_214_400
    hear: Hear = hear
    #: Given first, once each, instead of an answer.
    refusals: list[Refusal] = field(default_factory=list)
    #: Every request that got as far as a file.
    requests: list[Request] = field(default_factory=list)
    base_url: str = ""

    @contextmanager
    def running(self) -> "Iterator[AsrServer]":
        """Answer on a free port of loopback; ``base_url`` says where."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        loop = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        loop.start()
        self.base_url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield self
        finally:
            server.shutdown()
            loop.join()
            server.server_close()

    def answer(self, request: Request, content: bytes) -> Refusal | Mapping[str, Any]:
        """Decide what a client gets."""
        self.requests.append(request)
        if self.refusals:
            return self.refusals.pop(0)
        if self.key is not None and request.authorization != f"Bearer {self.key}":
            return UNKNOWN_KEY
        if request.size_bytes > self.most_bytes:
            return too_large(request.size_bytes, self.most_bytes)
        shape = request.fields.get("response_format", "json")
        if shape not in self.shapes:
            if self.refuses_shapes:
                return unknown_shape(shape, request.fields.get("model", ""))
            shape = "json"
        return transcript(self.hear(_samples(content)), shape)


UNKNOWN_KEY = Refusal(
    status=401,
    document={
        "error": {
            "message": "Incorrect API key provided: sk-wrong. You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
            "type": "invalid_request_error",
            "param": None,
            "code": "invalid_api_key",
        }
    },
)
NOT_INSTALLED = Refusal(
    status=404, document={"detail": "Model 'Systran/tiny' is not installed locally."}
)


def rate_limited(**headers: str) -> Refusal:
    """Make a refusal of too many requests; ``retry_after_ms`` becomes ``retry-after-ms``."""
    message = "Rate limit reached for whisper-1 in organization org-1 on requests per min (RPM)"
    error = {"message": message, "type": "requests", "param": None, "code": "rate_limit_exceeded"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Refusal(status=429, document={"error": error}, headers=named)


def too_large(size_bytes: int, most_bytes: int) -> Refusal:
    """Make the refusal of a file that is too large."""
    message = f"Maximum content size limit ({most_bytes}) exceeded ({size_bytes} bytes read)"
    error = {"message": message, "type": "server_error", "param": None, "code": None}
    return Refusal(status=413, document={"error": error})


def unknown_shape(shape: str, model: str) -> Refusal:
    """Make the refusal of an answer's shape."""
    error = {
        "message": f"response_format '{shape}' is not compatible with model '{model}'. "
        "Use 'json' or 'text' instead.",
        "type": "invalid_request_error",
        "param": "response_format",
        "code": "unsupported_value",
    }
    return Refusal(status=400, document={"error": error})


def transcript(words: list[Word], shape: str) -> Mapping[str, Any]:
    """Write words in one of the shapes of the API."""
    text = " ".join(word.word for word in words)
    if shape == "json":
        return {"text": text}
    segments = [_segment(number, part) for number, part in enumerate(_parted(words))]
    duration = words[-1].end if words else 0.0
    if shape == "diarized_json":
        told = [{**segment, "speaker": "A", "type": "transcript.text"} for segment in segments]
        return {"task": "transcribe", "duration": duration, "text": text, "segments": told}
    about = {"task": "transcribe", "language": "english", "duration": duration}
    return {**about, "text": text, "segments": segments}


def _parted(words: list[Word]) -> Iterator[list[Word]]:
    held: list[Word] = []
    for word in words:
        if held and word.start - held[-1].end > _PAUSE:
            yield held
            held = []
        held.append(word)
    if held:
        yield held


def _segment(number: int, words: list[Word]) -> Mapping[str, Any]:
    text = " ".join(word.word for word in words)
    return {"id": number, "start": words[0].start, "end": words[-1].end, "text": f" {text}"}


def _samples(content: bytes) -> bytes:
    """Decode what was sent as a server would, whatever its format."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        form = ["-ac", "1", "-ar", str(_RATE), "-f", "s16le", "-"]
        command = [find_ffmpeg().path, "-nostdin", "-loglevel", "error", "-i", file.name, *form]
        return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - ours


def _handler(server: AsrServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One client's requests."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path != PATH:
                self._send(404, {"detail": "Not Found"}, {})
                return
            request, content = _read(self.headers, body)
            answer = server.answer(request, content)
            if isinstance(answer, Refusal):
                self._send(answer.status, answer.document, answer.headers)
            else:
                self._send(200, answer, {})

        def _send(self, status: int, document: Any, headers: Mapping[str, str]) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            """Say nothing."""

    return Handler


def _read(headers: Any, body: bytes) -> tuple[Request, bytes]:
    """Take a form apart."""
    form = message_from_bytes(f"Content-Type: {headers['Content-Type']}\n\n".encode() + body)
    fields: dict[str, str] = {}
    name, content = "", b""
    for part in form.walk():
        if part.is_multipart():
            continue
        value = part.get_payload(decode=True)
        held = value if isinstance(value, bytes) else b""
        if part.get_filename():
            name, content = str(part.get_filename()), held
        else:
            key = str(part.get_param("name", header="content-disposition"))
            fields[key] = held.decode()
    request = Request(
        fields=fields,
        file_name=name,
        size_bytes=len(content),
        authorization=headers.get("Authorization", ""),
    )
    return request, content
