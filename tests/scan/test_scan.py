"""A leak of every kind, planted in every form that is released, is found, told without itself, and nothing else is."""

from collections import Counter

import pytest

from pipeline.pseudonyms.keys import digest_of
from pipeline.scan.scanned import scan
from pipeline.scan.search import ACCOUNT, AUTHOR, CIVIL_NUMBER, FOLDER, NUMBER, PSEUDONYM, SECRET, TABLE, UNREAD
from pipeline.scan.sought import Sought
from tests.scan.carriers import AUTHORS, CARRIERS, TABLES, sheet, zipped

KEY = "3f9a1c77e05b4d28a6c1907be4f2835d6b0e9c41a7d85f3260bb94ce17a2d8f0"
SOUGHT = Sought(
    numbers=frozenset({"0224690780", "224690780", "KX40117"}),
    pseudonyms=frozenset({"4522817016467243"}),
    key_digest=digest_of(bytes.fromhex(KEY)),
    accounts=frozenset({"msorensen", "register-vm3"}),
    folders=frozenset({"/data7/trial"}),
    person_columns=frozenset({"person", "loebenr", "pnr"}),
    variables=frozenset({"pain", "fatigue", "age", "employment"}),
    sizes=frozenset({12, 657}),
)
LEAKS = [
    ("0224690780", NUMBER),
    ("224690780", NUMBER),
    ("022469-0780", NUMBER),
    ("KX40117", NUMBER),
    ("311280-1234", CIVIL_NUMBER),
    ("3112801234", CIVIL_NUMBER),
    ("4522817016467243", PSEUDONYM),
    ("k0123456789abcdef0123456789abcdef", PSEUDONYM),
    (KEY, SECRET),
    (KEY.upper(), SECRET),
    ("-----BEGIN OPENSSH PRIVATE KEY-----", SECRET),
    ("/home/ms/trial/table.csv", FOLDER),
    ("/data7/trial/config", FOLDER),
    ("C:\\Users\\ms", FOLDER),
    ("file:///x/y", FOLDER),
    ("msorensen", ACCOUNT),
    ("register-vm3", ACCOUNT),
]
# Digests, decimals, sizes, dates and words that only look like one of these.
HARMLESS = [
    KEY.replace("3", "4"),
    "0.4522817016467243",
    "12.0224690780",
    "9907199254740991",
    "992280-1234",
    "2026-11-26",
    "id 123456-78901",
    "https://example.org/home/page",
    "reports/twin/index.html",
    "msorensens",
]


def found(content: bytes) -> set:
    return {each.kind for each in scan([("reports/x/file", content)], SOUGHT).findings}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_every_leak_is_found_in_every_form_and_what_only_looks_like_one_is_not(carrier):
    planted = Counter(kind.words for _, kind in LEAKS)
    told = scan([("file", CARRIERS[carrier](" and ".join(text for text, _ in LEAKS)))], SOUGHT).findings
    assert {each.kind.words: each.count for each in told} == planted
    assert not found(CARRIERS[carrier](" and ".join(HARMLESS)))


def test_a_finding_tells_the_file_the_place_the_kind_the_count_and_the_remedy_and_never_the_value():
    told = scan([("reports/x/tables.zip", CARRIERS["zip, a member"]("0224690780 0224690780"))], SOUGHT)
    (finding,) = told.findings
    assert str(finding) == (
        "reports/x/tables.zip, a.csv: 2 numbers of persons as received. Take out what writes it: tables under reports/ "
        "hold no person."
    )
    assert (told.files, told.size > 0, "0224690780" in f"{told} {SOUGHT}") == (1, True, False)


@pytest.mark.parametrize("form", AUTHORS)
def test_a_field_that_names_an_author_is_found_and_one_that_names_the_program_is_not(form):
    assert AUTHOR in found(AUTHORS[form]("Mette Sørensen"))
    assert not found(AUTHORS[form]("")) | found(AUTHORS[form]("Matplotlib v3.10, https://matplotlib.org/"))


@pytest.mark.parametrize("form", TABLES)
@pytest.mark.parametrize(
    ("columns", "rows", "of_persons"),
    [
        (["LOEBENR", "x"], 2, True),  # persons' numbers, however few
        (["line", "Pain"], 12, True),  # a variable of persons, as many rows as there are
        (["age", "pain", "fatigue"], 20, True),  # several variables, many rows
        (["line", "pain"], 30, False),
        (["age", "pain", "fatigue"], 5, False),  # statistics of variables
        (["week", "treated"], 12, False),
    ],
)
def test_a_table_with_a_row_a_person_is_found_in_every_form(form, columns, rows, of_persons):
    table = [columns, *([str(row)] * len(columns) for row in range(rows))]
    assert (TABLE in found(TABLES[form](table))) == of_persons


@pytest.mark.parametrize(
    "content", [b"\x00\x01\x02", b"SQLite format 3\0", b"PAR1\0\0", b"PK\x03\x04broken", b"%PDF-1.7 broken"]
)
def test_what_nobody_can_look_into_is_refused(content):
    assert UNREAD in found(content)


def test_an_archive_in_an_archive_is_looked_into():
    assert NUMBER in found(zipped({"tables.xlsx": sheet([["a"], ["0224690780"]])}))
    nested = b"0224690780"
    for _ in range(8):
        nested = zipped({"a": nested})
    assert UNREAD in found(nested)
