"""What a change of jobs means for the entries that start them on this host."""

from typing import Any

from zoomauto.cli._call import Call
from zoomauto.cli._render import Problem
from zoomauto.errors import ZoomautoError


def follow(call: Call, opened: Any, *, is_wanted: bool) -> tuple[Problem, ...]:
    """Update this host's entries, if there are any; give what kept them from it.

    The job is saved by then, so this is no failure of its own: the command ends with 3.
    """
    if not is_wanted:
        return ()
    try:
        opened.schedules.update()(call.owner)
    except ZoomautoError as error:
        return (_saved_all_the_same(error),)
    return ()


def _saved_all_the_same(error: ZoomautoError) -> Problem:
    return Problem(
        code=error.code,
        message=f"the job is saved; the entries on this host stay as they were: {error.message}",
        hint=error.hint or "zoomauto schedule apply",
    )
