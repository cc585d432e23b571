"""A table as HTML, CSV, LaTeX and a sheet of a workbook: the same numbers in each."""

from __future__ import annotations

import datetime
import html
import io
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.cells import write_lines
from pipeline.show.archives import without_times
from pipeline.show.numbers import ABSENT, MARKS, MINUS, read_month, read_number
from pipeline.show.tables import PASS, Block, Line, Shown, Table

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

ESCAPES = {letter: "\\" + letter for letter in "&%#_${}"} | {
    MINUS: "$-$",
    "*": "$^{*}$",
    "<": "$<$",
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "[": "{[}",  # behind the end of a line it would be the length of a space
}


def write_html(table: Table, page: str = "") -> str:
    """The <table> element: every number in a <data> element that carries its address as id and title.

    Each is a link to its audit panel on `page`, by default the page that the table stands on.
    """
    head = "".join(f"<tr>{line}</tr>" for line in _head_lines(table))
    body = "".join(_html_block(table, block, page) for block in table.blocks)
    tag = f'<strong class="stamp">{html.escape(table.synthetic)}</strong>' if table.synthetic else ""
    caption = f'<span class="title">{html.escape(f"{table.number} {table.title}")}</span>{tag}'
    kind = ' class="text"' if table.is_text else ""
    return f"<table{kind}><caption>{caption}</caption><thead>{head}</thead>{body}</table>"


def _head_lines(table: Table) -> Iterator[str]:
    stub = html.escape(table.stub)
    if table.groups:
        groups = "".join(
            f'<th scope="colgroup" colspan="{span}">{html.escape(title)}</th>'
            if title
            else f'<td colspan="{span}"></td>'
            for title, span in table.groups
        )
        yield f"<td></td>{groups}"
    yield f'<th scope="col">{stub}</th>' + "".join(
        f'<th scope="col">{html.escape(name)}</th>' for name in table.columns
    )


def _html_block(table: Table, block: Block, page: str) -> str:
    width = len(table.columns) + 1
    title = f'<tr><th scope="rowgroup" colspan="{width}">{html.escape(block.title)}</th></tr>' if block.title else ""
    lines = "".join(
        f'<tr{" class=further" * line.is_further}><th scope="row">{_html_label(line.label)}</th>'
        + "".join(f"<td>{'<br>'.join(_html_shown(n, table.language, page) for n in cell)}</td>" for cell in line.cells)
        + "</tr>"
        for line in block.lines
    )
    tag = "tfoot" if block.is_foot else "tbody"
    return f"<{tag}>{title}{lines}</{tag}>"


def _html_label(label: str) -> str:
    """A row's label, its unit in brackets kept on one line."""
    return re.sub(r" (\([^()\s]+\))$", r' <span class="unit">\1</span>', html.escape(label))


def _html_shown(shown: Shown, language: str, page: str) -> str:
    if not shown.cell_id:
        return html.escape(shown.text)
    return html_number(shown.cell_id, shown.text, language, page=page, status=shown.status)


def html_number(
    cell_id: str, text: str, language: str, is_anchor: bool = True, page: str = "", status: str = PASS
) -> str:
    """A number as a link to its audit panel on `page`: its address on hover, its value for machines, its text.

    An address is the id of one element of a page only, its anchor; other places that show the number have none. The
    status is that of disclosure control, which a page marks quietly.
    """
    identity = f' id="{cell_id}"' if is_anchor else ""
    value, mark = html.escape(csv_number(text, language)), _mark(text)
    shown = html.escape(text.removesuffix(mark)) + (f'<span class="mark">{mark}</span>' if mark else "")
    judged = "" if status == PASS else f' class="{status}"'
    return f'<data{identity}{judged} value="{value}" title="{cell_id}"><a href="{page}#{cell_id}">{shown}</a></data>'


