"""Register a delivery: tell which file in its folder is what, and write their description, extract.toml.

python -m pipeline.register.receive data_raw/<extract> --settings config [--again] [--from FOLDER]
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pipeline.errors import InputError, command
from pipeline.pseudonyms.hashed import Pseudonyms
from pipeline.pseudonyms.keys import make_key
from pipeline.register.delivery import DESCRIPTION, Folder, describe_delivery, sort_files
from pipeline.register.describe import with_key_digest, write_extract
from pipeline.register.questions import ask
from pipeline.register.readers import again
from pipeline.register.recognise import Signs
from pipeline.settings.extract import Extract, RawFile
from pipeline.settings.reading import read_settings
from pipeline.settings.scales import asked_again, check_scales, item_names
from pipeline.settings.study import Study
from pipeline.storage import LARGE, digest, write_if_changed

if TYPE_CHECKING:
    import pandas as pd


def register_extract(folder: Path, settings: Path, today: datetime.date, *, mended: bool = False) -> list[str]:
    """Write extract.toml of the files in `folder` by the study in `settings`; what is to be said of it.

    One that is there and describes the files stays as it is. One that was copied with its files from another folder
    takes the name of this one, and one of files that the data owner `mended` describes them as they are now; both keep
    what an analyst declared. Raises InputError if files are not those registered, unless they were mended.
    """
    target = folder / DESCRIPTION
    study, signs = read_signs(settings)
    old = read_settings(target) if target.exists() else None
    files = sort_files(folder, signs, old)
    if old and not mended:
        _require_registered(files, old)
        if old.name == folder.name:
            same = f"{target}: the {len(old.files)} files are those that were registered; "
            return [same + _complete(target, old, study)]
    extract = _with_key(describe_delivery(files, signs, today, old), study)
    said = _write(target, extract, files, study, settings)
    if old:
        said.append(f"what was declared in extract.toml (of the name {old.name}) is kept")
    return [*said, _read_it(target)]


def _complete(target: Path, old: Extract, study: Study) -> str:
    """Give an extract.toml without a key one, if it needs any; what was done. InputError if its key is none."""
    if old.key_digest or old.public_key or study.design.public_key:
        Pseudonyms.of(_with_key(old, study))
        return "nothing to do"
    digest, place = make_key(old.name)
    write_if_changed(target, with_key_digest(target.read_text(encoding="utf-8"), digest).encode())
    return f"the key of persons' numbers is in {place}, and its digest in extract.toml now"


def _with_key(extract: Extract, study: Study) -> Extract:
    """The extract with the key that its persons' numbers are hashed with: the public one, its own, or one made now."""
    if extract.key_digest or extract.public_key:
        return extract
    if study.design.public_key:
        return msgspec.structs.replace(extract, public_key=study.design.public_key)
    return msgspec.structs.replace(extract, key_digest=make_key(extract.name)[0])


def _say_key(extract: Extract) -> list[str]:
    """Where the key is, which nothing of the project holds."""
    if extract.public_key:
        return ["  persons' numbers are hashed with the public key that extract.toml holds"]
    return [
        f"  persons' numbers are hashed with the key in {make_key(extract.name)[1]}: keep a copy where the permit "
        "says, for without it no pseudonym leads back"
    ]


def _write(target: Path, extract: Extract, files: Folder, study: Study, settings: Path) -> list[str]:
    """Write extract.toml with its questions; what is to be said of the files."""
    questions = ask(extract, files.frames, study.design, read_scales(settings))
    write_if_changed(target, write_extract(extract, study, questions).encode())
    cut = [
        f"{file.path}: its last line has no end, as in a file that was cut off: compare its size with the sender's"
        for file in extract.files.values()
        if file.kind == "csv" and not _is_ended(files.path / file.path)
    ]
    return _describe_files(files, extract) + _say_key(extract) + [f"  ? {question}" for question in [*cut, *questions]]


def _is_ended(path: Path) -> bool:
    """Whether a file of text ends with the end of a line, in any encoding."""
    with path.open("rb") as file:
        file.seek(-min(2, path.stat().st_size), os.SEEK_END)
        return bool({*file.read()} & {*b"\r\n"})


def _read_it(target: Path) -> str:
    return f"wrote {target}: read it, and declare in it what the files do not say: docs/extracts.md"


