"""Working ahead: the next answers are asked for while this one is being used."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], *, at_once: int
) -> Iterator[Result]:
    """Give the result of each item in their order, and work on the next ones meanwhile.

    ``at_once`` items are worked on at the same time, and as many results held at most. Raise what
    the first item that fails raises. Nobody waits then for those behind it, nor after an
    interruption: ``work`` must do no harm when it goes on a little longer, or ends with us.
    """
    coming = iter(items)
    begun = deque(_begun(work, item) for item in islice(coming, at_once))
    while begun:
        result = begun.popleft().result()
        begun.extend(_begun(work, item) for item in islice(coming, 1))
        yield result


def _begun(work: Callable[[Item], Result], item: Item) -> "Future[Result]":
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work(item))
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            future.set_exception(error)

    # A pool would make the end of the process wait for its threads.
    threading.Thread(target=run, name="ahead", daemon=True).start()
    return future
