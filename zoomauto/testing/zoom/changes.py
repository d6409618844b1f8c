"""The endpoints that change: put in the trash, delete, recover."""

import json
from collections.abc import Sequence

from zoomauto.testing.zoom.cloud import Call, Cloud
from zoomauto.testing.zoom.listing import decoded_again, no_recording
from zoomauto.testing.zoom.meeting import File, Meeting
from zoomauto.testing.zoom.reply import Refusal, Reply, empty_reply

DELETE_ALL = ("recording:write:admin", "cloud_recording:delete:meeting_recording:admin")
DELETE_ONE = ("recording:write:admin", "cloud_recording:delete:recording_file:admin")
RECOVER_ALL = (
    "recording:write:admin",
    "cloud_recording:update:recover_meeting_recordings:admin",
)
RECOVER_ONE = (
    "recording:write:admin",
    "cloud_recording:update:recover_single_recording:admin",
)


def delete_all(cloud: Cloud, call: Call, parts: Sequence[str]) -> Reply:
    """Answer ``DELETE /meetings/{meetingId}/recordings``."""
    return _delete(cloud, call, _known(cloud, parts[0], DELETE_ALL), None)


def delete_one(cloud: Cloud, call: Call, parts: Sequence[str]) -> Reply:
    """Answer ``DELETE /meetings/{meetingId}/recordings/{recordingId}``."""
    meeting = _known(cloud, parts[0], DELETE_ONE)
    file = _file(meeting, parts[1])
    if cloud.rows(cloud.clock.now()).is_processing(meeting, file):
        raise Refusal(400, 3303, "You can not delete an uncompleted meeting.")
    return _delete(cloud, call, meeting, file)


def recover_all(cloud: Cloud, call: Call, parts: Sequence[str]) -> Reply:
    """Answer ``PUT /meetings/{meetingUUID}/recordings/status``."""
    return _recover(cloud, call, _known(cloud, parts[0], RECOVER_ALL), None)


def recover_one(cloud: Cloud, call: Call, parts: Sequence[str]) -> Reply:
    """Answer ``PUT /meetings/{meetingId}/recordings/{recordingId}/status``."""
    meeting = _known(cloud, parts[0], RECOVER_ONE)
    return _recover(cloud, call, meeting, _file(meeting, parts[1]))


def _known(cloud: Cloud, segment: str, accepted: tuple[str, ...]) -> Meeting:
    meeting = cloud.world.meeting(decoded_again(segment))
    if meeting is None:
        raise no_recording()
    cloud.check_user(meeting.user_id, accepted)
    return meeting


def _file(meeting: Meeting, file_id: str) -> File:
    for file in meeting.files:
        if file.id == file_id:
            return file
    raise no_recording()


def _delete(cloud: Cloud, call: Call, meeting: Meeting, file: File | None) -> Reply:
    action = call.query.get("action")
    if action is None:
        raise cloud.violate(f"DELETE without an explicit action: {call.target}")
    if action not in {"trash", "delete"}:
        raise Refusal(400, 300, "Invalid field: action.")
    if not cloud.deleting.enter(meeting.user_id):
        raise Refusal(429, 429, "Too many concurrent requests. Try again later.")
    try:
        if cloud.traps.hold_deletes:
            cloud.delete_gate.wait()
        if not cloud.world.discard(meeting, file, cloud.clock.now(), for_good=action == "delete"):
            raise no_recording()
    finally:
        cloud.deleting.leave(meeting.user_id)
    return empty_reply(cloud.traps.changed_status)


def _recover(cloud: Cloud, call: Call, meeting: Meeting, file: File | None) -> Reply:
    if _asked(call.body) != "recover":
        raise Refusal(400, 300, "Invalid field: action.")
    if not cloud.world.recover(meeting, file, cloud.clock.now()):
        raise no_recording()
    return empty_reply(cloud.traps.changed_status)


def _asked(body: bytes) -> object:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document.get("action") if isinstance(document, dict) else None
