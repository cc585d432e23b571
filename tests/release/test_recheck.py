"""An archive that was tampered with is named by kind, or by entry, and nothing of it is written or run."""

import io
import json
import re
import stat
import struct
import tomllib
import zipfile
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.release import archive as packed
from pipeline.release.archive import MANIFEST, pack, unpack
from pipeline.release.contents import derived_names
from pipeline.release.crate import METADATA
from pipeline.release.derive import derive_files
from pipeline.release.facts import Facts
from pipeline.release.recheck import recheck
from pipeline.release.results import validate_results
from pipeline.runner.records import read_record, record_text
from tests.release.small import Small, link, records_of, sha256

DERIVED = derived_names(("en", "da"), [METADATA])
TAMPERINGS = tomllib.loads(Path(__file__).with_name("tampering.toml").read_text(encoding="utf-8"))["tampering"]


@pytest.fixture(scope="module")
def small() -> dict[str, bytes]:
    """The files of a small archive, its manifest apart."""
    return Small().archive()


@pytest.fixture(scope="module")
def controlled() -> dict[str, bytes]:
    """The same under disclosure control."""
    return Small("on").archive()


def wrong_kinds(folder: Path, content: bytes) -> dict[str, str]:
    """By kind what is wrong with an archive."""
    path = folder / "x.zip"
    path.write_bytes(content)
    return {kind: "; ".join(found.wrong) for kind, found in recheck(path).items() if found.wrong}


