"""Tables of a Word file: the header repeated on every page, and rows that are not broken."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from pipeline.show.print_layout import PADDING, Layout, hang, hangs, label_of
from pipeline.show.tables import Block, Line, Table
from pipeline.show.word_parts import DEEP, INK, element_of, run_of

TWIPS = 1440  # to the inch
AROUND = 16  # twips above and below the lines of a cell


def table_element(table: Table, layout: Layout, *, keeps_whole: bool, has_note: bool) -> Any:
    """A table of Word: its header repeated on every page, rows never broken, its title for who cannot see it.

    keeps_whole: on one page with what stands above it. has_note: the last line stays with the note below.
    """
    cells = _Cells(table, layout, keeps_whole)
    blocks = [row for place, block in enumerate(table.blocks) for row in cells.block(block, place, has_note)]
    total = round(sum(layout.widths) * TWIPS)
    grid = "".join(f'<w:gridCol w:w="{round(width * TWIPS)}"/>' for width in layout.widths)
    edges = "".join(f'<w:{side} w:val="single" w:sz="12" w:space="0" w:color="{INK}"/>' for side in ("top", "bottom"))
    margins = "".join(f'<w:{side} w:w="{round(PADDING * TWIPS)}" w:type="dxa"/>' for side in ("left", "right"))
    return element_of(
        f'<w:tbl><w:tblPr><w:tblW w:w="{total}" w:type="dxa"/><w:tblBorders>{edges}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar>'
        '<w:tblLook w:val="00A0" w:firstRow="1" w:firstColumn="1" w:noHBand="1" w:noVBand="1"/>'
        f'<w:tblCaption w:val="{escape(f"{table.number} {table.title}")}"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{cells.head()}{''.join(blocks)}</w:tbl>"
    )


class _Cells:
    """The rows of one table as Word has them."""

    def __init__(self, table: Table, layout: Layout, keeps_whole: bool) -> None:
        self.table, self.layout, self.keeps_whole = table, layout, keeps_whole
        self.hanging = tuple(hangs(table, layout.size))
        self.side = "left" if table.is_text else "right"

    def head(self) -> str:
        """The headings over columns, and those of the columns."""
        groups, first = [self.cell([("", 0)], 0)], 1
        for title, span in self.table.groups:
            rule = "bottom" if title else ""
            groups.append(self.cell([(title, 0)], first, span=span, side="center", bold=True, rule=rule, keeps=True))
            first += span
        names = [self.table.stub, *self.table.columns]
        columns = [
            self.cell([(name, 0)], place, side=self.side if place else "left", bold=True, rule="bottom", keeps=True)
            for place, name in enumerate(names)
        ]
        rows = [groups, columns] if self.table.groups else [columns]
        return "".join(_row("".join(row), is_head=True) for row in rows)

    def block(self, block: Block, order: int, has_note: bool) -> Iterator[str]:
        """The heading of a block, and its lines."""
        if block.title:
            span = len(self.layout.widths)
            yield _row(self.cell([(block.title, 0)], 0, span=span, bold=True, color=DEEP, keeps=True))
        is_end = order == len(self.table.blocks) - 1
        for place, line in enumerate(block.lines):
            is_last = is_end and place == len(block.lines) - 1
            keeps = has_note and not self.keeps_whole if is_last else self.keeps_whole
            yield _row(self.line(line, "top" if block.is_foot and not place else "", keeps))

    def line(self, line: Line, rule: str, keeps: bool) -> str:
        label = self.cell([(label_of(line), 0)], 0, rule=rule, keeps=keeps)
        numbers = [
            self.cell(
                [(n.text, self.hanging[place] - hang(n.text, self.layout.size)) for n in cell] or [("", 0)],
                place + 1,
                side=self.side,
                rule=rule,
                keeps=keeps,
            )
            for place, cell in enumerate(line.cells)
        ]
        return label + "".join(numbers)

    def cell(
        self,
        lines: list[tuple[str, float]],
        place: int,
        *,
        span: int = 1,
        side: str = "left",
        bold: bool = False,
        color: str = "",
        rule: str = "",
        keeps: bool = False,
    ) -> str:
        """A cell of texts below one another, each with its indent from the right in inches."""
        width = round(sum(self.layout.widths[place : place + span]) * TWIPS)
        spanned = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
        edge = f'<w:{rule} w:val="single" w:sz="4" w:space="0" w:color="{INK}"/>' if rule else ""
        borders = f"<w:tcBorders>{edge}</w:tcBorders>" if edge else ""
        stands = '<w:vAlign w:val="bottom"/>' if bold else ""
        look = ("<w:b/>" if bold else "") + (f'<w:color w:val="{color}"/>' if color else "")
        look += f'<w:sz w:val="{round(2 * self.layout.size)}"/>'
        texts = [
            '<w:p><w:pPr><w:pStyle w:val="TableText"/>'
            + ("<w:keepNext/>" if keeps else "")
            + f'<w:spacing w:before="{AROUND * (not order)}" w:after="{AROUND * (order == len(lines) - 1)}"/>'
            + (f'<w:ind w:right="{round(indent * TWIPS)}"/>' if indent else "")
            + f'<w:jc w:val="{side}"/></w:pPr>{run_of(text, look) if text else ""}</w:p>'
            for order, (text, indent) in enumerate(lines)
        ]
        facts = f'<w:tcW w:w="{width}" w:type="dxa"/>{spanned}{borders}{stands}'
        return f"<w:tc><w:tcPr>{facts}</w:tcPr>{''.join(texts)}</w:tc>"


def _row(cells: str, *, is_head: bool = False) -> str:
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if is_head else ''}</w:trPr>{cells}</w:tr>"
