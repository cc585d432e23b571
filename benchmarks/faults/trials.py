"""Every other fault: damaged files, dates, rights, full disks, files that change meanwhile, makes at once."""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.place import NOBODY, SAME, Outcome, Place, is_root, judge, may_be_another

Hashes = Mapping[str, str]
DAYS_AHEAD, DAYS_BACK = 2, -3650
RECORDS, TABLES, REPORT = "data_derived/twin/runs", "data_derived/twin", "reports/twin"
SETTING = "config/exhibits.toml"
SOME = ("settings", "ingest", "sample", "outcomes", "shown", "tables", "report")  # stages that run again
TITLE = (b'title_en = "Learning', b'title_en = "Edited: learning')
# By what is damaged, the files that it may be and how many of them are.
DAMAGED = {
    "received": ("data_raw/twin/*", 12),
    "derived": (f"{TABLES}/**/*.parquet", 16),
    "records": (f"{RECORDS}/*.json", 12),
    "reports": (f"{REPORT}/**/*.*", 16),
    "settings": ("config/*.*", 8),
    "printed": ("data_raw/published/*.csv", 4),
}
STALE = "999999999\nanna\nelsewhere\n2017-01-15 08:30:00\n"  # who held the lock, which ended with its process
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Trial:
    """One fault: its kind, what is done, and how it is done in a place that is a copy of the build."""

    kind: str
    what: str
    run: Callable[[Place], Outcome]


def list_trials(source: Path, wanted: Hashes, edited: Hashes, second: Hashes) -> Iterator[Trial]:
    """Every trial; `wanted` is the build in `source`, `edited` one of another title, `second` of two extracts."""
    yield from _damages(source, wanted)
    yield from _dates(source, wanted, edited)
    yield from _changes_meanwhile(source, wanted)
    yield from _strays(wanted)
    yield from _at_once(wanted, second)
    yield from _small_files(wanted)
    if is_root():
        yield from _full_disks(source, wanted)
    else:
        print("not tried: small disks, which need the rights of root")
    if may_be_another():
        yield from _rights(source, wanted)
    else:
        print("not tried: rights and files of another user, which need root and a Python that everybody may run")


def _chosen(source: Path, pattern: str, number: int, seed: int) -> list[Path]:
    found = [path for path in sorted(source.glob(pattern)) if path.is_file() and ".warm" not in path.name]
    return [path.relative_to(source) for path in random.Random(seed).choices(found, k=number)]


def _cut(content: bytes, generator: random.Random) -> bytes:
    return content[: generator.randrange(len(content))]


def _flip(content: bytes, generator: random.Random) -> bytes:
    place = generator.randrange(len(content))
    return content[:place] + bytes([content[place] ^ (1 << generator.randrange(8))]) + content[place + 1 :]


def _damages(source: Path, wanted: Hashes) -> Iterator[Trial]:
    """A file cut off, or with one bit turned, with a new date or the old one."""
    for of, (pattern, number) in DAMAGED.items():
        for seed, path in enumerate(_chosen(source, pattern, number, 2017)):
            damage, words = ((_cut, "cut off"), (_flip, "a bit turned"))[seed % 2]
            content = damage((source / path).read_bytes(), random.Random(f"{path}{seed}"))
            old = seed % 4 > 1
            kind = "content under an old time stamp" if old else "damaged file"
            yield Trial(kind, f"{of}, {words}", _damaged(kind, f"{of}, {words}", source, path, content, old, wanted))


def _damaged(
    kind: str, what: str, source: Path, path: Path, content: bytes, old: bool, wanted: Hashes
) -> Callable[[Place], Outcome]:
    def run(place: Place) -> Outcome:
        file = place.folder / path
        _replace(file, content, file.stat().st_mtime_ns if old else None)
        checked = place.make("check")
        if checked.status == 0 and content != (source / path).read_bytes() and str(path) in _looked_at(place):
            return Outcome(kind, what, f"make check does not find {path}")
        if fault := checked.fault():
            return Outcome(kind, what, f"make check: {fault}")
        said = place.make("all")
        return judge(kind, what, place, said, lambda: _put_back(source, place, path), wanted)

    return run


