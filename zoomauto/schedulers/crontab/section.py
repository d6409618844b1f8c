"""The managed section: the part of a crontab between our two markers, and nothing else of it."""

import re
from dataclasses import dataclass

from zoomauto.errors import ConfigurationError

#: Whatever looks like a marker of any owner and installation, tidy or not.
_ANY_MARKER = re.compile(rb"[ \t]*#[ \t]*(BEGIN|END)[ \t]+zoomauto\b")
_INTRODUCTION = b"# Made by zoomauto: change jobs with its commands, not here.\n"
_INTRODUCTION_ALONE = (
    b"# Made by zoomauto: change jobs with its commands, not here. There was no crontab before.\n"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Whose section it is. Two owners and two installations share one crontab."""

    owner: str
    installation: str
    #: What the section is for, when it is not for entries: ``probe``.
    purpose: str = ""

    @property
    def begin(self) -> bytes:
        """The first line of the section."""
        return self._line("BEGIN")

    @property
    def end(self) -> bytes:
        """The last line of the section."""
        return self._line("END")

    def _line(self, word: str) -> bytes:
        words = ("#", word, "zoomauto", _harmless(self.owner), self.installation, self.purpose)
        return " ".join(filter(None, words)).encode() + b"\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """Where a section stands, in bytes from the start, markers included."""

    start: int
    stop: int
    #: What is between the markers, our introduction left out.
    body: bytes


def find_section(text: bytes, mark: Mark) -> Section | None:
    """Find our section, if there is one.

    Raise ConfigurationError, naming the line, for markers that are doubled, nested, reversed,
    alone or damaged: what lies between them cannot be told then.
    """
    begins: int | None = None
    found: Section | None = None
    position = 0
    for number, line in enumerate(lines_of(text), start=1):
        start, position = position, position + len(line)
        if not _ANY_MARKER.match(line):
            continue
        if line == mark.begin and begins is None and found is None:
            begins = start
        elif line == mark.end and begins is not None:
            found = _section(text, start=begins, stop=position, mark=mark)
            begins = None
        elif begins is not None or line.split() in (mark.begin.split(), mark.end.split()):
            raise _broken(f"line {number} ({_shown(line)}) stands where it cannot")
    if begins is not None:
        number = text.count(b"\n", 0, begins) + 1
        raise _broken(f"the section that begins in line {number} has no end")
    return found


def with_section(text: bytes | None, mark: Mark, body: bytes | None) -> bytes | None:
    """Put ``body`` between our markers, or take the section away when it is None.

    None stands for "no crontab", before and after. A new section goes to the end. Outside the
    section nothing changes but a missing final newline, which is added (contract, section 5).
    """
    before, after = outside(text or b"", mark)
    if body is None:
        rest = before + after
        return rest if rest or not is_ours_alone(text) else None
    if before and not before.endswith(b"\n"):
        before += b"\n"
    introduction = _INTRODUCTION_ALONE if is_ours_alone(text) else _INTRODUCTION
    changed = b"".join((before, mark.begin, introduction, body, mark.end, after))
    if outside(changed, mark) != (before, after):
        raise ConfigurationError("the entries contain a line that looks like a marker")
    return changed


def outside(text: bytes, mark: Mark) -> tuple[bytes, bytes]:
    """Give what stands before and after our section; all and nothing when there is none."""
    section = find_section(text, mark)
    return (text[: section.start], text[section.stop :]) if section else (text, b"")


def is_ours_alone(text: bytes | None) -> bool:
    """Say whether there was no crontab before the first section of any of us came into it."""
    return text is None or _INTRODUCTION_ALONE in lines_of(text)


def lines_of(text: bytes) -> list[bytes]:
    r"""Split at ``\n`` alone, as cron does; every line but perhaps the last keeps its own."""
    return re.findall(rb"[^\n]*\n|[^\n]+\Z", text)


def _section(text: bytes, *, start: int, stop: int, mark: Mark) -> Section:
    body = text[start + len(mark.begin) : stop - len(mark.end)]
    for introduction in (_INTRODUCTION, _INTRODUCTION_ALONE):
        body = body.removeprefix(introduction)
    return Section(start=start, stop=stop, body=body)


def _harmless(owner: str) -> str:
    """Write an owner as one word that reads like it, and that no other owner has."""
    raw = owner.encode("utf-8", "surrogateescape")
    return "".join(chr(b) if re.match(rb"[\w.@+-]", bytes([b])) else f"={b:02X}" for b in raw)


def _shown(line: bytes) -> str:
    return repr(line.decode("utf-8", "backslashreplace").rstrip("\n"))[:100]


def _broken(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"the markers of zoomauto in the crontab are not in order: {what}. Nothing was changed",
        hint="crontab -e, and leave one BEGIN and one END line around our entries, or neither",
    )
