"""Zoom's trash, which keeps a recording for 30 days. Nothing is ever deleted for good.

Zoom lets one request at a time delete what belongs to a user and refuses the others with 429,
which the client waits out.
"""

from itertools import count

from zoomauto.errors import PermanentError, ZoomautoError
from zoomauto.sources.zoom.client import Request, ZoomClient, meeting_path
from zoomauto.sources.zoom.faults import GONE
from zoomauto.sources.zoom.pace import Label


def trash(client: ZoomClient, uuid: str) -> bool:
    """Put a recording into the trash. False when Zoom no longer has it."""
    sent = count()
    # The action is always said: what Zoom does without one may change.
    request = Request(
        method="DELETE",
        path=meeting_path(uuid),
        label=Label.LIGHT,
        params={"action": "trash"},
        sending=lambda: next(sent),
    )
    try:
        client.change(request)
    except ZoomautoError as error:
        if error.data.get("zoom_code") not in GONE:
            raise
        # Gone at the second asking: the first one was heard, and its answer lost.
        return next(sent) > 1
    return True


def recover(client: ZoomClient, uuid: str) -> None:
    """Take a recording out of the trash. Raise PermanentError when it is not there (any more)."""
    request = Request(
        method="PUT",
        path=f"{meeting_path(uuid)}/status",
        label=Label.LIGHT,
        document={"action": "recover"},
    )
    try:
        client.change(request)
    except ZoomautoError as error:
        if error.data.get("zoom_code") not in GONE:
            raise
        raise PermanentError(
            "Zoom does not have the recording in its trash; it keeps them for 30 days"
        ) from error
