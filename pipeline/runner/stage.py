"""Run one stage: load its inputs, call its pure function, validate, write what changed, and record the run.

python -m pipeline.runner.stage NAME --in FILE... --with FILE... --out FILE... --record FILE

The names of the stage's parameters are the stems of its input files, of received ones their roles; the keys it returns
are the names of its output files. Files given as --with are not handed to the stage but bear on its result: the
dictionary, the lock file. make alone knows where the files lie.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import inspect
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.errors import Faults, InputError, command
from pipeline.runner.imported import imported_packages, note_imports, stages_without_note
from pipeline.runner.inputs import AS_RECEIVED, is_received, load_input, name_of, serialise
from pipeline.runner.records import (
    extract_of,
    find_makers,
    is_record,
    link_records,
    require_as_made,
    require_as_verified,
    seal,
    write_record,
)
from pipeline.runner.surroundings import LOCK, describe_run, kept_warnings
from pipeline.storage import digest, fingerprint, is_digest, write_if_changed

DICTIONARY = ("variables.csv", "scales.csv")  # what says how a table must look
# What estimates rest on besides data: a record keeps the text, so that a later build can be compared with this one.
KEPT = (
    "extract.toml",
    "study.toml",
    "outcomes.toml",
    "models.toml",
    "benefit_codes.csv",
    "scales.csv",
    "variables.csv",
)
TICK = 1_000_000  # nanoseconds: what is made after what is dated in the future is dated this much later


def run_stage(
    name: str, inputs: list[Path], others: list[Path], outputs: list[Path], record: Path, checkout: str = ""
) -> list[Path]:
    """Run the stage `name` and return the outputs whose bytes changed.

    An input that another stage made and that is not what that stage recorded is an InputError. `checkout` is the
    commit that the record tells.

    Inputs and code are hashed before and after the run; a change in between is an error, so a record never describes
    files that were not the ones read. A large input is hashed once, while it is read, and told by its size and times.
    The record is written last: without it make runs the stage again.
    """
    started = time.perf_counter()
    with kept_warnings() as warned:
        module = importlib.import_module(f"pipeline.stages.{name.partition('-')[0]}")
        records = [path for path in inputs if is_record(path)]
        link_records(records)
        made_by = find_makers([*inputs, *others], record.parent)
        inputs_before, code_before = _fingerprints([*inputs, *others]), _digests(_package_files())
        hashed = {path: found for path, found in inputs_before.items() if is_digest(found)}
        require_as_made(hashed, made_by)
        require_as_verified(hashed)
        ran = {**describe_run(checkout, _locks(others)), **_imported_before(records)}
        results = _call(module.run, inputs, {"wanted": {path.name for path in outputs}, "ran": ran})
        contents = _serialise_all(name, results, outputs, others)
    read, code = _digests([*inputs, *others]), _digests(_package_files())
    same = all(read[path] == known or fingerprint(Path(path)) == known for path, known in inputs_before.items())
    if not same or any(code[path] != known for path, known in code_before.items()):
        raise InputError(f"stage {name}: an input or the code changed while the stage ran. Run make again.")
    require_as_made(read, made_by)
    changed = [path for path in outputs if write_if_changed(path, contents[path.name])]
    made = {str(path): _sha256(contents[path.name]) for path in outputs}
    body = {"stage": name, "extract": extract_of(record), "inputs": read, "outputs": made, "code": code}
    told = {"settings": _kept_settings(inputs), "ran": {**ran, "warnings": warned}}
    note_imports(record)
    write_record(record, seal({**body, **told}, made_by))
    _date(record, changed, [*inputs, *others, *record.parent.glob("*.json")])
    _report(name, outputs, changed, time.perf_counter() - started)
    return changed


def _imported_before(records: list[Path]) -> dict[str, Any]:
    """What the stages of the records imported, for a stage that reads records; nothing for any other."""
    if not records:
        return {}
    return {"imported": imported_packages(records), "imported_unknown": stages_without_note(records)}


def _locks(others: list[Path]) -> list[Path]:
    return [path for path in others if path.name == LOCK]


def _kept_settings(inputs: list[Path]) -> dict[str, str]:
    settings = [path for path in inputs if path.name in KEPT and not is_received(path)]
    return {str(path): path.read_text(encoding="utf-8") for path in settings}


def _call(run: Callable[..., dict[str, Any]], inputs: list[Path], told: dict[str, Any]) -> dict[str, Any]:
    """Load the inputs and call `run` with them by name; the two must name the same things.

    A parameter with a default value is an input that may be absent. What is `told` is none, and given if `run` has a
    parameter of the name: wanted, the names of the outputs, and ran, what the stage runs with.
    """
    parameters = inspect.signature(run).parameters.values()
    named = {parameter.name for parameter in parameters if parameter.kind is not inspect.Parameter.VAR_KEYWORD}
    required = {parameter.name for parameter in parameters if parameter.default is parameter.empty} & named
    takes_more = len(named) < len(parameters)
    names = {path: name_of(path) for path in inputs}
    given = set(names.values())
    asked = {name: value for name, value in told.items() if name in named}
    if required - given - set(asked) or (given - named and not takes_more):
        raise InputError(
            f"stage {run.__module__}: no input file for {sorted(required - given)}, and no parameter for "
            f"{sorted(given - named)}. Make the Makefile and the stage agree."
        )
    loaded, faults = {}, Faults()
    for path, name in names.items():
        with faults.part():
            loaded[name] = load_input(path)
    faults.stop()
    return run(**loaded, **asked)


def _serialise_all(name: str, results: dict[str, Any], outputs: list[Path], others: list[Path]) -> dict[str, bytes]:
    """Validate every result against the dictionary and turn it into the bytes of its file."""
    expected = {path.name for path in outputs}
    if expected != set(results):
        raise InputError(
            f"stage {name}: returned {sorted(set(results) - expected)} that the Makefile does not list and lacks "
            f"{sorted(expected - set(results))}. Make the two agree."
        )
    for path in outputs:
        _require_nobody(path, results[path.name])
    tables = {path: results[path.name] for path in outputs if path.suffix == ".parquet"}
    tables = {path: table for path, table in tables.items() if table.index.name != AS_RECEIVED}
    if tables:
        _validate(tables, others)
    return {path.name: serialise(path, results[path.name]) for path in outputs}


def _require_nobody(path: Path, content: Any) -> None:
    """Raise InputError for a table under reports/ with a row a person: with a key whose values may not stand there."""
    if path.parts[0] != "reports" or path.suffix != ".csv":
        return
    from pipeline.runner.schemas import own_columns
    from pipeline.settings.sensitivity import may_enter

    text = content if isinstance(content, str) else bytes(content).decode("utf-8")
    header = set(text.partition("\n")[0].strip().split(","))
    closed = {row["name"] for row in own_columns() if row["key_of"] and not may_enter("report", row["sensitivity"])}
    if header & closed:
        raise InputError(
            f"{path}: a row a {', '.join(sorted(header & closed))} never lies under reports/. Mend the stage."
        )


def _validate(tables: dict[Path, Any], others: list[Path]) -> None:
    """Raise InputError unless each table is as the dictionary among `others` says, and no person is under reports."""
    from pipeline.runner.schemas import build_schemas, validate_table

    given = {path.name: load_input(path) for path in others if path.name in DICTIONARY}
    names = {path: "estimates" if path.parent.name == "estimates" else path.stem for path in tables}
    schemas = build_schemas(set(names.values()), given["variables.csv"], given.get("scales.csv"))
    for path, table in tables.items():
        if path.parts[0] == "reports":
            raise InputError(f"{path}: a parquet table may hold persons and never lies under reports/. Move it.")
        validate_table(table, schemas[names[path]])


def _package_files() -> list[Path]:
    """The package's own modules that are loaded now, as paths relative to the working directory."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()) if _is_ours(module))
    return sorted(Path(os.path.relpath(file)) for file in files if file)


