"""Servers that speak the OpenAI API: what they answer, what they refuse, how much they take."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from zoomauto.domain.transcript import Cue, Transcript
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    PermanentError,
    RateLimited,
    TemporaryError,
    Unreachable,
    ZoomautoError,
)
from zoomauto.http import Answer
from zoomauto.ports.stage import StageResult
from zoomauto.stages.transcription.refusal import reason, wait_before_retry
from zoomauto.testing.asr import NOT_INSTALLED, AsrServer, Refusal, rate_limited
from zoomauto.testing.clock import FrozenClock

MakeCue = Callable[..., Cue]
Ask = Callable[..., StageResult]
Read = Callable[[Any], Transcript]

BROKEN = Refusal(status=500, document={"error": {"message": "The server had an error"}})


@pytest.fixture
def ask(world: Any, clips: Any, server: AsrServer, transcribed: Callable[..., StageResult]) -> Ask:
    """Have a film written down in which a tone is heard from 6 s to 14 s."""

    def run(**options: Any) -> StageResult:
        artifact = world.artifact(clips.talk, name=f"{len(list(world.folder.rglob('*')))}.mp4")
        values = {"engine": "http", "base_url": server.base_url, "model": "small", **options}
        return transcribed(world, inputs=[artifact], **values)

    return run


def shapes(server: AsrServer) -> list[str]:
    return [request.fields["response_format"] for request in server.requests]


def test_segments_are_put_where_the_piece_was_taken_from(
    ask: Ask, server: AsrServer, read: Read, cue: MakeCue
):
    result = ask(language="en", prompt="Zoom")

    (made,) = result.produced
    # The sound begins at 6 s, and a quarter of a second before it is sent along.
    told = read(made)
    first, second = told.cues
    assert (first.text, second.text, told.language) == ("we can", "hear you", "english")
    assert abs(first.start - timedelta(seconds=6.25)) < timedelta(seconds=0.05)
    assert second.start - first.start == timedelta(seconds=2.5)
    assert (told.engine, result.note) == ("http:small", "http:small, 2 cues")
    (request,) = server.requests
    assert request.fields == {
        "model": "small",
        "response_format": "verbose_json",
        "timestamp_granularities[]": "segment",
        "language": "en",
        "prompt": "Zoom",
    }
    assert (request.file_name, request.authorization) == ("sound.mp3", "")


def test_what_a_server_can_is_learnt_once(ask: Ask, server: AsrServer):
    server.shapes = frozenset({"json", "diarized_json"})
    ask()
    ask()
    assert shapes(server) == ["verbose_json", "diarized_json", "diarized_json"]
    assert server.requests[1].fields["chunking_strategy"] == "auto"
    # Known servers are sent the sound as it is, in one piece.
    assert [request.file_name for request in server.requests] == [
        "sound.mp3",
        "sound.mp3",
        "sound.m4a",
    ]


def test_speakers_of_a_server_are_kept(ask: Ask, server: AsrServer, read: Read):
    server.shapes = frozenset({"diarized_json"})
    assert [cue.speaker for cue in read(ask().produced[0]).cues] == ["A", "A"]


@pytest.mark.parametrize("refuses", [True, False])
def test_text_without_times_is_timed_by_our_own_pauses(
    ask: Ask, server: AsrServer, read: Read, refuses: bool
):
    server.shapes, server.refuses_shapes = frozenset({"json"}), refuses
    (cue,) = read(ask().produced[0]).cues
    assert cue.text == "we can hear you"
    edges = [round(edge.total_seconds(), 1) for edge in (cue.start, cue.end)]
    assert edges == pytest.approx([5.75, 14.25], abs=0.11)
    assert shapes(server) == ["verbose_json", "diarized_json", "json"]


def test_a_file_that_is_too_large_is_sent_in_pieces(
    ask: Ask, server: AsrServer, world: Any, read: Read
):
    server.most_bytes = 30_000  # 5 s of MP3
    told = read(ask().produced[0])
    sizes = [request.size_bytes for request in server.requests]
    assert (sizes[0] > 30_000, max(sizes[1:]) <= 30_000, len(sizes)) == (True, True, 3)
    # Each half is said to hold the same words, 0.5 s after it begins.
    starts = [round(cue.start.total_seconds(), 1) for cue in told.cues if cue.text == "we can"]
    assert starts == pytest.approx([6.3, 10.5], abs=0.11)
    (step,) = (step for step in world.progress.steps if step.label.startswith("transcribe"))
    assert step.done == pytest.approx(step.total)


def test_a_limit_that_is_known_is_kept_to(ask: Ask, server: AsrServer):
    ask(max_upload_mb=0.1, audio="wav")
    assert [request.file_name for request in server.requests] == ["sound.wav"] * 3
    assert max(request.size_bytes for request in server.requests) <= 100_000


def test_a_piece_that_no_server_takes_is_a_failure(ask: Ask, server: AsrServer):
    server.most_bytes = 10
    with pytest.raises(PermanentError, match=r"answers 413: Maximum content size limit \(10\)"):
        ask()


def test_the_key_is_resolved_when_it_is_needed(
    ask: Ask, server: AsrServer, monkeypatch: pytest.MonkeyPatch
):
    server.key = "sk-right"
    monkeypatch.setenv("ASR_KEY", "sk-right")
    assert ask(api_key="env:ASR_KEY").produced
    assert server.requests[-1].authorization == "Bearer sk-right"
    monkeypatch.setenv("ASR_KEY", "sk-wrong")
    with pytest.raises(AuthenticationError) as refused:
        ask(api_key="env:ASR_KEY")
    assert refused.value.message.startswith("the server answers 401: Incorrect API key provided:")
    assert "sk-wrong" not in refused.value.message


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry_after_ms": "1500", "retry_after": "9"}, timedelta(seconds=1.5)),
        ({"retry_after": "9"}, timedelta(seconds=9)),
        ({}, timedelta(seconds=2)),
    ],
)
def test_a_limit_per_minute_passes_after_the_wait_that_the_server_names(
    ask: Ask, server: AsrServer, world: Any, headers: dict[str, str], wait: timedelta
):
    server.refusals = [rate_limited(**headers)]
    assert ask().produced
    assert world.tools.clock.slept == [wait]


@pytest.mark.parametrize(
    ("refusals", "error", "requests"),
    [
        ([rate_limited(retry_after="3600")], RateLimited, 1),
        ([rate_limited(x_should_retry="false")], RateLimited, 1),
        ([BROKEN] * 4, TemporaryError, 4),
        ([NOT_INSTALLED], ConfigurationError, 1),
        (
            [Refusal(status=400, document={"error": {"message": "Invalid language 'xx'"}})],
            PermanentError,
            1,
        ),
        ([Refusal(status=200, document=["no"])], ConfigurationError, 1),
        ([Refusal(status=200, document={"page": "Welcome"})], ConfigurationError, 1),
    ],
)
def test_other_refusals_tell_whether_trying_again_makes_sense(
    ask: Ask,
    server: AsrServer,
    refusals: list[Refusal],
    error: type[ZoomautoError],
    requests: int,
):
    server.refusals = list(refusals)
    with pytest.raises(error) as refused:
        ask()
    assert len(server.requests) == requests
    assert not (isinstance(refused.value, TemporaryError) and refused.value.retry_now)


def test_a_server_that_says_so_is_asked_again_whatever_the_status(ask: Ask, server: AsrServer):
    odd = {"error": {"message": "engine is overloaded"}}
    server.refusals = [Refusal(status=400, document=odd, headers={"x-should-retry": "true"})]
    assert ask().produced


def test_a_server_that_is_away_is_asked_a_few_times(ask: Ask, world: Any):
    with pytest.raises(Unreachable):
        ask(base_url="http://127.0.0.1:9/v1")
    assert [wait.total_seconds() for wait in world.tools.clock.slept] == [2, 4, 8]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "no", "param": "model"}}', "no"),
        (b'{"error": "bad audio"}', "bad audio"),
        (b'{"detail": [{"loc": ["body", "model"], "msg": "Field required"}]}', "Field required"),
        (b"<h1>Bad Gateway</h1>", "<h1>Bad Gateway</h1>"),
        (b"", "without a reason"),
    ],
)
def test_the_reason_is_told_in_the_servers_own_words(body: bytes, words: str):
    assert words in reason(Answer(status=500, headers={}, body=body))


def test_a_wait_that_is_too_long_for_a_run_is_handed_on(ask: Ask, server: AsrServer, world: Any):
    server.refusals = [rate_limited(retry_after="600")]
    with pytest.raises(RateLimited) as refused:
        ask()
    after = datetime.fromisoformat(refused.value.data["reset_at"]) - world.tools.clock.now()
    assert (after, world.tools.clock.slept) == (timedelta(minutes=10), [])


def test_a_date_to_come_back_at_is_a_wait(world: Any):
    clock = FrozenClock(world.tools.clock.now())
    headers = {"retry-after": f"{clock.now() + timedelta(seconds=30):%a, %d %b %Y %H:%M:%S} GMT"}
    answer = Answer(status=503, headers=headers, body=b"")
    assert wait_before_retry(answer, clock.now(), usual=timedelta()) == timedelta(seconds=30)
