"""A small account with real media behind it, made by ffmpeg: what the demonstration works on."""

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from zoomauto.media.ffmpeg import Ffmpeg
from zoomauto.testing.zoom.meeting import File, Meeting, User
from zoomauto.testing.zoom.world import World


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """A media file to make: seconds of silence, then of sound, then of silence."""

    name: str
    head: int
    sound: int
    tail: int

    @property
    def seconds(self) -> int:
        """The whole length."""
        return self.head + self.sound + self.tail


# All longer than a minute: a shorter recording is blank by its length alone.
_TALK = Clip(name="talk.mp4", head=12, sound=48, tail=15)
_LECTURE = Clip(name="lecture.mp4", head=0, sound=50, tail=20)
_SILENCE = Clip(name="silence.mp4", head=70, sound=0, tail=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A meeting that was recorded."""

    topic: str
    clip: Clip
    #: How long ago it began.
    ago: timedelta
    #: Whether the cloud has written down what was said.
    has_words: bool = False
    #: How long the cloud still needs to finish it.
    ready_in: timedelta = timedelta()


#: What is said in a lecture: when each sentence begins, in seconds, and who says it.
_WORDS = (
    (1, "Ann", "Welcome back. Today we come to waves, and to what happens where two of them meet."),
    (9, "Ann", "Drop two stones into a pond, and watch the rings run through each other."),
    (18, "Ben", "Do they not push each other out of the way?"),
    (23, "Ann", "They do not. Each goes on as if it were alone; only their heights add up."),
    (32, "Ann", "Where a crest meets a crest the water rises twice as high."),
    (40, "Ben", "And where a crest meets a trough nothing moves at all?"),
    (45, "Ann", "Exactly."),
)

#: Of today and yesterday, even where yesterday had 23 hours.
SESSIONS = (
    Session(topic="Weekly planning", clip=_TALK, ago=timedelta(hours=23)),
    Session(topic="Weekly call that nobody joined", clip=_SILENCE, ago=timedelta(hours=22)),
    Session(topic="Birthday", clip=_TALK, ago=timedelta(hours=21)),
    Session(topic="Physics lecture 7", clip=_LECTURE, ago=timedelta(hours=3), has_words=True),
    Session(topic='Weekly Q&A: "why?" 1/2 \N{ROCKET}', clip=_TALK, ago=timedelta(hours=2)),
    Session(
        topic="Physics lecture 8",
        clip=_LECTURE,
        ago=timedelta(minutes=5),
        ready_in=timedelta(minutes=10),
    ),
)
_HOST = User(id="KDcuGIm1QgePTO8WbOqwIQ", email="ann@example.com")


def recorded_world(ffmpeg: Ffmpeg, folder: Path, *, now: datetime) -> World:
    """Make the clips in ``folder``, side by side, and the account whose sessions they are.

    Raise what ffmpeg raises.
    """

    def make(clip: Clip) -> None:
        ffmpeg.run(_recipe(clip, folder / clip.name), timeout=timedelta(minutes=2))

    folder.mkdir(parents=True, exist_ok=True)
    clips = {session.clip for session in SESSIONS}
    with ThreadPoolExecutor(max_workers=len(clips)) as threads:
        list(threads.map(make, clips))
    (folder / "words.vtt").write_text(_transcript(), encoding="utf-8")
    meetings = [_meeting(session, folder, now) for session in SESSIONS]
    return World(users=[_HOST], meetings=meetings)


def _recipe(clip: Clip, target: Path) -> list[str]:
    """Give ffmpeg's arguments: a moving test picture, a wavering tone, silence around it.

    Where nothing is heard nothing is seen either.
    """
    end = clip.head + clip.sound
    tone = f"0.4*sin(2*PI*330*t)*(0.6+0.4*sin(2*PI*3*t))*between(t,{clip.head},{end})"
    view, tone = ("testsrc2=", tone) if clip.sound else ("color=black:", "0")
    return [
        "-f", "lavfi", "-i", f"{view}size=256x144:rate=5:duration={clip.seconds}",
        "-f", "lavfi", "-i", f"aevalsrc='{tone}':s=16000:d={clip.seconds}",
        "-c:v", "mpeg4", "-q:v", "12", "-g", "10", "-c:a", "aac", "-b:a", "48k",
        "-movflags", "+faststart", "-y", str(target),
    ]  # fmt: skip


def _transcript() -> str:
    """Write what is said as Zoom does: each sentence lasts until the next one begins."""
    ends = [*(start for start, _, _ in _WORDS[1:]), 48]
    cues = (
        f"\n{number}\n00:00:{start:02d}.000 --> 00:00:{end:02d}.000\n{speaker}: {text}\n"
        for number, ((start, speaker, text), end) in enumerate(zip(_WORDS, ends, strict=True), 1)
    )
    return f"WEBVTT\n{''.join(cues)}"


def _meeting(session: Session, folder: Path, now: datetime) -> Meeting:
    start_at = now - session.ago
    digest = hashlib.sha256(session.topic.encode()).digest()
    file = File(
        id=digest.hex()[:32],
        start_at=start_at,
        end_at=start_at + timedelta(seconds=session.clip.seconds),
        processing_until=now + session.ready_in if session.ready_in else None,
        path=folder / session.clip.name,
    )
    words = replace(
        file,
        id=digest.hex()[32:],
        file_type="TRANSCRIPT",
        extension="VTT",
        recording_type="audio_transcript",
        path=folder / "words.vtt",
    )
    return Meeting(
        uuid=base64.b64encode(digest[:16]).decode(),
        number=84 * 10**9 + int.from_bytes(digest[16:20]) % 10**9,
        user_id=_HOST.id,
        topic=session.topic,
        start_at=start_at,
        duration=session.clip.seconds // 60,
        files=(file, words) if session.has_words else (file,),
    )
