"""Topics from a chat API: a real server on loopback that answers what it was told to."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from zoomauto.domain.transcript import Cue
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    PermanentError,
    RateLimited,
    TemporaryError,
    Unreachable,
    ZoomautoError,
)
from zoomauto.ports.stage import StageResult
from zoomauto.stages.topics.options import TopicsOptions
from zoomauto.stages.topics.stage import TopicsStage

KEY = "sk-loopback-1234"


@dataclass(kw_only=True)
class ChatServer:
    """Gives its answers one after another, the last one for ever."""

    url: str = ""
    #: Status, headers, body.
    answers: list[tuple[int, Mapping[str, str], str]] = field(default_factory=list)
    #: Path, key and document of every request.
    asked: list[tuple[str, str | None, dict[str, Any]]] = field(default_factory=list)

    def says(self, content: str | None) -> None:
        """Have the model say something next."""
        choice = {"index": 0, "message": {"role": "assistant", "content": content}}
        self.fails(200, json.dumps({"object": "chat.completion", "choices": [choice]}))

    def finds(self, *topics: tuple[object, object]) -> None:
        """Have the model name topics next."""
        self.says(json.dumps({"topics": [{"cue": cue, "title": title} for cue, title in topics]}))

    def fails(self, status: int, body: str = "", **headers: str) -> None:
        """Have the server answer that next."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, named, body))

    @property
    def forms(self) -> list[str | None]:
        """The form of JSON that each request asked for."""
        return [document.get("response_format", {}).get("type") for _, _, document in self.asked]


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    server = ChatServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append((self.path, self.headers["Authorization"], document))
            status, headers, body = server.answers[0]
            del server.answers[: len(server.answers) > 1]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body.encode())), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        server.url = f"http://127.0.0.1:{listening.server_port}/v1"
        yield server
        listening.shutdown()
        thread.join()


@pytest.fixture
def find(
    world: Any, chat: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., StageResult]:
    """Divide twenty minutes of talk, a cue each ten seconds, about one thing for all we know."""
    monkeypatch.setenv("CHAT_KEY", KEY)
    path = tmp_path / "01-a.mp4"
    path.write_bytes(b"film")
    media = world.artifact(path)
    cues = [
        Cue(
            start=timedelta(seconds=10 * n),
            end=timedelta(seconds=10 * n + 8),
            text="We talk about the budget and invoices.",
            speaker="Ann" if n % 2 else None,
        )
        for n in range(120)
    ]
    inputs = (media, world.transcript(media, *cues))

    def found(**options: Any) -> StageResult:
        given = {"engine": "http", "base_url": f"{chat.url}/", "model": "small", **options}
        stage = TopicsStage(TopicsOptions(**given), world.tools)
        return stage.run(world.context(inputs=inputs))

    return found


Find = Callable[..., StageResult]


def lines(result: StageResult) -> list[str]:
    return str(result.produced[0].details["lines"]).splitlines() if result.produced else []


def test_a_model_is_given_numbered_cues_and_names_those_that_begin_a_topic(
    find: Find, chat: ChatServer
):
    chat.finds((0, "Welcome"), (40, "The budget"), (80, "Next steps"))
    result = find(api_key="env:CHAT_KEY", required=True)
    assert (result.note, lines(result)) == (
        "3 chapters, by small",
        ["0:00 Welcome", "6:40 The budget", "13:20 Next steps"],
    )
    ((path, key, document),) = chat.asked
    system, user = document.pop("messages")
    assert (path, key, document.pop("response_format")["json_schema"]["strict"], document) == (
        "/v1/chat/completions",
        f"Bearer {KEY}",
        True,
        {"model": "small", "temperature": 0},
    )
    assert (system["role"], user["role"]) == ("system", "user")
    assert "at least 3 minutes. Name at most 6 topics" in system["content"]
    assert "in the language of the transcript, in at most" in system["content"]
    assert user["content"].splitlines()[:2] == [
        "[0] We talk about the budget and invoices.",
        "[1] Ann: We talk about the budget and invoices.",
    ]


def test_without_a_key_none_is_sent(find: Find, chat: ChatServer):
    chat.finds((0, "Welcome"), (40, "The budget"))
    find(language="German")
    ((_, key, document),) = chat.asked
    assert key is None
    assert "names the topic in German" in document["messages"][0]["content"]


def test_nothing_that_a_model_says_is_believed_unchecked(find: Find, chat: ChatServer):
    chat.finds(
        (500, "Beyond the end"),
        (-1, "Before the start"),
        (True, "No number"),
        (None, "Nothing"),
        ("80", "Next\nsteps"),
        ("[40]", "The budget"),
        (1.5, "Between"),
        (60, ""),
        (61, 7),
        (42, "Too soon"),
        (2, "Welcome"),
    )
    assert lines(find()) == ["0:00 Welcome", "6:40 The budget", "13:20 Next steps"]


@pytest.mark.parametrize(
    "said",
    [
        'Sure [1]:\n```\n{"topics": [{"cue": 0, "title": "A"}, {"cue": 60, "title": "B"}]}\n```',
        '<think>{"topics": []}? No.</think>[{"cue": 0, "title": "A"}, {"cue": 60, "title": "B"}]',
    ],
    ids=["fenced", "after thinking"],
)
def test_json_is_found_among_prose(find: Find, chat: ChatServer, said: str):
    chat.says(said)
    assert find(required=True).note == "2 chapters, by small"