def take_over(source: Path, folder: Path, settings: Path, today: datetime.date) -> list[str]:
    """Bring the files of the study that lie in `source` into `folder` and register them; what is to be said of it.

    A file is copied, and a large one linked to where it lies, for nothing is gained by a second copy of a register.
    What the study does not know is left where it is. The files are read where they lie, and the folder is there when
    all of it is done, or not at all. Raises InputError if it holds files already, and as `register_extract`.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(
            f"{folder}: holds files already. Take another name, or say make extract EXTRACT={folder.name}."
        )
    study, signs = read_signs(settings)
    files = sort_files(source, signs)
    extract = _with_key(describe_delivery(files, signs, today, name=folder.name), study)
    begun = folder.with_name(f".{folder.name}.begun")
    try:
        shutil.rmtree(begun, ignore_errors=True)
        begun.mkdir(mode=0o700, parents=True)
        said = _copy(files, begun) + _write(begun / DESCRIPTION, extract, files, study, settings)
        begun.replace(folder)
    finally:
        shutil.rmtree(begun, ignore_errors=True)
    return [*said, _read_it(folder / DESCRIPTION)]


def _copy(files: Folder, target: Path) -> list[str]:
    """Copy the files to the folder, or link those that are large; which are linked."""
    said = []
    for path in files.found.values():
        if path.stat().st_size > LARGE:
            (target / path.name).symlink_to(path.resolve())
            said.append(f"  {path} is linked, not copied: leave it where it is")
        else:
            shutil.copyfile(path, target / path.name)
            (target / path.name).chmod(0o400)  # a received file never changes
    return said


def read_scales(settings: Path) -> pd.DataFrame | None:
    """The scales in a folder of settings, as text; None where there are none. InputError for cells that cannot be."""
    import pandas as pd

    path = settings / "scales.csv"
    if not path.exists():
        return None
    scales = pd.read_csv(path, dtype=str, keep_default_na=False)
    check_scales(str(path), scales)
    return scales


def read_signs(settings: Path) -> tuple[Study, Signs]:
    """The study in a folder of settings, and what its files are told by."""
    study, scales = read_settings(settings / "study.toml"), read_scales(settings)
    items = [
        frozenset(name for short in (table["items"] if table is not None else ()) for name in item_names(short))
        for table in (scales, asked_again(scales))
    ]
    return study, Signs(study.design, *items)


def _require_registered(files: Folder, old: Extract) -> None:
    """Raise InputError for files that are not as extract.toml has them, and for one of the study it does not list."""
    said = []
    for file in old.files.values():
        path = files.path / file.path
        if not path.exists():
            said.append(f"{file.path} is missing")
        elif digest(path) != file.sha256:
            said.append(f"{file.path} is not the file that was registered")
    said += [f"{path.name} is new ({role})" for role, path in files.found.items() if role not in old.files]
    if said:
        target = files.path / DESCRIPTION
        raise InputError(
            f"{target}: {'; '.join(said)} ({len(said)} files). A received file never changes: restore it, or give a "
            f"new delivery a folder of its own. If the data owner mended or added it, {again(target)}: what you "
            "declared in extract.toml is kept."
        )


def _describe_files(files: Folder, extract: Extract) -> list[str]:
    """What each file was taken for, and which were left and why."""
    said = [f"{files.path}: the register has the form {extract.format}, version {extract.register_version or '(none)'}"]
    for role, file in extract.files.items():
        said.append(f"  {file.path} is {role}: {file.rows} rows, key {file.key or '(none)'}, {_layout(file)}")
    said += [f"  {name} is left: {reason}" for name, reason in files.left.items()]
    absent = [role for role in ("baseline_survey", "followup_survey") if role not in extract.files]
    return said + [f"  no {role}: what it would tell is missing" for role in absent]


def say_built(folder: Path, runs: Path) -> list[str]:
    """Of which files a build was made, where they are others now: it is of another registration of the extract."""
    read = dict[str, str]()
    for record in runs.glob("*.json"):
        with contextlib.suppress(OSError, msgspec.DecodeError):  # a damaged record is told when the build is looked at
            read |= msgspec.json.decode(record.read_bytes(), type=dict[str, Any]).get("inputs", {})
    own = {Path(name): sha256 for name, sha256 in read.items() if Path(name).parent == folder}
    other = sorted(path.name for path, sha256 in own.items() if not path.exists() or digest(path) != sha256)
    if not other:
        return []
    return [
        f"{runs.parent} was built of other files of these names: {', '.join(other)}. It was registered before, and "
        "that extract.toml is gone: put it back, or keep the reports made of it before make all makes them anew."
    ]


def _layout(file: RawFile) -> str:
    called = "".join(f", {own} is {wanted}" for wanted, own in file.columns.items())
    if file.kind != "csv":
        return file.kind + called
    separator = {"\t": "tab"}.get(file.separator, f"'{file.separator}'")
    place = f", header in line {file.header}" if file.header > 1 else ""
    encoding = "" if file.encoding == "utf-8" else f", {file.encoding}"
    return f"separator {separator}, decimal '{file.decimal}'{encoding}{place}{called}"


@command
def main() -> None:
    """Register the folder given on the command line, and print what was found in it."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.register.receive", description="Register an extract.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--again", action="store_true", help="the data owner mended a file or added one")
    parser.add_argument("--from", dest="source", type=Path, help="a folder whose files are taken over first")
    parser.add_argument("--runs", type=Path, help="the records of a build of this extract, if there is one")
    arguments = parser.parse_args()
    source, folder, settings = arguments.source, arguments.folder, arguments.settings
    today, is_known = datetime.date.today(), (folder / DESCRIPTION).exists()
    if source:
        said = take_over(source, folder, settings, today)
    else:
        said = register_extract(folder, settings, today, mended=arguments.again)
    built = say_built(folder, arguments.runs) if arguments.runs and not is_known else []
    print("\n".join([*said, *built]))


if __name__ == "__main__":
    sys.exit(main())
