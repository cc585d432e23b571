"""What every settings file has in common: a frozen object, and errors that name file, line and key."""

import hashlib
import json
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, TypeGuard, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Meta

from pipeline.errors import InputError
from pipeline.settings.lines import Keys, find_line

UNIONS = (Union, UnionType)
SettingsType = TypeVar("SettingsType", bound="Settings")
Weeks = Annotated[int, Meta(ge=1)]
Probability = Annotated[float, Meta(gt=0, lt=1)]
Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every settings object: immutable, and an unknown key is an error."""


def convert(
    data: Any,
    kind: type[SettingsType],
    path: str,
    text: str = "",
    home: Callable[[str | int], Keys] = lambda _: (),
) -> SettingsType:
    """Convert parsed TOML to `kind`; raise InputError that names the file, the line and every key that does not fit.

    `text` is that of the file, and `home` says in which table of it a key of `data` stands.
    """
    try:
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        faults = list(_faults(data, kind, ())) or [(str(error), ())]
    messages = []
    for message, keys in faults:
        table = home(keys[0]) if keys else ()
        line = find_line(text, (*table, *keys)) if text else None
        place = "".join([f", line {line}" * (line is not None), f", table [{'.'.join(map(str, table))}]" * bool(table)])
        messages.append(f"{path}{place}: {message}")
    raise InputError(*dict.fromkeys(messages))


def _faults(data: Any, kind: Any, keys: Keys) -> Iterator[tuple[str, Keys]]:
    """What does not fit the type, table by table and key by key, and where it stands."""
    table = next((part for part in (kind, *get_args(kind)) if _is_table(part)), None)
    if table is not None and (_is_table(kind) or (get_origin(kind) in UNIONS and isinstance(data, dict))):
        yield from _faults_of_table(data, table, keys)
    elif get_origin(kind) is dict and isinstance(data, dict):
        for key, value in data.items():
            yield from _leaf(key, get_args(kind)[0], (*keys, key))
            yield from _faults(value, get_args(kind)[1], (*keys, key))
    elif get_origin(kind) in (list, tuple) and isinstance(data, list) and table is not None:
        for number, value in enumerate(data):
            yield from _faults(value, table, (*keys, number))
    else:
        yield from _leaf(data, kind, keys)


def _faults_of_table(data: Any, kind: type[Settings], keys: Keys) -> Iterator[tuple[str, Keys]]:
    if not isinstance(data, dict):
        yield from _leaf(data, kind, keys)
        return
    fields, found = {field.name: field for field in msgspec.structs.fields(kind)}, False
    unknown = [key for key in data if key not in fields]
    absent = [name for name, field in fields.items() if field.required and name not in data]
    wrong = [(f"contains unknown field `{key}`", (*keys, key)) for key in unknown]
    absent = [name for name in absent if not get_close_matches(name, unknown)]  # which is a misspelt one
    wrong += [(f"missing required field `{name}`", keys or (name,)) for name in absent]
    for what, place in wrong:
        yield f"Object {what}{_at(keys)}. Allowed keys there: {', '.join(fields)}.", place
    for name in (name for name in fields if name in data):
        for fault in _faults(data[name], fields[name].type, (*keys, name)):
            found = True
            yield fault
    if not wrong and not found:
        yield from _leaf(data, kind, keys)


def _leaf(data: Any, kind: Any, keys: Keys) -> Iterator[tuple[str, Keys]]:
    try:
        msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        yield f"{str(error).partition(' - at')[0]}{_at(keys)}. Mend the value.", keys


def _at(keys: Keys) -> str:
    return f" - at `$.{'.'.join(map(str, keys))}`" if keys else ""


def _is_table(kind: Any) -> TypeGuard[type["Settings"]]:
    return isinstance(kind, type) and issubclass(kind, Settings)


def hash_settings(row: dict[str, Any]) -> str:
    """First 16 hexadecimal digits of the SHA-256 of a row of settings as JSON with sorted keys and no spaces."""
    return short_hash(json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def short_hash(text: str) -> str:
    """First 16 hexadecimal digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
