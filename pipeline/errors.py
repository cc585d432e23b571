"""The one exception a user can cause, and how a command ends on it."""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable

Parameters = ParamSpec("Parameters")


class InputError(Exception):
    """Input or settings that cannot be used.

    The message names the file, the line or column, the value and how often it occurs, and the remedy. It never holds
    a person's number or any other value of a person's row than the offending one. The command line ends with exit
    code 2 and prints the message alone.
    """


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
