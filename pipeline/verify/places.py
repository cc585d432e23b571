"""Where in the received files a derived value comes from, by the lines that the second route read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.register.places import FILE
from pipeline.settings.extract import is_register

if TYPE_CHECKING:
    from pipeline.audit.build import Build

Values = Mapping[tuple[int, str, int | None], float | str | None]
SURVEYS = ("baseline", "followup")


@dataclass(frozen=True)
class Places:
    """The values of the second route, and the build whose settings name columns."""

    second: Mapping[str, Values]
    build: Build

    def say(self, table: str, key: tuple[Any, ...]) -> str:
        """File, line, column and person of a value of a derived table, and what it is; `key` as in `second`."""
        person, column, week = key
        draw = self._of("sample", person, "allocation_week") or 0
        since = week - draw if week is not None and table == "register_weeks" else week
        role, line, columns = self._place(table, person, column, since)
        path, line = self._file(role, line)
        place = ", ".join([path, *([f"line {line}"] if line else []), *([f"column {columns}"] if columns else [])])
        when = "" if since is None else f", week {since}"
        return f"{place}, person {person}{when}: {column} of {table}"

    def _place(self, table: str, person: int, column: str, week: int | None) -> tuple[str, Any, str]:
        """The role of the file, the number of the line, and the columns."""
        for survey in SURVEYS:
            scales = self._items if table in (survey, "background") else {}
            if table == f"{survey}_items" or column in scales:
                line = self._of(f"{survey}_items", person, "line")
                return f"{survey}_survey", line, scales.get(column, "" if column == "line" else column)
        if table in ("register_weeks", "weekly", "shares", "durations") or column in self.build.study.windows:
            return "register", self._line_of_register(person, week), self._column(table, person, column, week)
        return "allocation", self._of("trial", person, "allocation_line"), self._drawn(column)

    def _file(self, role: str, line: Any) -> tuple[str, Any]:
        """The path of the file, and the line in it: the register may be several."""
        files = self.build.extract.files
        if role != "register":
            return files[role].path if role in files else role, line
        paths = [files[name].path for name in sorted(files) if is_register(name)]
        return (paths[0], None) if line is None else (paths[int(line) // FILE], int(line) % FILE)

    def _drawn(self, column: str) -> str:
        """The column of the allocation file behind a value of the draw; of who is left out none alone decides."""
        design = self.build.study.design
        if column == "treated":
            return design.arm
        names = {name: each.column for each in design.groupings for name in (each.name, f"{each.name}_name")}
        return names.get(column, "" if column == "reason" or column.endswith("_line") else design.date or "")

    def _line_of_register(self, person: int, week: int | None) -> Any:
        """The line of the week, or where there is none that of any week of the person."""
        return self._lines.get((person, week)) or self._lines.get((person, None))

    @cached_property
    def _lines(self) -> dict[tuple[int, int | None], Any]:
        found: dict[tuple[int, int | None], Any] = {}
        for (person, column, week), line in self.second.get("weekly", {}).items():
            if column == "line" and line is not None:
                found[person, week] = found[person, None] = line
        return found

    def _column(self, table: str, person: int, column: str, week: int | None) -> str:
        """The column of a week of the register, of a wage that of its month; of what many weeks make none."""
        if week is None or table in ("shares", "durations"):
            return ""
        names = self._columns.get((self._of("sample", person, "allocation_week") or 0) + week, {})
        return str(names.get("month_column" if column == "wage" else "week_column") or "")

    @cached_property
    def _columns(self) -> dict[int, dict[Any, Any]]:
        return {int(row["week"]): row for row in self.build.tables.register_columns.to_dict("records")}

    @cached_property
    def _items(self) -> dict[str, str]:
        scales = self.build.scales
        return {} if scales is None else dict(zip(scales["variable"], scales["items"], strict=True))

    def _of(self, table: str, person: int, column: str) -> Any:
        return self.second.get(table, {}).get((person, column, None))
