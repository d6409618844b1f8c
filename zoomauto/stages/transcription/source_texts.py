"""Which of the texts that a source gives belongs to which picture or sound."""

from collections.abc import Sequence
from datetime import timedelta

from zoomauto.domain.artifact import Artifact
from zoomauto.domain.recording import FileKind, Recording, RecordingFile

#: Best first, with the name of who wrote it.
WRITERS = {FileKind.TRANSCRIPT: "zoom", FileKind.CAPTIONS: "captions"}
#: A source may give a text's start and that of its picture in other words.
_TOLERANCE = timedelta(minutes=2)


def has_texts(recording: Recording) -> bool:
    """Whether the source gives any text of what was said."""
    return any(file.kind in WRITERS for file in recording.files)


def texts_for(
    media: Artifact, all_media: Sequence[Artifact], recording: Recording
) -> tuple[RecordingFile, ...]:
    """Give the texts that belong to one picture or sound, best first."""
    found: list[RecordingFile] = []
    for kind in WRITERS:
        texts = [file for file in recording.files if file.kind is kind]
        if text := _belonging(media, all_media, texts, recording):
            found.append(text)
    return tuple(found)


def _belonging(
    media: Artifact,
    all_media: Sequence[Artifact],
    texts: Sequence[RecordingFile],
    recording: Recording,
) -> RecordingFile | None:
    """Choose by start; without starts, by place where there are as many texts as pictures."""
    starts = {file.key: file.start_at for file in recording.files}
    start = starts.get(media.file_key)
    timed = [text for text in texts if text.start_at]
    if start and timed:
        nearest = min(timed, key=lambda text: abs((text.start_at or start) - start))
        is_near = abs((nearest.start_at or start) - start) <= _TOLERANCE
        return nearest if is_near or len(texts) == len(all_media) == 1 else None
    if len(texts) != len(all_media):
        return None
    place = [artifact.file_key for artifact in all_media].index(media.file_key)
    return texts[place]