def _is_ours(module: ModuleType | None) -> bool:
    return module is not None and (module.__name__ == "pipeline" or module.__name__.startswith("pipeline."))


def _date(record: Path, changed: Iterable[Path], known: Iterable[Path]) -> None:
    """Date the record now, though it may say what it said; and all that was made after what is dated in the future.

    make goes by the order: a stage whose record kept its date would run for ever.
    """
    latest, now = max(path.stat().st_mtime_ns for path in known), time.time_ns()
    for path in (record, *changed) if latest > now else (record,):
        os.utime(path, ns=(now, latest + TICK if latest > now else now))


def _report(name: str, outputs: list[Path], changed: list[Path], seconds: float) -> None:
    what = f"{len(changed)} of {len(outputs)} files changed" if changed else "nothing changed"
    print(f"{name:<12} {seconds:6.2f} s  {what}", flush=True)


def _fingerprints(paths: Iterable[Path]) -> dict[str, str]:
    return {str(path): fingerprint(path) for path in paths}


def _digests(paths: Iterable[Path]) -> dict[str, str]:
    return {str(path): digest(path) for path in paths}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@command
def main(command_line: list[str]) -> None:
    """Parse the command line and run the stage; with --fault what is wrong goes to that file, for who tells it."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.runner.stage", description="Run one stage.")
    parser.add_argument("name")
    parser.add_argument("--in", dest="inputs", nargs="*", type=Path, default=[])
    parser.add_argument("--with", dest="others", nargs="*", type=Path, default=[])
    parser.add_argument("--out", dest="outputs", nargs="+", type=Path, required=True)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--checkout", default="")
    parser.add_argument("--fault", type=Path)
    arguments = parser.parse_args(command_line)
    os.umask(0o077)  # what is made nobody else can read
    try:
        run_stage(
            arguments.name,
            arguments.inputs,
            arguments.others,
            arguments.outputs,
            arguments.record,
            arguments.checkout,
        )
    except InputError as error:
        if arguments.fault is None:
            raise
        write_if_changed(arguments.fault, str(error).encode())
        raise InputError(
            f"stage {arguments.name} cannot go on. What is wrong with the extract and its settings:"
        ) from error


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # A thread of the parquet library can abort a process that is torn down; all is written, so nothing is torn down.
    os._exit(status)