def _looked_at(place: Place) -> str:
    return "\n".join(path.read_text(errors="replace") for path in (place.folder / RECORDS).glob("*.json"))


def _replace(file: Path, content: bytes, date: int | None = None) -> None:
    file.chmod(0o644)
    file.write_bytes(content)
    if date is not None:
        os.utime(file, ns=(date, date))


def _put_back(source: Path, place: Place, *paths: Path) -> None:
    for path in paths:
        (place.folder / path).unlink(missing_ok=True)
        shutil.copy(source / path, place.folder / path)
        if place.user is not None:
            os.chown(place.folder / path, place.user, place.user)


def _dates(source: Path, wanted: Hashes, edited: Hashes) -> Iterator[Trial]:
    """Files dated as of a clock set forward or back, then nothing, or an edit that the report has to show."""
    for days, words in ((DAYS_AHEAD, "ahead"), (DAYS_BACK, "back")):
        for of in (
            f"{RECORDS}/*.json",
            f"{TABLES}/**/*",
            "config/*",
            "data_raw/twin/*",
            f"{REPORT}/**/*",
            "pipeline/**/*.py",
        ):
            for is_edited in (False, True):
                what = f"{of.split('/*')[0]} dated {words}{', then an edit' if is_edited else ''}"
                yield Trial("clock", what, _dated(what, source, of, days, edited if is_edited else wanted, is_edited))


def _dated(
    what: str, source: Path, pattern: str, days: int, wanted: Hashes, is_edited: bool
) -> Callable[[Place], Outcome]:
    def run(place: Place) -> Outcome:
        date = time.time_ns() + days * 86_400 * 10**9
        for path in place.folder.glob(pattern):
            os.utime(path, ns=(date, date))
        if is_edited:
            file = place.folder / SETTING
            file.write_bytes(file.read_bytes().replace(*TITLE, 1))
        return judge("clock", what, place, place.make("all"), None, wanted)

    return run


def _changes_meanwhile(source: Path, wanted: Hashes) -> Iterator[Trial]:
    """A file replaced at a random moment of a build of everything, and put back after it."""
    generator = random.Random(1544)
    for name in ("config/study.toml", "config/models.toml", "config/variables.csv", "data_raw/twin/dream.csv",
                 "data_raw/twin/allocation.csv", f"{TABLES}/shares.parquet", f"{TABLES}/shown.parquet",
                 "pipeline/stats/ols.py", f"{REPORT}/tables/table_3_1.csv", f"{RECORDS}/outcomes.json"):  # fmt: skip
        for _ in range(2):
            what, seconds = f"{name} replaced while make runs", generator.uniform(0.2, 4)
            yield Trial("file replaced during the run", what, _changed(what, source, Path(name), seconds, wanted))


def _changed(what: str, source: Path, path: Path, seconds: float, wanted: Hashes) -> Callable[[Place], Outcome]:
    kind = "file replaced during the run"

    def run(place: Place) -> Outcome:
        _without_records(place, *SOME)
        make = place.start("all")
        time.sleep(seconds)
        other = (source / path).read_bytes() + b"\n"
        if (place.folder / path).exists():
            temporary = place.folder / ".other"
            temporary.write_bytes(other)
            temporary.replace(place.folder / path)
        said = place.end(make)
        if fault := said.fault():
            return Outcome(kind, what, fault)
        if path.parts[0] in ("config", "pipeline", "data_raw"):
            _put_back(source, place, path)
        again = place.make("all")
        fault = place.differs(wanted) if again.status == 0 else again.text.strip()[-160:]
        return Outcome(kind, what, fault or ("named" if said.status else SAME))

    return run


