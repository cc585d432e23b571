"""The one exception a user can cause, how the faults of several parts are gathered in it, and how a command ends."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from typing import TYPE_CHECKING, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Parameters = ParamSpec("Parameters")


class InputError(Exception):
    """Input or settings that cannot be used.

    The message names the file, the line or column, the value and how often it occurs, and the remedy. It never holds
    a person's number or any other value of a person's row than the offending one. Faults of parts that do not rest on
    each other are messages of one error, a line each. The command line ends with exit code 2 and prints it alone.
    """

    def __init__(self, *messages: str) -> None:
        """The messages, one for each fault."""
        super().__init__(*messages)
        self.messages = messages

    def __str__(self) -> str:
        """The one message, or all of them under their number."""
        return (
            self.messages[0]
            if len(self.messages) == 1
            else "\n  ".join([f"{len(self.messages)} faults:", *self.messages])
        )


class Faults:
    """The faults of parts that do not rest on each other: the first does not hide the second."""

    def __init__(self) -> None:
        """None yet."""
        self.messages: list[str] = []

    @contextlib.contextmanager
    def part(self) -> Iterator[None]:
        """Run a part and keep its InputError, which `stop` raises; any other exception goes on."""
        try:
            yield
        except InputError as error:
            self.messages += [message for message in error.messages if message not in self.messages]

    def stop(self) -> None:
        """Raise InputError with every fault so far, if there is any."""
        if self.messages:
            raise InputError(*self.messages)


def command(action: Callable[Parameters, None]) -> Callable[Parameters, int]:
    """The action as a command that returns its exit code: 0, or after a message 2 on InputError and 130 on Ctrl-C."""

    @functools.wraps(action)
    def run(*arguments: Parameters.args, **options: Parameters.kwargs) -> int:
        try:
            action(*arguments, **options)
        except InputError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        except BrokenPipeError:  # who reads the output has read enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except KeyboardInterrupt:
            print("interrupted; nothing half-written is left", file=sys.stderr)
            return 130
        return 0

    return run
