"""Separated text, read once in blocks: its SHA-256, the cells of every line, every key, and the rows that are kept.

In a block without quotation marks lines are found and keys looked at as bytes, and only what is kept is decoded: no
library tells cells, keys and lines of each row so fast (docs/decisions/extracts.md). The cells of rows that are kept,
and a block with quotation marks, are read by the csv module of the language.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pipeline.errors import InputError
from pipeline.register.files.layout import DECODED
from pipeline.register.files.rows import Choose, Chunk, Texts, require_header
from pipeline.storage import LARGE, remember, signature

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 1 << 24
Row = TypeVar("Row", bytes, list[str])


@dataclass
class Separated:
    """A file of separated text as it is read: where it is, and what is wrong with its lines so far.

    Raises InputError, at the end of the file, naming the first line with another number of cells than the header and
    how many there are; and the line of bytes that are not of the encoding, or of a quotation mark that does not close.
    """

    path: Path
    encoding: str
    separator: str
    header_line: int
    texts: Texts
    line: int = 1  # of the next row
    header: list[str] = field(default_factory=list)
    wrong: int = 0
    first_wrong: str = ""
    blank: int = 0  # the line of a blank line, which is none if no row follows

    def columns(self) -> list[str]:
        """The names of the columns, whatever the rest of the file is."""
        codec = DECODED.get(self.encoding, self.encoding)
        try:
            with self.path.open(encoding=codec, errors="replace", newline="") as file:
                rows = csv.reader(islice(file, self.header_line - 1, None), delimiter=self.separator)
                names = next(rows, [])
                self._require_text("".join(names).encode(), self.header_line)
                return require_header(self.path, names, self.header_line)
        except UnicodeError as error:
            raise self._undecoded("") from error

    def chunks(self, key: str | None, columns: Sequence[str], choose: Choose | None) -> Iterator[Chunk]:
        """The rows in chunks; of those that `choose` takes by their keys, all unless told, the `columns`."""
        self.header = self.columns()
        place = self.header.index(key) if key is not None else None
        size = max(self.path.stat().st_size, 1)
        for block, read in self._blocks():
            self._require_text(block, self.line)
            quoted = b'"' in block
            lines, rows = self._parse(block) if quoted else self._cut(block)
            keys = [] if place is None else self._keys(rows, place, lines)
            kept = range(len(rows)) if choose is None else choose(keys)
            cells = self._cells([rows[number] for number in kept], [lines[number] for number in kept])
            frame = self._frame(cells, [lines[number] for number in kept], columns)
            yield Chunk(keys, lines, frame, read / size)
        if self.wrong:
            raise InputError(
                f"{self.path}, {self.first_wrong}, the header has {len(self.header)} ({self.wrong} such lines). "
                "Restore the line."
            )

    def _blocks(self) -> Iterator[tuple[bytes, int]]:
        """Blocks of whole rows in an encoding of single bytes, and how many bytes were read; a large file is hashed.

        While a block is worked on, the next is read and hashed beside it.
        """
        before, hashed, carried, read = signature(self.path), hashlib.sha256(), b"", 0
        is_large = before[0] > LARGE
        recode = codecs.getincrementaldecoder(self.encoding)() if self.encoding.startswith("utf-16") else None

        def read_on() -> bytes:
            block = file.read(BLOCK)
            if is_large:
                hashed.update(block)
            return block

        with self.path.open("rb") as file, ThreadPoolExecutor(1) as reader:
            ahead = reader.submit(read_on)
            while block := ahead.result():
                ahead = reader.submit(read_on)
                read += len(block)
                if recode:
                    block = self._recode(recode, block)
                block = carried + block
                end = _end_of_rows(block)
                carried = block[end:]
                if end:
                    yield block[:end].removeprefix(codecs.BOM_UTF8) if read <= BLOCK else block[:end], read
        if is_large:
            remember(self.path, before, hashed.hexdigest())
        if carried.rstrip(b"\r\n"):
            yield carried.removeprefix(codecs.BOM_UTF8), read

    @property
    def _codec(self) -> str:
        return "utf-8" if self.encoding.startswith("utf-16") else self.encoding

    def _decode(self, text: bytes, line: int) -> str:
        try:
            return text.decode(self._codec)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n")
            raise self._undecoded(f", line {line}") from error

    def _recode(self, decoder: codecs.IncrementalDecoder, block: bytes) -> bytes:
        try:
            return decoder.decode(block).encode("utf-8")
        except UnicodeError as error:
            raise self._undecoded("") from error

    def _require_text(self, block: bytes, line: int) -> None:
        """Raise InputError for bytes of zero, which no text has and which a transfer that failed leaves."""
        if b"\0" in block:
            line += block[: block.index(b"\0")].count(b"\n")
            raise InputError(
                f"{self.path}, line {line}: bytes of zero, {block.count(bytes(1))} of them: the file was damaged on "
                "its way. Ask for it again."
            )

    def _undecoded(self, place: str) -> InputError:
        return InputError(
            f"{self.path}{place}: not {self.encoding} throughout. Save the file in one encoding, and say which under "
            "encoding in extract.toml."
        )

    def _cut(self, block: bytes) -> tuple[list[int], list[bytes]]:
        """The rows of a block without quotation marks, as bytes, and their lines."""
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not block.isascii() and self._codec == "utf-8":
            self._decode(block, self.line)
        separator, cells = self.separator.encode(), len(self.header) - 1
        rows = block.split(b"\n")
        if not rows[-1]:
            rows.pop()
        first, self.line = self.line, self.line + len(rows)
        counted = [row.count(separator) for row in rows]
        if counted.count(cells) == len(rows) and first > self.header_line and not self.blank and cells:
            return list(range(first, self.line)), rows
        counted = [bool(row) * (count + 1) for row, count in zip(rows, counted, strict=True)]
        return self._check(range(first, self.line), rows, counted)

    def _parse(self, block: bytes) -> tuple[list[int], list[list[str]]]:
        """The rows of a block with quotation marks, as their cells, and the line on which each begins."""
        text = self._decode(block, self.line)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self.separator, strict=True)
        rows, lines, first = [], [], self.line
        try:
            for row in reader:
                rows.append(row)
                lines.append(self.line)
                self.line = first + reader.line_num
        except csv.Error as error:
            raise InputError(
                f"{self.path}, line {self.line}: a cell begins with a quotation mark that does not close it ({error}). "
                f"Mend the quotes; if the extract is registered, say make extract EXTRACT={self.path.parent.name} "
                "AGAIN=yes."
            ) from error
        return self._check(lines, rows, [len(row) for row in rows])

    def _check(self, lines: Sequence[int], rows: list[Row], counted: list[int]) -> tuple[list[int], list[Row]]:
        """The rows after the header that have as many cells as it; the others are noted, and titles left out."""
        cells, good = len(self.header), []
        for number, (line, count) in enumerate(zip(lines, counted, strict=True)):
            if line <= self.header_line:
                continue
            if not count:
                self.blank = self.blank or line
                continue
            if self.blank:
                self._note(self.blank, 0)
                self.blank = 0
            if count == cells:
                good.append(number)
            else:
                self._note(line, count)
        return [lines[number] for number in good], [rows[number] for number in good]

    def _note(self, line: int, cells: int) -> None:
        self.first_wrong = self.first_wrong or f"line {line}: {cells} cells"
        self.wrong += 1

    def _keys(self, rows: list[bytes] | list[list[str]], place: int, lines: list[int]) -> list[str]:
        if not rows:
            return []
        texts = self.texts
        if isinstance(rows[0], list):
            return [texts.text(row[place]) for row in rows if isinstance(row, list)]
        separator = self.separator.encode()
        keys = b"\n".join([row.split(separator, place + 1)[place] for row in rows if isinstance(row, bytes)])
        stripped = map(str.strip, self._decode(keys, lines[0]).split("\n"))
        return [key if key.isdigit() else texts.text(key) for key in stripped]

    def _cells(self, rows: Sequence[bytes | list[str]], lines: list[int]) -> list[list[str]]:
        """The cells of the rows that are kept."""
        if parsed := [row for row in rows if isinstance(row, list)]:
            return parsed
        texts = [self._decode(row, line) for row, line in zip(rows, lines, strict=True) if isinstance(row, bytes)]
        return list(csv.reader(texts, delimiter=self.separator, quoting=csv.QUOTE_NONE))

    def _frame(self, rows: list[list[str]], lines: list[int], columns: Sequence[str]) -> pd.DataFrame:
        import pandas as pd

        texts = self.texts
        places = [self.header.index(name) for name in columns] if len(columns) < len(self.header) else None
        if places is None:
            cells = [[texts[cell] for cell in row] for row in rows]
        else:
            cells = [[texts[row[place]] for place in places] for row in rows]
        index = pd.Index(lines, dtype="int64", name="line")
        return pd.DataFrame(cells, columns=list(columns), index=index, dtype=object)


def _end_of_rows(block: bytes) -> int:
    """Where the last whole row of a block ends: after a line end outside quotation marks."""
    if b'"' not in block:
        return block.rfind(b"\n") + 1
    end = block.rfind(b"\n") + 1
    while end and block.count(b'"', 0, end) % 2:
        end = block.rfind(b"\n", 0, end - 1) + 1
    return end
