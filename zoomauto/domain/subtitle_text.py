"""Subtitles as players read them, and as people do."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from zoomauto.domain.subtitle import Subtitle, readable
from zoomauto.domain.transcript import Cue

_MILLISECOND = timedelta(milliseconds=1)
#: SubRip has no escape: players take the one for a tag, readers an arrow for times.
_LOOK_ALIKES = str.maketrans("<>", "\u2039\u203a")
#: Without a change of speaker, such a pause begins a paragraph.
_PARAGRAPH_PAUSE = timedelta(seconds=3)


def to_vtt(subtitles: Iterable[Subtitle]) -> str:
    """Write WebVTT, each speaker as a voice."""
    return vtt_file((s.start, s.end, _voice(s) + escaped("\n".join(s.lines))) for s in subtitles)


def to_srt(subtitles: Iterable[Subtitle]) -> str:
    """Write SubRip, with the speaker's name where it changes."""
    blocks = [
        f"{number}\n{clock(s.start, ',')} --> {clock(s.end, ',')}\n{_srt_text(s)}\n"
        for number, s in enumerate(subtitles, start=1)
    ]
    return "\n".join(blocks)


def to_text(cues: Iterable[Cue]) -> str:
    """Write what was said for reading, a paragraph for each turn."""
    paragraphs = [
        (turn[0].speaker, " ".join(cue.text for cue in turn)) for turn in _turns(readable(cues))
    ]
    return "\n\n".join(f"{who}: {said}" if who else said for who, said in paragraphs) + "\n"


def vtt_file(blocks: Iterable[tuple[timedelta, timedelta, str]]) -> str:
    """Write WebVTT of starts, ends and texts, which are escaped already."""
    written = (f"{clock(start)} --> {clock(end)}\n{text}\n" for start, end, text in blocks)
    return "\n".join(["WEBVTT\n", *written])


def escaped(text: str) -> str:
    """Write what has a meaning of its own in WebVTT as itself."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clock(time: timedelta, mark: str = ".") -> str:
    """Write a time as ``HH:MM:SS.mmm``; more than 99 hours take more digits."""
    seconds, milliseconds = divmod(time // _MILLISECOND, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{milliseconds:03}"


def _voice(subtitle: Subtitle) -> str:
    return f"<v {escaped(subtitle.speaker)}>" if subtitle.speaker else ""


def _srt_text(subtitle: Subtitle) -> str:
    name = f"{subtitle.speaker}: " if subtitle.is_new_speaker else ""
    return (name + "\n".join(subtitle.lines)).translate(_LOOK_ALIKES)


def _turns(cues: Iterable[Cue]) -> Iterator[list[Cue]]:
    turn: list[Cue] = []
    for cue in cues:
        if turn and not _goes_on(turn[-1], cue):
            yield turn
            turn = []
        turn.append(cue)
    if turn:
        yield turn


def _goes_on(before: Cue, cue: Cue) -> bool:
    if cue.speaker is None:
        return before.speaker is None and cue.start - before.end < _PARAGRAPH_PAUSE
    return cue.speaker == before.speaker
