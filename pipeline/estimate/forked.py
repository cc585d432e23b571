"""Tasks in copies of this process, as many as there are cores, which share what is large without copying it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def forked(
    function: Callable[..., Any], shared: tuple[Any, ...], tasks: int
) -> Iterator[Callable[[Iterable[Any]], Iterator[Any]]]:
    """A map of `function` over tasks, each with what is `shared` after it; results come in the order of the tasks."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    _SHARED[:] = [function, shared]
    workers = min(cores(), tasks)
    if workers < 2:
        yield lambda each: map(_work, each)
        return
    with ProcessPoolExecutor(workers, get_context("fork"), end_with_parent) as pool:
        yield lambda each: pool.map(_work, each)


def cores() -> int:
    """How many processes may work side by side."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def end_with_parent() -> None:
    """Let a process that works end when the one who asked is gone, however that one ended."""
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    asked = parent_process()

    def watch() -> None:
        if asked is not None:
            wait([asked.sentinel])
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


_SHARED: list[Any] = []  # the function and what it shares, as copies of this process find them


def _work(task: Any) -> Any:
    function, shared = _SHARED
    return function(task, *shared)
