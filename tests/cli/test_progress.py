"""What a person sees while something takes its time."""

import io

import pytest

from zoomauto.cli._progress import waiting


class Terminal(io.StringIO):
    """A terminal that remembers everything."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stderr", "is_shown"), [(Terminal(), True), (io.StringIO(), False)])
def test_a_terminal_shows_what_is_waited_for_and_nothing_else_does(
    monkeypatch: pytest.MonkeyPatch, stderr: io.StringIO, *, is_shown: bool
):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", stderr)

    with waiting("asking source [work]"):
        pass

    shown = stderr.getvalue()
    assert ("asking source [work]" in shown) is is_shown
    # The line is taken away at the end.
    assert shown.endswith("\x1b[2K") if is_shown else shown == ""
