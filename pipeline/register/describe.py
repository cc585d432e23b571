"""The text of extract.toml: what is known of a delivery, and a place for what an analyst may declare."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.settings.extract import Extract, RawFile
from pipeline.settings.study import Study

OPEN = "# What the files do not say. Answer in the table of the file, above."
SECRET = "of the key that persons' numbers are hashed with, which lies outside the project"
PUBLIC = "what persons' numbers are hashed with: no secret, for anybody may know these persons"
DECLARE = (
    '# How its cells are to be read: blanks = ["NULL"], dates = "dd-mm-yyyy" (or "excel", "sas"), and of answers',
    '# no_answer = { VISITS = ["99"] }, offset = { "ITEM_1..6" = -1 } for 1 to 5 against 0 to 4, reversed = ["ITEM_2"]',
)


def write_extract(extract: Extract, study: Study, questions: Sequence[str] = ()) -> str:
    """extract.toml as it is read again; what is not declared stands in it as a comment or an empty list.

    The questions that the files leave open stand at its end, as comments.
    """
    head = [
        f"name = {_quote(extract.name)}",
        f"label = {_quote(extract.label)}",
        _fact("label_da", _quote(extract.label_da), bool(extract.label_da), "the label in Danish exhibits"),
        f"synthetic = {str(extract.synthetic).lower()}",
        f"register_version = {_quote(extract.register_version)}",
        f"format = {_quote(extract.format)}",
        *_uncovered(extract),
        f"received = {extract.received.isoformat()}",
        *_key_of_numbers(extract),
        _fact("published", "true", extract.published, "data_raw/published holds the printed numbers of this extract"),
    ]
    aliases = '# Where a file calls columns otherwise than the study: columns = { NAME = "name in the file" }'
    parts = [head, _excluded(extract, study), _spellings(extract, study), [aliases, *DECLARE]]
    parts += [_file(role, file) for role, file in extract.files.items()]
    parts += [_attended(extract)]
    parts += [[OPEN, *(f"# ? {question}" for question in questions)]] if questions else []
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _key_of_numbers(extract: Extract) -> list[str]:
    if extract.public_key:
        return [f"public_key = {_quote(extract.public_key)}  # {PUBLIC}"]
    return [f"key_digest = {_quote(extract.key_digest)}  # {SECRET}"] if extract.key_digest else []


def with_key_digest(text: str, digest: str) -> str:
    """The text of an extract.toml that has no key yet with the digest of one, above its tables; all else as it was."""
    return f"key_digest = {_quote(digest)}  # {SECRET}\n{text}"


def _uncovered(extract: Extract) -> list[str]:
    if extract.format == "dream_wide" and len(extract.registers) == 1:
        return []
    comment = '  # a week of a person without a row: "unknown", or "none" for no state'
    return [f"uncovered = {_quote(extract.uncovered)}{comment}"]


def _excluded(extract: Extract, study: Study) -> list[str]:
    listed = {exclusion.reason: extract.excluded.get(exclusion.reason, []) for exclusion in study.exclusions
              if exclusion.listed}  # fmt: skip
    named = {**listed, **extract.excluded}
    lines = [f"{reason} = [{', '.join(map(_quote, names))}]" for reason, names in named.items()]
    return lines and ["# Whom the study leaves out by name, as the names stand in the allocation file.", "[excluded]",
                      *lines]  # fmt: skip


def _spellings(extract: Extract, study: Study) -> list[str]:
    columns = [grouping.column for grouping in study.design.groupings]
    comment = "# Other spellings of a name, by column of the allocation file: other = name."
    if not extract.spellings:
        return columns and [comment, f"# [spellings.{_key(columns[-1])}]", '# "nord 1" = "Nord 1"']
    tables = [f"[spellings.{_key(column)}]\n{_pairs(names)}" for column, names in extract.spellings.items()]
    return [comment, "\n\n".join(tables)]


def _attended(extract: Extract) -> list[str]:
    if extract.attended is None:
        return ["# Where the allocation file says who came, and from how often on that counts.", "# [attended]",
                '# column = "ATTENDED"', "# at_least = 1"]  # fmt: skip
    told = extract.attended
    return ["[attended]", f"column = {_quote(told.column)}", f"at_least = {told.at_least}"]


def _pairs(names: Mapping[str, str]) -> str:
    return "\n".join(f"{_quote(other)} = {_quote(name)}" for other, name in names.items())


def _file(role: str, file: RawFile) -> list[str]:
    """The facts of a file; those that are as they are for most files are left out."""
    described = [f"[files.{role}]", f"path = {_quote(file.path)}"]
    found = {"kind": file.kind, "encoding": file.encoding, "header": file.header, "sheet": file.sheet,
             "year": file.year}  # fmt: skip
    usual = {"kind": "csv", "encoding": "utf-8", "header": 1, "sheet": "", "year": 0}
    described += [f"{name} = {_value(value)}" for name, value in found.items() if value != usual[name]]
    described += [
        f"rows = {file.rows}",
        *([f"rows_sent = {file.rows_sent}"] if file.rows_sent else []),
        f"sha256 = {_quote(file.sha256)}",
        f"key = {_quote(file.key)}",
        f"separator = {_quote(file.separator)}",
        f"decimal = {_quote(file.decimal)}",
    ]
    declared = {"columns": file.columns, "blanks": file.blanks, "no_answer": file.no_answer,
                "offset": file.offset, "reversed": file.reversed}  # fmt: skip
    described += [f"dates = {_quote(file.dates)}"] if file.dates != "yyyy-mm-dd" else []
    return described + [f"{name} = {_value(value)}" for name, value in declared.items() if value]


def _value(value: Any) -> str:
    """A text, a number, a list or a table as TOML on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(name)} = {_value(part)}" for name, part in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return _quote(value) if isinstance(value, str) else str(value)


def _fact(key: str, value: str, is_given: bool, comment: str) -> str:
    return f"{'' if is_given else '# '}{key} = {value}  # {comment}"


def _quote(text: str) -> str:
    """A TOML string: that of JSON, with letters as they are."""
    return json.dumps(text, ensure_ascii=False)


def _key(text: str) -> str:
    is_bare = text.isascii() and text.replace("_", "").replace("-", "").isalnum()
    return text if is_bare else _quote(text)
