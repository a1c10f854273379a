"""Work on several threads at once, results in the order of the input."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from hmgeo.reference.machine import core_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD_PER_THREAD = 2


def thread_count(asked: int) -> int:
    """Return the number of threads to use; 0 asks for one per core."""
    return asked if asked > 0 else core_count()


def in_order(work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[tuple[Item, Result]]:
    """Yield each item with its result, in order, however the threads finish; only a few are under way at once.

    Examples
    --------
    >>> list(in_order(abs, [-3, 2], threads=2))
    [(-3, 3), (2, 2)]
    """
    if threads == 1:
        for item in items:
            yield item, work(item)
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="hmgeo")
    under_way: deque[tuple[Item, Future[Result]]] = deque()
    try:
        for item in items:
            under_way.append((item, pool.submit(work, item)))
            if len(under_way) > threads * _AHEAD_PER_THREAD:
                held, future = under_way.popleft()
                yield held, future.result()
        while under_way:
            held, future = under_way.popleft()
            yield held, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
