"""Files of every form that is released, each with a text planted where somebody, or a program, might leave it."""

from __future__ import annotations

import base64
import html
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence

import docx
import openpyxl
import pypdf
import typst

HEAD = b"\x89PNG\r\n\x1a\n"


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(kind: bytes, body: bytes, after: bytes = b"") -> bytes:
    return HEAD + _chunk(b"IHDR", b"\0" * 13) + _chunk(kind, body) + _chunk(b"IEND", b"") + after


def _svg(within: str) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0.12345678901 1"/>{within}</svg>'.encode()


def _jpeg(text: str) -> bytes:
    body = text.encode()
    return b"\xff\xd8\xff\xfe" + struct.pack(">H", len(body) + 2) + body + b"\xff\xda\0\0\xff\xd9"


def sheet(rows: Sequence[Sequence[str]] = (), creator: str = "", comment: str = "") -> bytes:
    book, written = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    if comment:
        book.active["A1"].comment = openpyxl.comments.Comment(comment, "")
    book.properties.creator = creator
    book.save(written)
    return written.getvalue()


def word(text: str = "", author: str = "", rows: Sequence[Sequence[str]] = ()) -> bytes:
    document, written = docx.Document(), io.BytesIO()
    document.core_properties.author = author
    paragraph = document.add_paragraph()
    for part in (text[:4], text[4:]):
        paragraph.add_run(part)  # Word breaks a text into runs wherever it likes
    if rows:
        table = document.add_table(len(rows), len(rows[0]))
        for cells, row in zip(table.rows, rows, strict=True):
            for cell, own in zip(cells.cells, row, strict=True):
                cell.text = own
    document.save(written)
    return written.getvalue()


def pdf(text: str = "", information: dict[str, str] | None = None) -> bytes:
    source = f"#set document(date: none)\n#set page(width: auto)\n#raw({json.dumps(text, ensure_ascii=False)})"
    made = typst.compile(source.encode(), format="pdf")
    if information is None:
        return made
    writer, written = pypdf.PdfWriter(io.BytesIO(made)), io.BytesIO()
    writer.add_metadata(information)
    writer.write(written)
    return written.getvalue()


def zipped(files: dict[str, bytes], comment: bytes = b"") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.comment = comment
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


def page(rows: Sequence[Sequence[str]]) -> bytes:
    cells = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<!DOCTYPE html><html><table>{cells}</table></html>".encode()


def _block(text: str) -> bytes:
    return f'<!DOCTYPE html><script type="application/json">{json.dumps({"a": [text]})}</script>'.encode()


def _columns(rows: Sequence[Sequence[str]]) -> bytes:
    return json.dumps({name: [row[at] for row in rows[1:]] for at, name in enumerate(rows[0])}).encode()


def _creator(name: str) -> bytes:
    return _svg(f"<metadata><dc:creator><cc:Agent><dc:title>{name}</dc:title></cc:Agent></dc:creator></metadata>")


def _data(text: str) -> bytes:
    told = base64.b64encode(text.encode()).decode()
    return f'<!DOCTYPE html><a href="data:text/plain;base64,{told}">x</a>'.encode()


# By where in which form: what makes a file with a text there.
CARRIERS: dict[str, Callable[[str], bytes]] = {
    "csv": lambda text: f"week,label\n1,a\n2,{text}\n".encode(),
    "json": lambda text: json.dumps({"shown": [{"note": text}]}).encode(),
    "tex": lambda text: rf"\caption{{see {text}}}".encode(),
    "html, a text": lambda text: page([["a"], [text]]),
    "html, a comment": lambda text: f"<!DOCTYPE html><!-- {text} -->".encode(),
    "html, a data block": _block,
    "html, an embedded file": _data,
    "svg, metadata": lambda text: _svg(f"<metadata>{text}</metadata>"),
    "svg, a comment": lambda text: _svg(f"<!-- {text} -->"),
    "svg, a title": lambda text: _svg(f"<title>{text}</title>"),
    "png, a text": lambda text: _png(b"tEXt", b"Comment\0" + text.encode()),
    "png, a packed text": lambda text: _png(b"zTXt", b"Comment\0\0" + zlib.compress(text.encode())),
    "png, an international text": lambda text: _png(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(text.encode())),
    "png, EXIF": lambda text: _png(b"eXIf", b"MM\0*" + text.encode("utf-16-le")),
    "png, after the end": lambda text: _png(b"pHYs", b"", text.encode()),
    "jpeg, a comment": _jpeg,
    "xlsx, a cell": lambda text: sheet([["label"], [text]]),
    "xlsx, a comment": lambda text: sheet([["label"]], comment=text),
    "docx, runs of a text": word,
    "docx, a cell": lambda text: word(rows=[["label"], [text]]),
    "pdf, a page": pdf,
    "pdf, its information": lambda text: pdf(information={"/Subject": text}),
    "zip, a member": lambda text: zipped({"a.csv": f"label\n{text}\n".encode()}),
    "zip, its comment": lambda text: zipped({"a.txt": b""}, text.encode()),
}
AUTHORS: dict[str, Callable[[str], bytes]] = {
    "svg": _creator,
    "html": lambda name: f'<!DOCTYPE html><meta name="author" content="{name}">'.encode(),
    "png": lambda name: _png(b"tEXt", b"Author\0" + name.encode()),
    "xlsx": lambda name: sheet(creator=name),
    "docx": lambda name: word(author=name),
    "pdf": lambda name: pdf(information={"/Author": name}),
}
TABLES: dict[str, Callable[[list[list[str]]], bytes]] = {
    "csv": lambda rows: "\n".join(";".join(row) for row in rows).encode(),
    "json, objects": lambda rows: json.dumps([dict(zip(rows[0], row, strict=True)) for row in rows[1:]]).encode(),
    "json, columns": _columns,
    "html": page,
    "xlsx": sheet,
    "docx": lambda rows: word(rows=rows),
}