def _strays(wanted: Hashes) -> Iterator[Trial]:
    """What lies beside the Makefile by the name of a library or of its settings, and files of dependencies."""
    raises = "raise SystemExit('imported')"
    modules = dict.fromkeys(("tomllib.py", "pandas.py", "sitecustomize.py", "json.py"), raises)
    recipe = "data_derived/twin/runs/survey.json: gone\ngone:\n\ttouch gone\n"
    strays = {
        "modules and a matplotlibrc beside the Makefile": {**modules, "matplotlibrc": "axes.facecolor: red\n"},
        "a file of dependencies with a recipe": {f"{RECORDS}/survey.d": recipe},
        "an empty file of dependencies": {f"{RECORDS}/outcomes.d": ""},
        "the lock of a make that is gone": {f"{RECORDS}/.warm.{name}": STALE for name in ("holder", "999999999")},
    }
    for what, files in strays.items():
        yield Trial("stray file", what, _strayed(what, files, wanted))


def _strayed(what: str, files: Mapping[str, str], wanted: Hashes) -> Callable[[Place], Outcome]:
    def run(place: Place) -> Outcome:
        _without_records(place, *SOME, "figures-1")
        for name, content in files.items():
            (place.folder / name).write_text(content)
        said = place.make("all")
        for name in files:
            (place.folder / name).unlink(missing_ok=True)
        if (place.folder / "gone").exists():
            return Outcome("stray file", what, "its recipe ran")
        return judge("stray file", what, place, said, None, wanted)

    return run


def _without_records(place: Place, *stages: str) -> None:
    for stage in stages:
        (place.folder / f"{RECORDS}/{stage}.json").unlink()


def _at_once(wanted: Hashes, second: Hashes) -> Iterator[Trial]:
    """Two makes at once, of one extract and of two."""
    for seed in range(6):
        yield Trial("two makes at once", "on one extract", _twice(seed, wanted))
    for _ in range(3):
        yield Trial("two makes at once", "on two extracts", _both(second))


def _twice(seed: int, wanted: Hashes) -> Callable[[Place], Outcome]:
    what, kind = "on one extract", "two makes at once"

    def run(place: Place) -> Outcome:
        _without_records(place, *SOME)
        first = place.start("all")
        time.sleep(random.Random(seed).uniform(0, 2.5))
        other = place.start("all")
        said = place.end_all(other, first)
        faults = [one.fault() for one in said if one.fault()]
        lost = [one for one in said if one.status]
        if faults or len(lost) == 2:
            return Outcome(kind, what, faults[0] if faults else f"both ended: {lost[0].text.strip()[-120:]}")
        if lost and "is being written by" not in lost[0].text:
            return Outcome(kind, what, f"it is not told who builds: {lost[0].text.strip()[-120:]}")
        return Outcome(kind, what, place.differs(wanted) or ("named" if lost else SAME))

    return run


def _both(second: Hashes) -> Callable[[Place], Outcome]:
    def run(place: Place) -> Outcome:
        make_second(place.folder)
        _without_records(place, *SOME)
        other = Place(place.folder, extract="second")
        runs = place.start("all"), other.start("all")
        said = place.end_all(*runs)
        bad = [one.fault() or one.text.strip()[-160:] for one in said if one.status or one.fault()]
        return Outcome("two makes at once", "on two extracts", bad[0] if bad else place.differs(second) or SAME)

    return run


def make_second(folder: Path) -> None:
    """Put the received files of the synthetic trial there under another name of an extract."""
    raw = folder / "data_raw/second"
    shutil.copytree(folder / "data_raw/twin", raw)
    facts = raw / "extract.toml"
    facts.chmod(0o644)
    facts.write_text(facts.read_text(encoding="utf-8").replace('name = "twin"', 'name = "second"'), encoding="utf-8")


def _small_files(wanted: Hashes) -> Iterator[Trial]:
    """No file may be larger than some bytes."""
    for size in (2_000, 60_000, 250_000):
        what = f"no file over {size} bytes"
        yield Trial("full disk", what, _limited(what, size, wanted))


