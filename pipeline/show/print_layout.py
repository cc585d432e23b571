"""How a table lies on paper, in Word as in the PDF: its columns, the size of its letters, the turn of the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from pipeline.show.content import Exhibit, panels_of
from pipeline.show.numbers import MARKS
from pipeline.show.style import NOTE_SIZE, wrap
from pipeline.show.table_formats import LATEX_WIDTHS
from pipeline.show.tables import Line, Table
from pipeline.show.typeface import text_width

PAPER = (8.27, 11.69)  # inches, A4 upright
SIDE, HEAD, FOOT = 0.79, 0.9, 0.8  # margins in inches, the line at the head and that at the foot in them
PADDING = 0.055  # inches between the edge of a cell and its text
SIZES = (9.0, 8.5, 8.0)  # points; a page is turned before letters are smaller
SMALL_SIZES = (9.0, 8.5, 8.0, 7.5, 7.0)
WORD_SIZE = 8.0  # of a table of words
LABEL = (1.1, 2.9)  # inches of the column of labels: at least, and at most before they are broken
ROUNDING = 1e-9
NARROW = 1.7  # inches of it where a table would be cut in two otherwise
HANGING = MARKS + ")"  # what stands to the right of the digits that are set below one another
LINE, AROUND = 0.175, 1.2  # inches of a line of a note or table, and of headings around a picture
SMALLEST_PICTURE = 0.75  # of the room: letters of 7 points
SHORT = 0.55  # inches of a heading that is not broken
MEASURED = 100.0  # points
FURTHER = "\N{EM SPACE}"
SAFETY = 1.03  # letters are set a little wider in some programs


@dataclass(frozen=True)
class Layout:
    """Points of the letters, inches of each column, that of the labels first, and whether the page is turned."""

    size: float
    widths: tuple[float, ...]
    is_turned: bool


def text_room(*, is_turned: bool) -> float:
    """Inches between the margins."""
    return PAPER[is_turned] - 2 * SIDE


def lay_out(exhibit: Exhibit) -> list[tuple[Table, Layout]]:
    """The table of an exhibit with its layout; one that is too wide as parts, each with the labels of the rows.

    The numbers behind a figure stand below it on an upright page.
    """
    if exhibit.table is None:
        return []
    turns = [(False, SMALL_SIZES)] if exhibit.picture else [(False, SIZES), (True, SMALL_SIZES)]
    return list(_parts(exhibit.table, [(size, is_turned) for is_turned, sizes in turns for size in sizes]))


def _parts(table: Table, tried: Sequence[tuple[float, bool]]) -> Iterator[tuple[Table, Layout]]:
    """The first size in which the table fits, or its halves; one column is never too wide."""
    if table.is_text:
        room = text_room(is_turned=False)
        yield table, Layout(WORD_SIZE, tuple(share * room / sum(LATEX_WIDTHS) for share in LATEX_WIDTHS), False)
        return
    for label, (size, is_turned) in product((LABEL[1], NARROW), tried):
        room = text_room(is_turned=is_turned)
        layout = Layout(size, _widths(table, size, room, label), is_turned)
        if sum(layout.widths) <= room + ROUNDING:
            break
    else:
        if len(table.columns) > 1:
            middle = len(table.columns) // 2
            yield from _parts(_part(table, 0, middle), tried)
            yield from _parts(_part(table, middle, len(table.columns)), tried)
            return
    yield table, layout


def label_of(line: Line) -> str:
    """The label of a line as it stands on paper: that of a further line below its row's is indented."""
    return f"{FURTHER}{line.label}" if line.is_further else line.label


def _part(table: Table, start: int, end: int) -> Table:
    """The columns from `start` to before `end`."""
    headings = [title for title, span in table.groups for _ in range(span)][start:end]
    blocks = [
        replace(block, lines=tuple(replace(line, cells=line.cells[start:end]) for line in block.lines))
        for block in table.blocks
    ]
    groups: list[tuple[str, int]] = []
    for title in headings:
        if groups and groups[-1][0] == title:
            groups[-1] = (title, groups[-1][1] + 1)
        else:
            groups.append((title, 1))
    return replace(table, columns=table.columns[start:end], groups=tuple(groups), blocks=tuple(blocks))


def _widths(table: Table, size: float, room: float, label: float) -> tuple[float, ...]:
    """Inches of each column; labels are on one line if the room allows it, and else have `label` at least."""
    lines = [line for block in table.blocks for line in block.lines]
    columns = [
        max(_heading(name, size), hanging + max((_number(text, size) for text in _texts(table, place)), default=0.0))
        for place, (name, hanging) in enumerate(zip(table.columns, hangs(table, size), strict=True))
    ]
    first = 0
    for title, span in table.groups:  # a heading over several columns widens them alike
        lack = _heading(title, size) - sum(columns[first : first + span])
        columns[first : first + span] = [width + max(0.0, lack) / span for width in columns[first : first + span]]
        first += span
    labels = max(LABEL[0], _heading(table.stub, size), *(_inches(label_of(line), size) for line in lines))
    left = room - sum(columns)
    whole = max(labels, _inches(table.stub, size, bold=True))
    return (whole if whole <= left else min(labels, max(label, left)), *columns)


def _texts(table: Table, place: int) -> set[str]:
    """What is in one column."""
    return {shown.text for block in table.blocks for line in block.lines for shown in line.cells[place]}


def _text_width(text: str, size: float, bold: bool = False) -> float:
    """Inches that a text takes, which grow as the size does: each text is measured once."""
    return text_width(text, MEASURED, bold) * size / MEASURED


def _inches(text: str, size: float, *, bold: bool = False) -> float:
    return _text_width(text, size, bold) * SAFETY + 2 * PADDING


def _number(text: str, size: float) -> float:
    """Inches of a number and the edges of its cell, without what hangs."""
    return _inches(text.rstrip(HANGING), size)


def _heading(text: str, size: float) -> float:
    """Inches that a heading takes on two lines, never less than its longest word; a short one is not broken."""
    longest = max((_inches(word, size, bold=True) for word in text.split()), default=0.0)
    whole = _inches(text, size, bold=True)
    return max(longest, 0.58 * whole, min(whole, SHORT))


def picture_size(exhibit: Exhibit) -> tuple[float, float]:
    """Width and height of the panels of a figure, in points."""
    width, height = panels_of(exhibit)[0].split()[2:]
    return float(width), float(height)


def picture_share(exhibit: Exhibit) -> float:
    """The share of the room between the margins that a picture takes, so that note and numbers stand on its page.

    Where they cannot, even with a smaller picture, the numbers stand on the next page.
    """
    room, (width, height) = text_room(is_turned=False), picture_size(exhibit)
    left = PAPER[1] - HEAD - FOOT - AROUND - len(wrap(exhibit.note, room, NOTE_SIZE)) * LINE
    lines = sum(4 + sum(len(block.lines) for block in table.blocks) for table, _ in lay_out(exhibit))
    alone, together = (inches * width / (room * height) for inches in (left, left - lines * LINE))
    return min(together if together > SMALLEST_PICTURE else alone, 1.0)


def hangs(table: Table, size: float) -> Iterator[float]:
    """For each column the inches that marks and brackets take, of the widest in it."""
    for place in range(len(table.columns)):
        yield max((hang(text, size) for text in _texts(table, place)), default=0.0)


def hang(text: str, size: float) -> float:
    """Inches that the marks or the bracket behind a number take."""
    return _text_width(text[len(text.rstrip(HANGING)) :], size)
