"""What git says of the checkout: its commit, the day of it, what is not committed, and what a commit holds."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.release.archive import is_plain

NAMED = 10  # files not committed, in a message


@dataclass(frozen=True)
class Commit:
    """The commit that is checked out: its hash, and its instant as ISO 8601 with a zone."""

    sha: str
    instant: str


def clean_commit() -> Commit:
    """The commit of a checkout in which nothing is changed; InputError names what is, or says that it is none."""
    changed = _ask("status", "--porcelain").decode("utf-8", "replace").splitlines()
    if changed:
        more = f" and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
        names = ", ".join(line[3:] for line in changed[:NAMED])
        raise InputError(
            f"{len(changed)} files are not as committed: {names}{more}. Commit them, or put them back: what leaves "
            "must be the work of one commit."
        )
    sha = _ask("rev-parse", "HEAD").decode().strip()
    return Commit(sha, instant_of(sha))


def instant_of(sha: str) -> str:
    """When a commit was made, as ISO 8601 with a zone; InputError if it is not here."""
    return _ask("show", "--no-patch", "--format=%cI", sha, "--").decode().strip()


def has_commit(sha: str) -> bool:
    """Whether this is a checkout of a repository that holds the commit."""
    try:
        _ask("cat-file", "-e", f"{sha}^{{commit}}")
    except InputError:
        return False
    return True


def earlier_commits(sha: str) -> frozenset[str]:
    """The commit and all that it rests on; empty where only a part of the history was fetched."""
    if _ask("rev-parse", "--is-shallow-repository").strip() == b"true":
        return frozenset()
    return frozenset(_ask("rev-list", sha, "--").decode().split())


def committed_digests(sha: str, paths: Iterable[str]) -> dict[str, str]:
    """By path the SHA-256 of the file as the commit holds it, '' where it holds none."""
    named = set(paths)
    wanted = sorted(filter(is_plain, named))
    asked = "".join(f"{sha}:{path}\n" for path in wanted)
    answer, place, found = _ask("cat-file", "--batch", given=asked.encode()), 0, dict.fromkeys(named, "")
    for path in wanted:
        end = answer.index(b"\n", place)
        said = answer[place:end].rsplit(b" ", 2)
        is_file = len(said) == 3 and said[1] == b"blob"
        start, size = end + 1, int(said[2]) if said[-1].isdigit() else -1
        found[path] = hashlib.sha256(answer[start : start + size]).hexdigest() if is_file else ""
        place = start + size + 1
    return found


def require_committed(commit: Commit, read: Mapping[str, str]) -> None:
    """InputError for files, by path with the SHA-256 that was read, that the commit does not hold as they were read.

    git tells nothing of a file that it is told to ignore, or that lies elsewhere.
    """
    held = committed_digests(commit.sha, read)
    other = [path for path, sha256 in sorted(read.items()) if held[path] != sha256]
    if other:
        more = f" and {len(other) - NAMED} more" if len(other) > NAMED else ""
        raise InputError(
            f"{len(other)} files that the build read are not those of the commit {commit.sha[:12]}: "
            f"{', '.join(other[:NAMED])}{more}. Settings that leave must be committed in this repository: put them "
            "there and commit them, run make all with that STUDY, then make verify and make release."
        )


def _ask(*command: str, given: bytes | None = None) -> bytes:
    try:
        return subprocess.run(["git", *command], check=True, capture_output=True, input=given).stdout
    except FileNotFoundError as error:
        raise InputError("git is not installed, so the commit is not known. Install it, and say it again.") from error
    except subprocess.CalledProcessError as error:
        why = error.stderr.decode("utf-8", "replace").strip().splitlines()[:1]
        raise InputError(
            f"no commit is known here ({'; '.join(why)}). Run it in a checkout of the repository."
        ) from error
