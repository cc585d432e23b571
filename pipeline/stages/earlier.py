"""What left before of the persons of an extract: what earlier archives told, with the pseudonyms of this one."""

from __future__ import annotations

import json
from typing import Any

from pipeline.disclosure.earlier import rename
from pipeline.errors import InputError
from pipeline.pseudonyms.linkage import NUMBER, PERSON, same_persons
from pipeline.settings.extract import Extract

LINKAGE = "linkage_"


def run(extract: Extract, **files: Any) -> dict[str, str]:
    """earlier.json: of every archive that was kept what it told.

    `files` are what archives told, and the linkage files of their extracts and of this one, which alone say who is the
    same person. InputError for an extract without its linkage file.
    """
    numbers = {
        name.removeprefix(LINKAGE): dict(zip(table[PERSON].astype(int), table[NUMBER], strict=True))
        for name, table in files.items()
        if name.startswith(LINKAGE)
    }
    found = []
    for told in (content for name, content in sorted(files.items()) if not name.startswith(LINKAGE)):
        other = told["extract"]
        if other not in numbers:
            raise InputError(
                f"an archive of the extract {other} left before, and its linkage file, which says who is the same "
                f"person, is missing. Say make all EXTRACT={other}, or make forget EXTRACT={other} if its permit ended."
            )
        same = {} if other == extract.name else same_persons(numbers[other], numbers[extract.name])
        found.append(rename(told, same))
    return {"earlier.json": json.dumps(found)}
