"""Comparisons in processes side by side, with progress shown."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from multiprocessing import active_children, get_context
from typing import Any, NamedTuple

from pipeline.estimate.forked import cores, end_with_parent

LINE_EVERY = 10  # tasks, where nobody watches


class Task(NamedTuple):
    """A part of the work: what it is called, and the function that does it."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


def run(groups: Sequence[Sequence[Task]]) -> dict[str, Any]:
    """The result of every task by its name. Each group has processes of its own, which import its libraries once.

    They end with this one, however it ends, and at once if it is interrupted or a task raises.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    each, total, results = max(1, cores() // len(groups)), sum(map(len, groups)), dict[str, Any]()
    with ExitStack() as stack:
        context = get_context("spawn")
        pools = [stack.enter_context(ProcessPoolExecutor(each, context, _begin)) for _ in groups]
        stack.push(_end_all)
        tasks = {
            pool.submit(task.function, *task.arguments): task.name
            for pool, group in zip(pools, groups, strict=True)
            for task in group
        }
        for number, future in enumerate(as_completed(tasks), 1):
            results[tasks[future]] = future.result()
            _progress(number, total, tasks[future])
    return results


def _begin() -> None:
    """Begin a process that works: an interrupt is for the one who asked, and it ends when that one is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def _end_all(raised: type[BaseException] | None, *_: object) -> None:
    """End the processes in the middle of their work if something was raised, and wait for no task that is left."""
    for process in active_children() if raised else ():
        process.terminate()


def _progress(number: int, total: int, name: str) -> None:
    """One line that counts on a terminal, else a line now and then."""
    if sys.stderr.isatty():
        end = "\n" if number == total else ""
        print(f"\r\x1b[Kverify: {number} of {total} parts, last {name}", end=end, file=sys.stderr, flush=True)
    elif number % LINE_EVERY == 0 or number == total:
        print(f"verify: {number} of {total} parts", file=sys.stderr, flush=True)
