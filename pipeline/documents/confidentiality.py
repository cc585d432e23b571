"""What a data owner reads before agreeing: what is kept where, what leaves by which rule, and what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pipeline.documents.markdown import GENERATED, table
from pipeline.settings.disclosure import STATUS, Disclosure
from pipeline.settings.exhibits import exhibit_number

if TYPE_CHECKING:
    import pandas as pd

KEPT = [
    [
        "Files as received",
        "`data_raw/<extract>/`",
        "persons under their numbers",
        "the owner of the account that builds (files 0400 in a folder 0700)",
    ],
    [
        "Linkage file",
        "`data_derived/<extract>/linkage.csv`",
        "pseudonym beside number, the one file that leads back",
        "the owner (0600)",
    ],
    [
        "Derived tables, traces, checks of deliveries, comparisons of extracts",
        "`data_derived/<extract>/`",
        "persons under pseudonyms",
        "the owner (0700)",
    ],
    [
        "What archives told of whom",
        "`data_derived/releases/`",
        "groups of persons under pseudonyms, so that a later archive does not tell the rest",
        "the owner (0600)",
    ],
    [
        "Key of the pseudonyms",
        "`~/.config/ltjs-evaluation/keys/<extract>.key`, or `PERSONS_KEY`",
        "256 random bits, in no output",
        "the owner (0600)",
    ],
    ["Report", "`reports/<extract>/`", "aggregates, as they leave", "the owner, and whom the owner lets"],
    ["Archives", "`reports/releases/`", "aggregates, settings, records, bill of materials", "who is given one"],
]
BECOMES = {"fail": "is withheld", "review": "leaves coarser", "pass": "leaves rounded"}
LOCAL = [
    "`make forget EXTRACT=name` lists what must be deleted when a permit ends, and deletes it: received files, "
    "derived tables, linkage, traces, the key.",
    "After ingest no table, record, log or error holds a received number; errors show how a person's value is "
    "written, and not what it is.",
]
LIMITS = [
    "Pseudonyms are personal data: who can read the derived tables and knows somebody's weeks finds the person.",
    "Who can read as the owner of the account can read the key.",
    "Means are no rows of the attacker's programme: differences of them are tried by tests alone.",
    "The scanner finds what is written, escaped, grouped or packed in usual ways, and not what somebody disguised: a "
    "cipher, a picture of a number, a number in words or among others of its form, or part of a table without its "
    "head.",
    "The synthetic trial describes nobody and shows everything, marked; what is counted here is what would leave "
    "of it if it were real (`DISCLOSURE=on`). Of a real extract control is always on.",
]
Counts = Mapping[str, Mapping[str, int]]


def write_confidentiality(
    disclosure: Disclosure, exhibits: pd.DataFrame, counts: pd.DataFrame, printed: pd.DataFrame, faults: pd.DataFrame
) -> str:
    """docs/confidentiality.md; the tables are those of docs/measured, all text."""
    found: dict[str, dict[str, int]] = {}
    for part, what, count in counts.to_numpy():
        found.setdefault(part, {})[what] = int(count)
    lines = [
        "# What stays, and what leaves",
        "",
        GENERATED.format(
            sources="`config/disclosure.toml` and what `make measure` and `make faults` stored in `docs/measured/`"
        ),
        "",
        "For who owns the data: where persons are, who can read them, what leaves, and by which rule. Every count "
        "is measured on the synthetic trial, which has the real one's form.",
        "",
        "## What is kept where",
        "",
        *table(["What", "Where", "What it holds", "Who can read it"], KEPT),
        *(f"* {text}" for text in LOCAL),
        "",
        "## What leaves, and by which rule",
        "",
        *_leaves(disclosure, found),
        "",
        "## Numbers of few, by exhibit",
        "",
        *_exhibits(exhibits),
        "## What others tell",
        "",
        *_attacker(disclosure, found["attacker"]),
        "",
        "## What stands in the files",
        "",
        *_scanner(found["scanner"]),
        "",
        "## Faults",
        "",
        *_faults(faults),
        "## The printed report by these rules",
        "",
        *_printed(disclosure, printed),
        "## What it does not do",
        "",
        *(f"* {text}" for text in LIMITS),
        "",
        "More: [what may leave](decisions/disclosure.md), [persons](decisions/persons.md), "
        "[faults](decisions/faults.md), [archives](decisions/release.md).",
    ]
    return "\n".join(lines).rstrip() + "\n"


def _leaves(disclosure: Disclosure, found: Counts) -> Iterator[str]:
    numbers = found["numbers"]
    yield (
        f"No number of a report leaves but through one stage, which judges each of {numbers['shown']:,} before "
        f"anything is drawn or written: {numbers['pass']:,} pass, "
        f"{numbers['review']:,} leave coarser, {numbers['fail']:,} are withheld (`{disclosure.mark}`). No file has "
        "more digits than an exhibit shows. Who signs reads `disclosure.html`, which "
        "lists each exception with its reason; `make release` refuses an archive with a number that fails."
    )
    yield ""
    yield (
        "What leaves beside these numbers is without exact sizes: a note that tells of single persons or of a group "
        "with one arm says that some groups have few, and names none; what checks say has no numbers; the records, the "
        "reviewer's guide and what `make verify` found, in an archive, have no rows of received files and no counts of "
        "values compared. Hashes of whole files leave."
    )
    yield ""
    rows = [
        [disclosure.says(name, "en"), BECOMES[STATUS[name]], f"{count:,}"] for name, count in found["rules"].items()
    ]
    yield from table(["Rule", "What comes of the number", "Numbers"], rows)


def _exhibits(exhibits: pd.DataFrame) -> list[str]:
    rows = exhibits.to_dict("records")
    concerned = [row for row in rows if row["review"] != "0" or row["fail"] != "0"]
    told = [
        [exhibit_number(row["exhibit"], "en"), *(row[key] for key in ("before", "after", "fail", "review"))]
        for row in concerned
    ]
    others = len(rows) - len(concerned)
    head = ["Exhibit", "Numbers of few before", "After", "Withheld", "Coarser"]
    return [*table(head, told), f"Nothing is withheld in the other {others} exhibits.", ""]


def _attacker(disclosure: Disclosure, attacked: Mapping[str, int]) -> Iterator[str]:
    bounds = disclosure.bounds
    yield (
        "A linear programme over every number of persons that leaves looks for groups of fewer than "
        f"{bounds.persons}, and for groups that differ by fewer, that it can tell within less than "
        f"{bounds.uncertainty} persons: of {attacked['tried']} targets {attacked['found']} were told before more "
        f"was withheld, and {attacked['tight']} after. Tests try further attacks, each "
        "also on full digits, where it succeeds: differences of two pairs of columns, densities inverted, steps of "
        "survival curves, curves beside those of their parts, remainders of totals, cut-offs beside each other, "
        "means of visits, notes, panels beside tables, coordinates of drawings."
    )


def _scanner(scanned: Mapping[str, int]) -> Iterator[str]:
    yield (
        "A scanner reads every file, and what lies in PNG, SVG, Excel, Word, PDF and zip files: "
        f"{scanned['files']} files with {scanned['texts']} texts and {scanned['fields']} fields in "
        f"{scanned['bytes'] / 1e6:.1f} MB. Numbers and pseudonyms of persons, civil registration numbers, keys, "
        "tables of persons, paths, and names of users and machines: "
        f"{scanned['findings']} found. `make check` runs it on the report, `make release` on the archive; a file "
        "that it cannot look into is refused."
    )


def _faults(faults: pd.DataFrame) -> list[str]:
    outcomes = ["tried", "same", "named", "failed"]
    sums = faults.astype(dict.fromkeys(outcomes, int)).groupby("kind", sort=False)[outcomes].sum()
    rows = [
        [str(kind), *(f"{count:,}" for count in own)] for kind, own in zip(sums.index, sums.to_numpy(), strict=True)
    ]
    total = sums.sum()
    said = (
        f"{total['tried']:,} faults were done to copies of a build. Each ended in the bytes of an undisturbed "
        f"build, or in an error that names it; {total['failed']} in anything else."
    )
    return [said, "", *table(["Fault", "Tried", "Same bytes", "Named", "Failed"], rows)]


def _printed(disclosure: Disclosure, printed: pd.DataFrame) -> Iterator[str]:
    """Table by table of the printed report: how many of its numbers would not leave, or coarser, and why."""
    numbers = {row["table"]: row["numbers"] for row in printed.to_dict("records") if not row["rule"]}
    by_table: dict[str, list[dict[str, str]]] = {}
    for row in printed.to_dict("records"):
        if row["rule"]:
            by_table.setdefault(row["table"], []).append({str(key): str(value) for key, value in row.items()})
    failing = [name for name, rows in by_table.items() if any(row["status"] == "fail" for row in rows)]
    yield (
        f"Of the {len(numbers)} printed tables {len(failing)} would fail. Numbers are judged as printed, with "
        "persons that are not printed as in the synthetic trial; that others tell them is not tried."
    )
    yield ""
    rows = [
        [
            exhibit_number(name, "en"),
            numbers[name],
            _said(disclosure, by_table[name], "fail"),
            _said(disclosure, by_table[name], "review"),
        ]
        for name in numbers
        if name in failing
    ]
    yield from table(["Table", "Numbers", "Would be withheld", "Would leave coarser"], rows)
    rounded = sum(int(row["numbers"]) for rows in by_table.values() for row in rows if row["status"] == "pass")
    yield f"In all tables {rounded} numbers of persons would leave rounded to the nearest {disclosure.bounds.base}."
    yield ""


def _said(disclosure: Disclosure, rows: Iterable[Mapping[str, str]], status: str) -> str:
    told = [f"{row['numbers']}: {disclosure.says(row['rule'], 'en')}" for row in rows if row["status"] == status]
    return "<br>".join(told) or "none"