def test_what_a_server_does_not_understand_is_asked_for_less_strictly(find: Find, chat: ChatServer):
    chat.fails(400, '{"error": {"message": "response_format json_schema is not supported"}}')
    chat.fails(422, '{"detail": [{"msg": "extra fields not permitted"}]}')
    chat.finds((0, "A"), (60, "B"))
    assert find(required=True).note == "2 chapters, by small"
    assert chat.forms == ["json_schema", "json_object", None]


def test_a_model_that_wants_no_temperature_is_given_none(find: Find, chat: ChatServer):
    chat.fails(400, '{"error": {"message": "Unsupported value: \'temperature\' must be 1"}}')
    chat.finds((0, "A"), (60, "B"))
    assert find(required=True).note == "2 chapters, by small"
    assert [document.get("temperature") for _, _, document in chat.asked] == [0, None]
    assert chat.forms == ["json_schema", "json_schema"]


def test_a_long_transcript_is_sent_in_parts_that_know_of_each_other(find: Find, chat: ChatServer):
    chat.fails(400, '{"error": "no response_format"}')
    chat.finds((0, "Welcome"), (20, "Budget"), (90, "Not in this part"))
    chat.finds()
    chat.finds((50, "Not in this part"), (100, "Next steps"))
    result = find(characters_per_request=2000, required=True)
    assert lines(result) == ["0:00 Welcome", "3:20 Budget", "16:40 Next steps"]
    # What the first part taught about the server holds for the others.
    assert chat.forms == ["json_schema", *["json_object"] * (len(chat.asked) - 1)]
    texts = [document["messages"][1]["content"] for _, _, document in chat.asked[1:]]
    assert "\n".join(texts).count("\n") == 119
    assert max(map(len, texts)) <= 2100
    told = [document["messages"][0]["content"] for _, _, document in chat.asked[1:]]
    assert [text.count('ended within the topic "Budget"') for text in told[:3]] == [0, 1, 1]


def test_what_may_pass_is_tried_again_after_the_time_the_server_names(
    find: Find, chat: ChatServer, world: Any
):
    chat.fails(429, '{"error": {"message": "slow down"}}', Retry_After="7")
    chat.fails(503)
    chat.finds((0, "A"), (60, "B"))
    assert find(required=True).note == "2 chapters, by small"
    assert world.tools.clock.slept == [timedelta(seconds=7), timedelta(seconds=10)]


TROUBLES = [
    (401, '{"error": {"message": "Incorrect API key: sk-loopback-1234"}}', AuthenticationError),
    (403, "", AuthenticationError),
    (404, '{"detail": "Model small is not installed locally"}', PermanentError),
    (400, '{"error": {"message": "context length"}}', PermanentError),
    (307, "", PermanentError),
    (429, '{"error": "slow down"}', RateLimited),
    (500, "<html>", TemporaryError),
    (200, "<html>", PermanentError),
    (200, '{"choices": []}', PermanentError),
    (200, '{"choices": [{"message": {"content": null}}]}', PermanentError),
    (200, '{"choices": [{"message": {"content": "I cannot."}}]}', PermanentError),
    (200, '{"choices": [{"message": {"content": "{\\"topics\\": []}"}}]}', PermanentError),
    (
        200,
        '{"choices": [{"message": {"content": "[[[[{\\"topics\\": [{\\"cue\\""}}]}',
        PermanentError,
    ),
]


@pytest.mark.parametrize(("status", "body", "error"), TROUBLES)
def test_an_engine_that_is_required_fails_the_stage(
    find: Find, chat: ChatServer, status: int, body: str, error: type[ZoomautoError]
):
    chat.fails(status, body)
    with pytest.raises(error) as raised:
        find(required=True, api_key="env:CHAT_KEY")
    assert type(raised.value) is error
    assert KEY not in str(raised.value)


@pytest.mark.parametrize(("status", "body", "error"), TROUBLES)
def test_otherwise_topics_are_found_by_their_words_and_the_note_says_why(
    find: Find, chat: ChatServer, status: int, body: str, error: type[ZoomautoError]
):
    chat.fails(status, body)
    note = find(api_key="env:CHAT_KEY").note
    assert note.startswith("no chapters: one topic, by their words, since the engine failed: ")
    assert KEY not in note


def test_the_reason_is_the_servers_own(find: Find, chat: ChatServer):
    chat.fails(404, '{"detail": "Model small is not installed locally"}')
    with pytest.raises(PermanentError) as raised:
        find(required=True)
    assert str(raised.value) == "the chat API answers 404: Model small is not installed locally"


def test_a_wait_that_is_too_long_is_left_to_a_later_run(find: Find, chat: ChatServer, world: Any):
    # The clock shows 23:30 UTC.
    chat.fails(429, Retry_After="Tue, 24 Nov 2026 00:30:00 GMT")
    with pytest.raises(RateLimited) as raised:
        find(required=True)
    assert (raised.value.data, world.tools.clock.slept) == ({"retry_after": 3600.0}, [])


def test_a_server_that_is_not_there_cannot_be_reached(find: Find, chat: ChatServer):
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1 cannot be reached"):
        find(required=True, base_url="http://127.0.0.1:1/v1")


def test_a_key_that_cannot_be_found_is_a_matter_of_configuration(
    find: Find, chat: ChatServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("CHAT_KEY")
    with pytest.raises(ConfigurationError, match="CHAT_KEY"):
        find(required=True, api_key="env:CHAT_KEY")
    assert chat.asked == []
