"""A leak of every kind, planted in every form that is released, is found, told without itself, and nothing else is."""

import base64
import json
from collections import Counter

import pytest

from pipeline.pseudonyms.keys import digest_of
from pipeline.scan.scanned import scan
from pipeline.scan.search import ACCOUNT, AUTHOR, CIVIL_NUMBER, FOLDER, NUMBER, PSEUDONYM, SECRET, TABLE, UNREAD
from pipeline.scan.sought import Sought
from tests.scan.carriers import AUTHORS, CARRIERS, TABLES, sheet, zipped

KEY = "3f9a1c77e05b4d28a6c1907be4f2835d6b0e9c41a7d85f3260bb94ce17a2d8f0"
SOUGHT = Sought(
    numbers=frozenset({"0224690780", "224690780", "KX40117", "5300123"}),
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
# The same in forms that people, programs and formats write.
WRITTEN = [
    ("022469 0780", NUMBER),
    ("022469\u20130780", NUMBER),
    ("022469\u20110780", NUMBER),
    ("02.24.69-0780", NUMBER),
    ("022469&ndash;0780", NUMBER),
    ("5,300,123", NUMBER),
    ("5.300.123", NUMBER),
    ("5\u202f300\u202f123", NUMBER),
    ("P5300123", NUMBER),
    ("p_5300123", NUMBER),
    ("".join(f"\\u{ord(sign):04x}" for sign in "0224690780"), NUMBER),
    ("".join(f"%{ord(sign):02x}" for sign in "0224690780"), NUMBER),
    ("".join(f"&#{ord(sign)};" for sign in "0224690780"), NUMBER),
    ("".join(chr(ord(sign) + 0xFEE0) for sign in "0224690780"), NUMBER),
    (base64.b64encode(b"id 0224690780").decode(), NUMBER),
    ("5.300123e+06", NUMBER),
    ("4.5228170164672430e+15", PSEUDONYM),
    ("311280 1234", CIVIL_NUMBER),
    ("31.12.80\u20131234", CIVIL_NUMBER),
    (f"{4522817016467243:x}", PSEUDONYM),
    (hex(4522817016467243), PSEUDONYM),
    ("4,522,817,016,467,243", PSEUDONYM),
    ("4522 8170 1646 7243", PSEUDONYM),
    ("4522817016467243.0", PSEUDONYM),
    (base64.b64encode(bytes.fromhex(KEY)).decode(), SECRET),
    (":".join(KEY[at : at + 2] for at in range(0, 64, 2)), SECRET),
    (f"{KEY[:32]}\n{KEY[32:]}", SECRET),
    (f"be {KEY[:40]}-\n  {KEY[40:]} added", SECRET),
    ("/work/trial/x", FOLDER),
    ("/data/anna/fil.csv", FOLDER),
    ("/gpfs12/anna/fil.csv", FOLDER),
    ("Z:/anna", FOLDER),
    ("D:\\anna\\fil", FOLDER),
    ("\\\\server\\share\\anna", FOLDER),
    ("~/trial", FOLDER),
    ("~anna/trial", FOLDER),
    ("anna@srv12", ACCOUNT),
    ("anna.jensen@kommune.dk", ACCOUNT),
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
    "5.300123",
    "0.022469 0780.5",
    "Q5300124",
    "2015-02-16",
    "a/b/c",
    "/xl/worksheets/sheet1.xml",
    "/all/pain/81/treated",
    "https://example.org/~anna/x",
    "numpy@2.1",
    r"\\frac{a}{b}",
]


def found(content: bytes) -> set:
    return {each.kind for each in scan([("reports/x/file", content)], SOUGHT).findings}


@pytest.mark.parametrize(("written", "kind"), WRITTEN)
@pytest.mark.parametrize("form", ["as it is", "within a JSON text", "in markup"])
def test_a_leak_is_found_however_it_is_written(written, kind, form):
    content = {
        "as it is": f"x {written} y",
        "within a JSON text": json.dumps({"note": f"x {written} y"}),
        "in markup": f"<!DOCTYPE html><p>x <b>{written[:3]}</b>{written[3:]}, y</p>",
    }[form]
    assert found(content.encode()) == {kind}


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


ROW = ["7", "52", "1"]


@pytest.mark.parametrize(
    ("text", "of_persons"),
    [
        ("\n".join([";".join(ROW)] * 657), True),  # no head
        ("\n".join(["412"] * 657), True),
        ("\n".join([" ".join(ROW)] * 657), True),
        ("\n".join([";".join(ROW)] * 656), False),
        ("Table 1\n\nperson,x\n" + "1,2\n" * 3, True),  # a title before the head
        ("Table 1: trial, all\nline,pain,x\n" + "1,2,3\n" * 12, True),
        ("person x\n" + "1 2\n" * 3, True),  # blanks between
        ("person\tx\n" + "1\t2\n" * 3, True),
        ("The age of a person\nand pain were asked.\n", False),
        ("| person | x |\n|---|---|\n| 1 | 2 |\n", True),
        (json.dumps([[7, 52]] * 657), True),
        (json.dumps({"rows": [[7, 52]] * 656}), False),
        (json.dumps({"rows": [["a", "b"], ["person", 2]]}), False),
    ],
)
def test_a_table_of_persons_is_found_without_a_head_below_a_title_and_between_any_signs(text, of_persons):
    assert (TABLE in found(text.encode())) == of_persons


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
