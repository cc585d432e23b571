"""What of that which must stand nowhere a text holds: by kind and number, and never the thing itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.pseudonyms.hashed import LEAST
from pipeline.pseudonyms.keys import DIGITS, digest_of
from pipeline.scan.parts import Part, run_together
from pipeline.scan.plain import NOT_DIGIT, keys_in_pieces, number_in, numbers_in_pieces, plain
from pipeline.scan.sought import LONG, Sought

WORD = re.compile(rf"[^\W_]{{{LONG},}}")  # of letters and digits, as long as a number of a person
WHOLE = r"(?<![^\W_])(?<!\d\.){}(?![^\W_])"  # a word, and no part of a decimal number
DAY, MONTH = r"[0-3](?<![\w.-].)[0-9](?<!00|3[2-9])", r"(?:0[1-9]|1[0-2])"
CIVIL = re.compile(rf"{DAY}(?:{MONTH}[0-9]{{2}}[ -]?|\.{MONTH}\.[0-9]{{2}}[ -])[0-9]{{4}}(?![\w-]|\.[0-9])")
REGISTER = re.compile(r"k[0-9a-f]{32}")
HEXADECIMAL = re.compile(rf"[0-9A-Fa-f]{{{DIGITS}}}")
PRIVATE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|AGE-SECRET-KEY-1\w+|PuTTY-User-Key-File")
# A path begins where no word, link or other path ends. The first parts of paths of machines, as far as they are known:
# another path of two parts may be a member of an office file or a link, or end the address of a number.
ROOTS = (
    *("home", "root", "Users", "tmp", "var", "opt", "mnt", "srv", "usr", "media", "private", "etc", "proc", "run"),
    *("dev", "data", "work", "workspace", "scratch", "projects", "nfs", "net", "Volumes"),
)
BEGINS = r"/(?<![\w.:/<>\\)}\]*-]/)"
UNIX = re.compile(rf"{BEGINS}(?:{'|'.join(ROOTS)})/[\w.-]+")
OTHER = re.compile(rf"{BEGINS}(?<!href=[\"']/)(?<!src=[\"']/)[\w.-]+(?:/[\w.-]+)+")
MEMBERS = re.compile(r"/(?:xl|word|docProps|customXml|_rels)/")
WINDOWS = re.compile(r":(?<=[A-Za-z]:)(?<![\w\\][A-Za-z]:)(?:\\{1,2}(?:Users|Temp|\w[\w .-]*\\{1,2}\w)|/(?!/)\w)")
SHARE = re.compile(r"\\\\(?<![\w\\]\\\\)(?:[A-Za-z][\w.-]+\\|\\\\[A-Za-z][\w.-]+\\\\)[\w$.-]{2,}")
LOCAL = re.compile(r"file://+\w")
HOME = re.compile(r"~(?<![\w/~.]~)\w*/[\w.]")
ADDRESS = re.compile(r"@(?<=\w\w@)[A-Za-z][\w-]{2,}(?:\.[\w-]+)*(?![\w@(])")
PROGRAM = re.compile(r"(?:Typst|Matplotlib|openpyxl|python-docx)\b[\w\s.,:/-]*", re.I)


@dataclass(frozen=True)
class Kind:
    """Something that must not leave: its words after a number, and what is to be done."""

    words: str
    remedy: str


NUMBER = Kind("numbers of persons as received", "Take out what writes it: tables under reports/ hold no person.")
CIVIL_NUMBER = Kind("numbers in the form of a civil registration number", NUMBER.remedy)
PSEUDONYM = Kind("pseudonyms of persons", NUMBER.remedy)
SECRET = Kind("keys", "Delete the file and every copy, and make another key: docs/extracts.md says how.")
TABLE = Kind("rows of a table of persons", NUMBER.remedy)
FOLDER = Kind("paths of a machine", "Write paths as from the folder of the project.")
ACCOUNT = Kind("names or addresses of a user or a machine", "Let what writes the file write none.")
AUTHOR = Kind("fields that name an author", "Empty the field: who signs is said elsewhere.")
UNREAD = Kind(
    "parts that nobody can look into", "Move it out of the folder of the report, or write it in a form that is read."
)


def search(part: Part, sought: Sought) -> Iterator[tuple[Kind, int]]:
    """By kind how often a part holds what it must not."""
    if part.kind == "unread" or part.text.startswith("\0"):
        yield UNREAD, 1
        return
    if part.kind == "author" and part.text and not PROGRAM.fullmatch(part.text):
        yield AUTHOR, 1
    texts = [part.text, run_together(part.text)] if part.kind == "markup" else [part.text]
    counts = [Counter(dict(_in_text(plain(text), sought))) for text in texts]
    for kind in dict.fromkeys(kind for each in counts for kind in each):
        yield kind, max(each[kind] for each in counts)


def _in_text(text: str, sought: Sought) -> Iterator[tuple[Kind, int]]:
    words = set(WORD.findall(text))
    persons = (word for word in words if _is_pseudonym(word, sought))
    keys = (word for word in words if _is_key(word, sought))
    pieces = Counter(numbers_in_pieces(text))
    told = {word: number for word in words if (number := number_in(word))}
    found = {
        NUMBER: _times(text, words & sought.numbers) + _known(text, pieces, told, sought.numbers),
        CIVIL_NUMBER: sum(NOT_DIGIT.sub("", each) not in sought.numbers for each in CIVIL.findall(text)),
        PSEUDONYM: _times(text, persons) + _known(text, pieces, told, sought.pseudonyms),
        SECRET: _times(text, keys)
        + sum(_is_key(digits, sought) for digits in keys_in_pieces(text))
        + sum(1 for _ in PRIVATE.finditer(text)),
        FOLDER: _paths(text, sought),
        ACCOUNT: _times(text, (name for name in sought.accounts if name in text)) + len(ADDRESS.findall(text)),
    }
    yield from ((kind, count) for kind, count in found.items() if count)


def _times(text: str, words: Iterable[str]) -> int:
    """How often words stand in a text by themselves."""
    return sum(len(re.findall(WHOLE.format(re.escape(word)), text)) for word in words)


def _known(text: str, pieces: Mapping[str, int], told: Mapping[str, str], known: frozenset[str]) -> int:
    """How often numbers that are known stand in a text in pieces, or within words."""
    within = [word for word, number in told.items() if number in known and word not in known]
    return sum(pieces[number] for number in pieces.keys() & known) + _times(text, within)


def _paths(text: str, sought: Sought) -> int:
    """How many paths of a machine; one in which a variable is named is the address of a number."""
    known = [folder for folder in sought.folders if not OTHER.match(f"{folder}/x")]
    others = (found[0] for found in OTHER.finditer(text))
    return (
        sum(bool(UNIX.match(path)) or not _is_of_project(path, sought) for path in others)
        + sum(len(form.findall(text)) for form in (WINDOWS, SHARE, HOME, LOCAL))
        + sum(text.count(f"{folder}/") for folder in known)
    )


def _is_of_project(path: str, sought: Sought) -> bool:
    return bool(MEMBERS.match(path)) or not sought.variables.isdisjoint(path.casefold().split("/"))


def _is_pseudonym(token: str, sought: Sought) -> bool:
    """Whether it is a pseudonym of the extract, or has the form of one of any."""
    if token in sought.pseudonyms or (len(token) == 33 and REGISTER.fullmatch(token)):
        return True
    return len(token) == 16 and token.isascii() and token.isdecimal() and LEAST <= int(token) < 2 * LEAST


def _is_key(token: str, sought: Sought) -> bool:
    """Whether it is the key of the extract, which its digest tells without anybody asking for the key."""
    return bool(
        sought.key_digest
        and len(token) == DIGITS
        and HEXADECIMAL.fullmatch(token)
        and digest_of(bytes.fromhex(token)) == sought.key_digest
    )
