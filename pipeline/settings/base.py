"""What every settings file has in common: a frozen object, and errors that name file, line and key."""

import hashlib
import json
import re
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from pipeline.errors import InputError

SettingsType = TypeVar("SettingsType", bound="Settings")
Weeks = Annotated[int, Meta(ge=1)]
Probability = Annotated[float, Meta(gt=0, lt=1)]
Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every settings object: immutable, and an unknown key is an error."""


def convert(data: Any, kind: type[SettingsType], path: str, text: str = "") -> SettingsType:
    """Convert parsed TOML to `kind`; raise InputError that names the file, the line and the key that does not fit."""
    try:
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(_explain(str(error), kind, path, text)) from error


def _explain(message: str, kind: type[Settings], path: str, text: str) -> str:
    """Say in one line what msgspec found, with the line of the key in the file where that is the only one."""
    unknown, at = re.search(r"unknown field `(\w+)`", message), re.search(r"at `\$\.?([\w.]*)", message)
    key = unknown.group(1) if unknown else at.group(1).rpartition(".")[2] if at else ""
    lines = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if key and re.match(rf"\s*\[?[\w.]*\b{re.escape(key)}\b", line)
    ]
    place = f"{path}, line {lines[0]}" if lines and (unknown or len(lines) == 1) else path
    if unknown or "missing required field" in message:
        return f"{place}: {message}. Allowed keys there: {', '.join(_keys_at(message, kind))}."
    return f"{place}: {message}. Mend the value."


def _keys_at(message: str, kind: type[Settings]) -> tuple[str, ...]:
    """The keys that the table named in msgspec's message may have: `$.time` is the table [time]."""
    path = re.search(r"at `\$\.?([^`]*)`", message)
    for step in re.split(r"[.\[]", path.group(1)) if path else []:
        annotation = kind.__annotations__.get(step)
        inner = [annotation, *getattr(annotation, "__args__", ())]
        kind = next((part for part in inner if isinstance(part, type) and issubclass(part, Settings)), kind)
    return kind.__struct_fields__


def hash_settings(row: dict[str, Any]) -> str:
    """First 16 hexadecimal digits of the SHA-256 of a row of settings as JSON with sorted keys and no spaces."""
    return short_hash(json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def short_hash(text: str) -> str:
    """First 16 hexadecimal digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