def _limited(what: str, size: int, wanted: Hashes) -> Callable[[Place], Outcome]:
    def run(place: Place) -> Outcome:
        _empty(place)
        limits = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))  # noqa: E731
        limited = Place(place.folder, place.user, limits)
        return judge("full disk", what, place, limited.make("all"), None, wanted)

    return run


def _empty(place: Place) -> None:
    """Take away what is to be written, but not the figures, which take longest to make again."""
    for path in [*place.folder.glob(f"{TABLES}/*.parquet"), *place.folder.glob(f"{TABLES}/estimates/*")]:
        path.unlink()
    for path in [*place.folder.glob(f"{REPORT}/tables/*"), *place.folder.glob(f"{REPORT}/*.html")]:
        path.unlink()


def _full_disks(source: Path, wanted: Hashes) -> Iterator[Trial]:
    """A disk with so many MB left, which is made larger afterwards."""
    for left in (0.02, 0.2, 0.5, 1.0, 1.5, 2.5):
        what = f"{left} MB left"
        yield Trial("full disk", what, _on_small_disk(what, left, source, wanted))


def _on_small_disk(what: str, left: float, source: Path, wanted: Hashes) -> Callable[[Place], Outcome]:
    def run(place: Place) -> Outcome:
        disk = place.folder.with_name(f"{place.folder.name}_disk")
        disk.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(disk)], check=True)
        try:
            small = Place(disk / "copy", place.user)
            small.fill(source)
            _empty(small)
            usage = shutil.disk_usage(disk)
            size = f"size={int(usage.used + left * MEGABYTE) // 4096 * 4}k"
            subprocess.run(["mount", "-o", f"remount,{size}", str(disk)], check=True)
            said = small.make("all")
            subprocess.run(["mount", "-o", "remount,size=400m", str(disk)], check=True)
            return judge("full disk", what, small, said, None, wanted)
        finally:
            subprocess.run(["umount", str(disk)], check=True)

    return run


def _rights(source: Path, wanted: Hashes) -> Iterator[Trial]:
    """Files and folders that the user who builds may not read or write, or that another user owns."""
    unreadable = (
        f"{TABLES}/shares.parquet", f"{TABLES}/runs/sample.json", f"{TABLES}/runs", f"{REPORT}/index.html",
        "data_raw/twin/dream.csv", "data_raw/twin/extract.toml", "config/study.toml", "config/variables.csv",
        "pipeline/stages/sample.py", "pipeline/errors.py", "requirements.lock",
    )  # fmt: skip
    read_only = (TABLES, f"{TABLES}/runs", REPORT, f"{REPORT}/tables", "data_derived", f"{TABLES}/shares.parquet")
    for name in unreadable:
        yield Trial("rights", f"unreadable {name}", _with_mode(f"unreadable {name}", name, 0o000, False, wanted))
    for name in read_only:
        yield Trial("rights", f"read-only {name}", _with_mode(f"read-only {name}", name, 0o555, False, wanted))
        yield Trial("another user's files", name, _with_mode(name, name, 0o755, True, wanted))
    for name in ("config/study.toml", "data_raw/twin/dream.csv", f"{TABLES}/runs/sample.json"):
        yield Trial("another user's files", f"{name}, closed", _with_mode(f"{name}, closed", name, 0o700, True, wanted))


def _with_mode(what: str, name: str, mode: int, is_others: bool, wanted: Hashes) -> Callable[[Place], Outcome]:
    kind = "another user's files" if is_others else "rights"

    def run(place: Place) -> Outcome:
        own = Place(place.folder, NOBODY)
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", str(place.folder)], check=True)
        _without_records(place, "outcomes", "tables")
        path = place.folder / name
        before = path.stat().st_mode & 0o777
        if is_others:
            os.chown(path, 0, 0)
        path.chmod(mode)

        def mend() -> None:
            os.chown(path, NOBODY, NOBODY)
            path.chmod(before)

        checked = own.make("check")
        if fault := checked.fault():
            return Outcome(kind, what, f"make check: {fault}")
        said = own.make("all")
        return judge(kind, what, own, said, mend, wanted)

    return run
