"""What can be saved in the table ``transcription``, and what is refused at once."""

from typing import Any

import pytest

from zoomauto.domain.options import read_options
from zoomauto.errors import InvalidOptions
from zoomauto.stages.transcription.options import TranscriptionOptions

HTTP = {"engine": "http", "base_url": "http://127.0.0.1:8000/v1", "model": "small"}
COMMAND = {"engine": "command", "command": "whisper-cli -f {audio} -of {output}"}


def read(**values: Any) -> TranscriptionOptions:
    return read_options(TranscriptionOptions, values, where="transcription")


@pytest.mark.parametrize(
    ("engine", "engines"),
    [
        ("", ()),
        ("http", ("http",)),
        ("command, http", ("command", "http")),
        (["http", "command"], ("http", "command")),
    ],
)
def test_engines_are_tried_in_the_order_of_their_names(engine: Any, engines: tuple[str, ...]):
    assert read(**{**HTTP, **COMMAND, "engine": engine}).engines == engines


def test_a_command_is_split_as_a_shell_would_or_given_as_words():
    words = ("my tool", "-f", "{audio}", "-of", "{output}")
    assert read(command="'my tool' -f {audio} -of {output}").words == words
    assert read(command=list(words)).words == words


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"engine": "siri"}, "engine cannot be 'siri': there is http, faster-whisper, command"),
        ({"engine": "http", "model": "small"}, "engine http needs transcription.base_url"),
        (
            {"engine": "http"},
            "engine http needs transcription.base_url and transcription.model",
        ),
        ({"engine": "faster-whisper"}, "needs transcription.whisper_model"),
        ({"engine": "command"}, "engine command needs transcription.command"),
        ({"command": "whisper {output}"}, "'whisper {output}': it has no {audio}"),
        ({"command": "whisper {audio}"}, "it has neither {output} nor {folder}"),
        ({"command": "whisper 'a"}, "no closing quotation"),
        ({"base_url": "127.0.0.1:8000"}, "must begin with http:// or https://"),
        ({"base_url": "http://[1"}, "must begin with http:// or https://"),
        ({"max_upload_mb": float("nan")}, "max_upload_mb cannot be nan"),
        ({"timeout_seconds": 0}, "timeout_seconds cannot be 0"),
        ({"audio": "opus"}, "'audio' cannot be 'opus'"),
    ],
)
def test_what_could_only_fail_later_is_refused(values: dict[str, Any], message: str):
    with pytest.raises(InvalidOptions) as refused:
        read(**values)
    assert message in refused.value.message


@pytest.mark.parametrize(
    "values", [{"api_key": "sk-secret"}, {"base_url": "https://me:sk-secret@api.example.com/v1"}]
)
def test_a_key_is_a_reference_and_is_never_repeated(values: dict[str, Any]):
    with pytest.raises(InvalidOptions) as refused:
        read(**values)
    assert "sk-secret" not in f"{refused.value.message} {refused.value.hint}"
    assert read(api_key="env:OPENAI_API_KEY").api_key == "env:OPENAI_API_KEY"