def csv_number(text: str, language: str) -> str:
    """The printed number for machines: decimal point, no separators, ISO dates and months; nothing where it is missing.

    Another text without a number, as after suppression, is as it is.
    """
    number = read_number(text, language)
    if number is None:
        return "" if text == ABSENT else read_month(text, language) or text
    return number.isoformat() if isinstance(number, datetime.date) else f"{number:f}"


def write_csv(table: Table) -> str:
    """One line per row, a column per column and statistic; marks of significance in columns of their own.

    What disclosure control does not simply pass is said in columns of its own too.
    """
    rows = _rows(table)
    names = list(dict.fromkeys(shown.name for _, _, numbers in rows for shown in numbers))
    marked = {shown.name for _, _, numbers in rows for shown in numbers if _mark(shown.text)}
    judged = {shown.name for _, _, numbers in rows for shown in numbers if shown.status != PASS}
    further = (("_mark", marked), ("_status", judged))
    header = [name for n in names for name in (n, *(f"{n}{end}" for end, those in further if n in those))]
    lines = [["panel", "row", "label", *header, *(["data"] if table.synthetic else [])]]
    for panel, line, numbers in rows:
        texts = {s.name: csv_number(s.text, table.language) if s.cell_id else s.text for s in numbers}
        texts |= {f"{shown.name}_mark": _mark(shown.text) for shown in numbers}
        texts |= {f"{shown.name}_status": shown.status for shown in numbers}
        end = [table.synthetic] if table.synthetic else []
        lines.append([panel, line.row, line.label, *(texts.get(name, "") for name in header), *end])
    return write_lines(lines)


def _rows(table: Table) -> list[tuple[str, Line, list[Shown]]]:
    """Panel, first line and all numbers of each row; a row's further lines are joined to its first."""
    rows: dict[str, tuple[str, Line, list[Shown]]] = {}
    for block in table.blocks:
        for line in block.lines:
            entry = rows.setdefault(line.row, (block.title, line, []))
            entry[2].extend(shown for cell in line.cells for shown in cell)
    return list(rows.values())


def _mark(text: str) -> str:
    return text[len(text.rstrip(MARKS)) :]


def flat_lines(line: Line) -> Iterator[tuple[str, list[Shown | None]]]:
    """A line as printed lines: numbers below one another become lines of their own, the label on the first."""
    for place in range(max(len(cell) for cell in line.cells)):
        yield "" if place else line.label, [cell[place] if place < len(cell) else None for cell in line.cells]


LATEX_WIDTHS = (0.22, 0.45, 0.14, 0.08)  # of the columns of words


def write_latex(table: Table) -> str:
    """A longtable with the rules of booktabs."""
    width = len(table.columns) + 1
    groups = "".join(rf" & \multicolumn{{{span}}}{{c}}{{{_latex(title)}}}" for title, span in table.groups)
    head = [groups + r" \\"] if groups else []
    head.append(" & ".join(_latex(name) for name in (table.stub, *table.columns)) + r" \\")
    tag = rf" \textbf{{[{_latex(table.synthetic)}]}}" if table.synthetic else ""
    note = rf"\multicolumn{{{width}}}{{p{{0.95\linewidth}}}}{{\footnotesize {_latex(table.note)}}}"
    widths = "".join(rf"p{{{width}\linewidth}}" for width in LATEX_WIDTHS)
    layout = widths if table.is_text else f"l{'r' * len(table.columns)}"
    lines = [
        "% needs booktabs and longtable",
        rf"\begin{{longtable}}{{{layout}}}",
        rf"\caption{{{_latex(table.title)}{tag}}}\label{{{table.name.replace('_', ':', 1).replace('_', '.')}}} \\",
        *(r"\toprule", *head, r"\midrule", r"\endfirsthead"),
        *(r"\toprule", *head, r"\midrule", r"\endhead"),
        r"\midrule \endfoot",
        rf"\bottomrule \noalign{{\smallskip}} {note} \endlastfoot",
        *(line for block in table.blocks for line in _latex_block(block, width)),
        r"\end{longtable}",
    ]
    return "\n".join(lines) + "\n"


