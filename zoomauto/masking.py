"""Keeping secrets out of what is written down: logs, and what others said of us."""

import logging
from typing import ClassVar

#: Shorter ones would mask half of every line.
_SHORTEST_MASKED = 4


class MaskingFilter(logging.Filter):
    """Writes ``***`` in place of every secret that was resolved, tracebacks included.

    It belongs on handlers: a logger's own filters do not see the records of loggers below it.
    """

    #: Shared: a secret is one for every handler.
    values: ClassVar[set[str]] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, without secrets."""
        if not self.values:
            return True
        message = record.getMessage()
        masked = self.masked(message)
        if masked != message:
            record.msg, record.args = masked, None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.masked(record.exc_text)
        return True

    @classmethod
    def masked(cls, text: str) -> str:
        """Give ``text`` without secrets, the longest first: one may contain another."""
        for value in sorted(cls.values, key=len, reverse=True):
            text = text.replace(value, "***")
        return text


MASKING = MaskingFilter()


def mask(value: str) -> None:
    """Keep a text out of the log from now on, whoever set the log up."""
    if len(value) >= _SHORTEST_MASKED:
        MaskingFilter.values.add(value)
    for logger in (logging.getLogger("zoomauto"), logging.getLogger()):
        for handler in logger.handlers:
            handler.addFilter(MASKING)
