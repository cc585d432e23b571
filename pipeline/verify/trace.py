"""Walk one printed number back to the cells of the received files: make trace ID=figure_3_3/all/sickness_benefit/45.

The walk is that of pipeline.audit; here all that the number rests on is made again by the second route and compared.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from pipeline.audit.addresses import list_numbers, read_asked
from pipeline.audit.build import Build
from pipeline.audit.history import describe_history, read_history
from pipeline.audit.text import describe, describe_list, describe_received
from pipeline.audit.trace import FOLDER, file_name, trace, write_cells
from pipeline.audit.traced import Trace
from pipeline.errors import InputError, command
from pipeline.estimate.table import parse_address
from pipeline.storage import write_if_changed
from pipeline.verify.behind import Behind, compare_number, compare_person, require_received

HTML, FORMS = "html", ("text", "html")


def vouch(cell_id: str, build: Build) -> Trace:
    """The trace of a number of which every cell and every derived row is what the received files give.

    Raises InputError as `trace` does, and for derived rows that are others, with their counts by kind and their places.
    """
    found = trace(cell_id, build)
    request = build.request(parse_address(found.cell["estimate_id"]))
    behind = compare_number(request, build)
    require_received(behind, "the number", build)
    return replace(found, made_again=behind.kinds, unread=behind.unread)


@command
def main() -> None:
    """Print what is asked for: a number, the numbers of an exhibit, or a person; with FORMAT=html as a page.

    What is free text comes by the environment, where no shell reads it: ID, PERSON, FORMAT.
    """
    parser = argparse.ArgumentParser(prog="python -m pipeline.verify.trace", description=__doc__)
    parser.add_argument("cell_id", nargs="?", default=read_asked("ID"))
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--derived", type=Path, required=True)
    parser.add_argument("--settings", type=Path, default=Path("config"))
    arguments = parser.parse_args()
    build = Build(arguments.raw, arguments.derived, arguments.settings)
    asked, person, form = arguments.cell_id, read_asked("PERSON"), read_asked("FORMAT") or "text"
    if form not in FORMS:
        raise InputError(f"trace: FORMAT={form} is no form. Say FORMAT=html for a page, or leave it out.")
    if person and asked:
        raise InputError("trace: ID and PERSON are two questions. Ask for a number or for a person.")
    if person:
        _tell_person(person, build, form == HTML)
    elif len(list_numbers(asked, build)):
        _tell_list(asked, build, form == HTML)
    else:
        _tell_number(asked, build, form == HTML)


def _tell_list(asked: str, build: Build, is_page: bool) -> None:
    listed = list_numbers(asked, build)
    if is_page:
        from pipeline.audit.page import write_list_page

        _write(f"list_{file_name(asked)}", write_list_page(asked, listed, build), "lists the numbers", build)
        return
    print(describe_list(listed))


def _tell_number(asked: str, build: Build, is_page: bool) -> None:
    found = vouch(asked, build)
    paths = list(write_cells(found))
    if is_page:
        from pipeline.audit.page import write_number_page

        _write(file_name(asked), write_number_page(found), "shows the number, its sum and its persons", build)
        return
    print(describe(found.cell, found.estimate, found.number, found.chain, found.build, found.ends))
    print(f"\n{describe_received(found.made_again, found.unread, build, found.compared)}\n")
    print("\n".join(f"  cells: {path}" for path in paths))


def _tell_person(asked: str, build: Build, is_page: bool) -> None:
    history = read_history(asked, build)
    behind: Behind = compare_person(history.person, build)
    require_received(behind, "the history", build)
    if is_page:
        from pipeline.audit.page import write_person_page

        page = write_person_page(replace(history, made_again=behind.kinds, unread=behind.unread), build)
        _write(f"person_{history.person}", page, "shows the person's whole history", build)
        return
    print(describe_history(history))
    print(f"\n{describe_received(behind.kinds, behind.unread, build)}")


def _write(name: str, page: str, shows: str, build: Build) -> None:
    target = build.derived / FOLDER / f"{name}.html"
    write_if_changed(target, page.encode())
    print(f"{target} {shows}; it never leaves the machine")


if __name__ == "__main__":
    sys.exit(main())
