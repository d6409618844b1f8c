"""What no tracked file may hold."""

import re
from pathlib import Path

import pytest

#: Written with brackets, so that this file does not hold it either.
FORBIDDEN = {
    "a note to ourselves": re.compile(r"\b(?:[T]ODO|[F]IXME|[X]XX)\b"),
    "a path of one machine": re.compile(r"(?<![\w.$}/-])/(?:root|work|Users)/\w"),
    "a merge conflict": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_holds(what: str, tracked: tuple[Path, ...]):
    found = [
        f"{path}: {match.group()}"
        for path in tracked
        for match in FORBIDDEN[what].finditer(path.read_text(errors="replace"))
    ]
    assert found == []


def test_every_tracked_text_ends_with_one_newline(tracked: tuple[Path, ...]):
    texts = {path: path.read_bytes() for path in tracked}
    wrong = [
        str(path)
        for path, text in texts.items()
        if text and b"\0" not in text and (not text.endswith(b"\n") or text.endswith(b"\n\n"))
    ]
    assert wrong == []
