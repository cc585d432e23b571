"""What git says of the checkout: its commit, the day of it, and what is not committed."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from pipeline.errors import InputError

NAMED = 10  # files not committed, in a message


@dataclass(frozen=True)
class Commit:
    """The commit that is checked out: its hash, and its instant as ISO 8601 with a zone."""

    sha: str
    instant: str


def clean_commit() -> Commit:
    """The commit of a checkout in which nothing is changed; InputError names what is, or says that it is none."""
    changed = _ask("status", "--porcelain").splitlines()
    if changed:
        more = f" and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
        names = ", ".join(line[3:] for line in changed[:NAMED])
        raise InputError(
            f"{len(changed)} files are not as committed: {names}{more}. Commit them, or put them back: what leaves "
            "must be the work of one commit."
        )
    sha, instant = _ask("show", "--no-patch", "--format=%H%n%cI", "HEAD").split()
    return Commit(sha, instant)


def _ask(*command: str) -> str:
    try:
        return subprocess.run(["git", *command], check=True, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise InputError("git is not installed, so the commit is not known. Install it, and say it again.") from error
    except subprocess.CalledProcessError as error:
        why = error.stderr.strip().splitlines()[:1]
        raise InputError(
            f"no commit is known here ({'; '.join(why)}). Run it in a checkout of the repository."
        ) from error