def _latex_block(block: Block, width: int) -> Iterator[str]:
    if block.is_foot:
        yield r"\midrule"
    if block.title:
        yield rf"\multicolumn{{{width}}}{{l}}{{\textit{{{_latex(block.title)}}}}} \\"
    for line in block.lines:
        for label, numbers in flat_lines(line):
            yield " & ".join([_latex(label), *(_latex(n.text) if n else "" for n in numbers)]) + r" \\"


def _latex(text: str) -> str:
    return "".join(ESCAPES.get(letter, letter) for letter in text)


def write_workbook(tables: Iterable[Table]) -> bytes:
    """A workbook with a sheet for each table: numbers as numbers, shown with the decimals and marks as printed.

    The bytes depend on the tables alone: times in the archive and in the properties are fixed.
    """
    from openpyxl import Workbook

    workbook = Workbook()
    workbook.properties.creator = ""
    for table in tables:
        _fill_sheet(workbook.create_sheet(table.number), table)
    if len(workbook.worksheets) > 1:  # a workbook cannot be without a sheet
        workbook.remove(workbook.worksheets[0])
    buffer = io.BytesIO()
    workbook.save(buffer)
    return without_times(buffer.getvalue())


def _fill_sheet(sheet: Worksheet, table: Table) -> None:
    """Title, the word synthetic, headings, lines and note, from the top."""
    _append_headings(sheet, table)
    for block in table.blocks:
        if block.title:
            sheet.append([block.title])
        for line in block.lines:
            for label, numbers in flat_lines(line):
                _append_numbers(sheet, label, numbers, table.language)
    _append_note(sheet, table)
    for row in sheet.iter_rows():
        for cell in row:
            if cell.data_type == "f":  # a name that begins with = is a name
                cell.data_type = "s"
    sheet.column_dimensions["A"].width = max(24, *(len(line.label) for block in table.blocks for line in block.lines))
    for column in "BCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(table.columns)]:
        sheet.column_dimensions[column].width = 19
    if table.is_text:
        sheet.column_dimensions["B"].width = 90


def _append_headings(sheet: Worksheet, table: Table) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.append([f"{table.number} {table.title}"])
    sheet.append([table.synthetic])
    if table.groups:
        sheet.append(["", *(name for title, span in table.groups for name in (title, *[""] * (span - 1)))])
    sheet.append([table.stub, *table.columns])
    for row in sheet.iter_rows():
        for cell in row:
            cell.font, cell.alignment = Font(bold=True), Alignment(horizontal="right" if cell.column > 1 else "left")
    sheet.freeze_panes = f"B{sheet.max_row + 1}"


def _append_note(sheet: Worksheet, table: Table) -> None:
    from openpyxl.styles import Alignment

    sheet.append([])
    sheet.append([table.note])
    row = sheet.max_row
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=len(table.columns) + 1)
    sheet.cell(row, 1).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.row_dimensions[row].height = 90


def _append_numbers(sheet: Worksheet, label: str, numbers: list[Shown | None], language: str) -> None:
    """One line of numbers, right-aligned, each with the format that shows it as printed."""
    from openpyxl.styles import Alignment

    row = sheet.max_row + 1
    sheet.cell(row, 1, label)
    for column, shown in enumerate(numbers, 2):
        if shown is None:
            continue
        number = read_number(shown.text, language) if shown.cell_id else None
        cell = sheet.cell(row, column, shown.text if number is None else number)
        cell.alignment = Alignment(horizontal="right" if shown.cell_id else "left")
        if number is not None:
            cell.number_format = _number_format(number, shown.text)


def _number_format(number: Decimal | datetime.date, text: str) -> str:
    """The workbook's format for a number: decimals and thousands as printed, then brackets or marks as text."""
    if isinstance(number, datetime.date):
        return "d mmmm yyyy"
    decimals = -int(number.as_tuple().exponent)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    mark = _mark(text)
    return rf"\({pattern}\)" if text.startswith("(") else pattern + (f'"{mark}"' if mark else "")