def test_an_archive_as_it_was_written_agrees_in_every_kind(small, tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(pack(small))
    found = recheck(path)
    assert not {kind: kept.wrong for kind, kept in found.items() if kept.wrong}
    assert all(kept.agreed for kept in found.values())
    assert unpack(path).keys() == {*small, MANIFEST}
    assert [each.name for each in tmp_path.iterdir()] == ["x.zip"]


@pytest.mark.parametrize("row", TAMPERINGS, ids=lambda row: row["name"])
def test_a_tampering_is_named(small, tmp_path, row):
    files = tampered(dict(small), row)
    if row.get("refused"):
        with pytest.raises(InputError, match=f"x.zip: {row['refused']}"):
            wrong_kinds(tmp_path, pack(files))
        return
    kinds = wrong_kinds(tmp_path, pack(files))
    assert row.get("says", "") in kinds[row["kind"]]
    assert "checksums" not in kinds
    assert "does not fit together" not in str(kinds)


def test_an_archive_under_control_holds_no_number_of_rows_and_of_values_compared(small, controlled, tmp_path):
    exact = re.compile(r"597|600|4,?776")  # rows, rows sent, and values compared
    told = [
        name for name in small if name.startswith("records/") or name in ("verified.json", "guide.md", "guide.da.md")
    ]
    texts = {name: re.sub(r"[0-9a-f]{64}", "", controlled[name].decode()) for name in told}
    assert [name for name in told if exact.search(texts[name])] == []
    assert len([name for name in told if exact.search(small[name].decode())]) > 5
    assert "| withheld |" in texts["guide.md"]
    assert "| trial.parquet | some | 0 | 0 |" in texts["guide.md"]
    assert "| trial.parquet | nogle | 0 | 0 |" in texts["guide.da.md"]
    assert wrong_kinds(tmp_path, pack(controlled)) == {}
    assert json.loads(controlled["verified.json"])["kinds"]["trial.parquet"]["agreed"] is True


@pytest.mark.parametrize(
    ("pattern", "to", "named"),
    [
        (r'\\"label\\": \\"a small', r'\\"label\\": \\"a real', "text of data_raw/small/extract.toml"),
        (r'\\"rows\\": 0', r'\\"rows\\": 596', "what is told of data_raw/small/extract.toml"),
        (r"of the whole: \w{4}", "of the whole: 0000", None),
    ],
)
def test_a_withheld_text_that_says_other_than_the_rest_is_named(controlled, tmp_path, pattern, to, named):
    name = "records/small/runs/shown.json"
    text, count = re.subn(pattern, to, controlled[name].decode(), count=1)
    assert count
    changed = pack({**controlled, name: text.encode()})
    if named:
        assert named in wrong_kinds(tmp_path, changed)["records"]
        return
    with pytest.raises(InputError, match="does not match its seal"):
        wrong_kinds(tmp_path, changed)


def test_counts_and_texts_are_withheld_under_control_alone(small, controlled, tmp_path):
    swapped = wrong_kinds(tmp_path, pack({**small, "verified.json": controlled["verified.json"]}))
    assert "counts that are withheld under control alone" in swapped["second route"]
    name = "records/small/runs/ingest.json"
    record = json.loads(small[name]) | {"settings": json.loads(controlled[name])["settings"]}
    other = pack({**small, name: record_text(record).encode()})
    assert "text of data_raw/small/extract.toml" in wrong_kinds(tmp_path, other)["records"]
    (tmp_path / "small/runs").mkdir(parents=True)
    here = tmp_path / "small/runs/ingest.json"
    here.write_bytes(controlled[name])
    with pytest.raises(InputError, match=r"the text of data_raw/small/extract.toml is withheld, as in an archive"):
        read_record(here)


def tampered(files: dict[str, bytes], row: dict) -> dict[str, bytes]:
    """The files after what the row says was done to them."""
    before = dict(files)
    if "delete" in row:
        files = {name: content for name, content in files.items() if not re.fullmatch(row["delete"], name)}
    if "add" in row:
        files[row["add"][0]] = row["add"][1].encode()
    if "bytes" in row:
        files[row["bytes"][0]] = bytes([row["bytes"][1]]) * 9
    if "sub" in row:
        name, pattern, to = row["sub"]
        to = "[" * 100_000 if to == "@deep" else to
        text, count = re.subn(pattern, to.replace("\\n", "\n"), files[name].decode(), count=1)
        assert count, "nothing there to change"
        files[name] = text.encode()
    if "word" in row:
        name, pattern, to = row["word"]
        files[name] = rewritten(files[name], pattern, to)
    assert files != before
    if "sealed" in row:
        files |= sealed_again(files)
    if "again" in row:
        given = {name: content for name, content in files.items() if name not in DERIVED}
        files |= derive_files(Facts(given))
    return files


def rewritten(word: bytes, pattern: str, to: str) -> bytes:
    """A Word file with the first place of a pattern in its text changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(word)) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "word/document.xml":
                text, count = re.subn(pattern, to, content.decode(), count=1)
                assert count, "nothing there to change"
                content = text.encode()
            new.writestr(entry, content)
    return made.getvalue()


def sealed_again(files: dict[str, bytes]) -> dict[str, bytes]:
    """Records that hold the exhibits as they are now, in the order of what rests on what, sealed anew."""
    records = dict(records_of(files))
    for record in records.values():
        for path in record["outputs"]:
            exhibit = f"exhibits/{path.removeprefix('reports/small/')}"
            if exhibit in files:
                record["outputs"][path] = sha256(files[exhibit])
    made = {path: name for name, record in records.items() for path in record["outputs"]}
    order: list[str] = []

    def visit(name: str) -> None:
        for path in records[name]["inputs"]:
            if path in made and made[path] != name and made[path] not in order:
                visit(made[path])
        if name not in order:
            order.append(name)

    for name in records:
        visit(name)
    linked = link({name: records[name] for name in order})
    return {name: record_text(record).encode() for name, record in linked.items()}


def described(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, packed.FIRST_DAY)
    entry.external_attr, entry.compress_type = packed.READABLE, zipfile.ZIP_DEFLATED
    return entry


def zipped(files: dict[str, bytes], **changes: object) -> bytes:
    """An archive of files with an entry more, whose description is changed."""
    made = io.BytesIO(pack(files))
    with zipfile.ZipFile(made, "a") as archive:
        entry = described("extra.txt")
        for key, value in changes.items():
            setattr(entry, key, value)
        archive.writestr(entry, b"extra")
    return made.getvalue()


def flagged(content: bytes) -> bytes:
    """The archive with its first entry said to be encrypted."""
    place = content.index(b"PK\x01\x02")
    changed = bytearray(content)
    for at in (6, place + 8):
        changed[at : at + 2] = struct.pack("<H", struct.unpack("<H", content[at : at + 2])[0] | 1)
    return bytes(changed)


ODD = {
    "an absolute name": (lambda files: zipped(files, filename="/tmp/x.json"), "'/tmp/x.json': its name is no plain"),
    "an absolute name below a folder": (lambda files: zipped(files, filename="records//tmp/x.json"), "no plain"),
    "a way out": (lambda files: zipped(files, filename="records/../../x.json"), "its name is no plain relative path"),
    "a backslash": (lambda files: zipped(files, filename="records\\x.json"), "its name is no plain relative path"),
    "a drive": (lambda files: zipped(files, filename="C:x.json"), "its name is no plain relative path"),
    "a folder": (lambda files: zipped(files, filename="records/"), "its name is no plain relative path"),
    "a link": (lambda files: zipped(files, external_attr=(stat.S_IFLNK | 0o777) << 16), "it is no regular file"),
    "a name twice": (lambda files: zipped(files, filename="verified.json"), "'verified.json': it is there twice"),
    "a name in other letters": (lambda files: zipped(files, filename="Guide.md"), "'guide.md': it is there twice"),
    "a comment": (lambda files: zipped(files, comment=b"x"), "described otherwise"),
    "an encrypted entry": (lambda files: flagged(pack(files)), "it is encrypted"),
    "something before it": (lambda files: b"#!/bin/sh\n" + pack(files), "before it stands what belongs to no file"),
    "something after it": (lambda files: pack(files) + b"x", "no file of it|not a whole"),
    "half of it": (lambda files: pack(files)[:-300], "not a whole zip archive"),
    "no archive": (lambda files: b"no archive", "not a whole zip archive"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("what", ODD)
def test_what_is_no_archive_as_it_is_written_is_refused(small, tmp_path, what):
    make, message = ODD[what]
    with pytest.raises(InputError, match=message) as raised:
        wrong_kinds(tmp_path, make(small))
    assert str(tmp_path / "x.zip") in str(raised.value)
    assert not Path("/tmp/x.json").exists()


def test_no_more_is_unpacked_than_an_archive_may_be(tmp_path, monkeypatch):
    path = tmp_path / "x.zip"
    path.write_bytes(pack({"a": b"0" * 1000, "b": b"0" * 1000}))
    for limit, value in (("LARGEST", 999), ("LARGEST_IN_ALL", 1500), ("MOST", 2)):
        with monkeypatch.context() as patched:
            patched.setattr(packed, limit, value)
            with pytest.raises(InputError, match=r"larger than|more than"):
                unpack(path)
    content = bytearray(path.read_bytes())
    for at in (22, content.index(b"PK\x01\x02") + 24):  # the size that the first entry states
        content[at : at + 4] = struct.pack("<I", 10)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"entry 'a': (damaged|not as long as it states)"):
        unpack(path)


def test_a_missing_file_and_an_archive_without_a_manifest_are_told(tmp_path, small):
    with pytest.raises(InputError, match="the file is missing"):
        recheck(tmp_path / "x.zip")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in small.items():
            archive.writestr(described(name), content)
    assert f"{MANIFEST} is not in the archive" in wrong_kinds(tmp_path, made.getvalue())["checksums"]


def test_the_results_hold_every_label_the_table_of_each_analysis_and_a_program_that_is_there(small):
    event = json.loads(small["results.json"])
    validate_results(event)
    analyses = {analysis["id"]: analysis for analysis in event["analyses"]}
    assert {name: analysis.get("dataset") for name, analysis in analyses.items()} == {
        "arrest/all/arrest": "durations.parquet", "cox/all/arrest": None, "work/all/work": "shares.parquet",
        **{f"flow/{arm}/{step}": "exclusions.parquet" for arm in ("all", "control", "treated")
           for step in ("randomised", "analysed") if (arm, step) != ("all", "analysed")},
    }  # fmt: skip
    assert all(Path(analysis["programmingCode"]["code"]).is_file() for analysis in analyses.values())
    assert analyses["work/all/work"]["label"] == "At work / I arbejde"
    assert "What treatment: Being given financial aid" in analyses["work/all/work"]["description"]
    assert "Hvilken indsats: At få økonomisk støtte" in analyses["work/all/work"]["description"]
    said = {group["groupingId"]: group["groupValue"] for result in analyses["arrest/all/arrest"]["results"]
            for group in result["resultGroups"] if "treated/hazard/se" in str(result)}  # fmt: skip
    assert said["label_en"] == "Financial aid, Weekly hazard SE"
    assert said["label_da"] == "Økonomisk støtte, Ugentlig hazard SE"


def test_the_metadata_follow_the_profile_of_a_run_and_every_file_is_listed_with_what_made_it(small):
    crate = {entity["@id"]: entity for entity in json.loads(small["ro-crate-metadata.json"])["@graph"]}
    profile = crate["./"]["conformsTo"]["@id"]
    assert crate[profile]["@type"] == "CreativeWork"
    assert crate[crate["./"]["license"]["@id"]]["name"] == "MIT License"
    (run,) = (entity for entity in crate.values() if entity["@type"] == "CreateAction")
    assert run["endTime"] == "2026-01-02T03:04:05+00:00"
    assert crate[run["agent"]["@id"]]["@type"] == "Organization"
    assert crate[run["instrument"]["@id"]]["url"]
    assert {part["@id"] for part in run["result"]} == set(small) - {"ro-crate-metadata.json"}
    listed = {line.split(",")[2]: line.split(",")[4] for line in small["exhibits.csv"].decode().splitlines()[1:]}
    assert set(listed) == {name for name in small if name.startswith("exhibits/")}
    assert listed["exhibits/da/report.docx"] == "documents-da"
    assert listed["exhibits/index.html"] == "report"


def test_the_guide_is_whole_in_each_language(small):
    english, danish = (small[name].decode() for name in ("guide.md", "guide.da.md"))
    assert english.count("\n## ") == danish.count("\n## ") == 13
    assert "{" not in english
    assert "{" not in danish
    assert "make report STUDY=examples/rossi EXTRACT=small" in english
    assert "53 of 54 numbers were walked" in english
