"""The page that sets the printed numbers beside the rebuilt ones: the verdict, the sums, the errata, every number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.published.comparison import Comparison
from pipeline.published.errata import Erratum
from pipeline.published.lines import Labels, Line, build_line, read_as_printed, statistic_name
from pipeline.published.totals import (
    SE_BANDS,
    UNIT_BANDS,
    Count,
    ErratumTotals,
    Totals,
    add_up,
    errata_totals,
    farthest,
    has_changed_sign,
    has_other_mark,
    is_size,
    middle_distance,
    se_bands,
    unit_bands,
)
from pipeline.settings.exhibits import Exhibits, exhibit_number, fill
from pipeline.settings.extract import Extract
from pipeline.show.numbers import POINT, write_number
from pipeline.show.page import page_template, running_head
from pipeline.show.words import INTERFACE, Words, fill_words

if TYPE_CHECKING:
    import pandas as pd

WORDS_FILE = "published.toml"
MOST = 99.9  # per cent, however few are missing: 100 is written for all only
LISTED = 20  # numbers in a list of the largest distances


def read_words(published: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The words of published.toml in one language; InputError if the languages do not have the same words."""
    languages = {name: set(words) for name, words in published.items()}
    if set(languages) != {"en", "da"} or languages["en"] != languages["da"]:
        odd = sorted(languages.get("en", set()) ^ languages.get("da", set()))
        raise InputError(f"{WORDS_FILE}: [en] and [da] must have the same words; in one of them only: {odd}.")
    return dict(published[language])


def write_published_page(
    compared: Sequence[Comparison],
    errata: Sequence[Erratum],
    published: Mapping[str, Any],
    exhibits: Exhibits,
    variables: pd.DataFrame,
    said: Words,
    extract: Extract,
    language: str,
) -> str:
    """The page in one language; without targets among the numbers it is the replication report of the extract."""
    words = read_words(published, language)
    common = said.texts
    identity = {name: common[name] for name in ("extract", "horizon")} | {"version": extract.register_version}
    filled = {name: fill_words(table, {**common, "stars": ""}) for name, table in exhibits.tables.items()}
    labels = Labels(replace(exhibits, tables=filled), variables, language)
    page = _Page(compared, words, labels, language, is_synthetic=extract.synthetic)
    return page_template("published.html.j2", Path(__file__).parent).render(
        language=language,
        t=words,
        ui=INTERFACE[language],
        running=running_head(words["title"], common["synthetic"]),
        synthetic=common["synthetic"],
        label=common["extract"],
        source=common["source"],
        identity=fill(words["identity"], identity),
        lede=fill(words["lede"], {"number": page.number(len(compared)), "extract": common["extract"]}),
        has_targets=page.has_targets,
        has_absent=not all(row.has_counterpart for row in compared),
        verdicts=list(page.verdicts()),
        paragraphs=page.paragraphs(),
        by_table=page.sums(lambda row: row.number.place.exhibit, lambda name: exhibit_number(name, language)),
        by_kind=page.sums(lambda row: row.number.place.statistic, lambda name: statistic_name(name, words)),
        overall=page.sum(compared),
        steered=page.steered(),
        sizes=page.lines(row for row in compared if is_size(row) and not row.is_met),
        sizes_words=page.sizes_words(),
        bands=page.bands(),
        signs=page.lines(filter(has_changed_sign, compared)),
        marks=page.lines(filter(has_other_mark, compared)),
        largest_se=page.lines(farthest(compared, lambda row: row.distance_se, LISTED)),
        largest_units=page.lines(farthest(page.without_error(), lambda row: row.distance_units, LISTED)),
        errata=[page.erratum(totals) for totals in errata_totals(errata, compared)],
        sections=list(page.sections()),
    )


class _Page:
    """What the parts of the page share: the comparisons, the words and the labels."""

    def __init__(
        self,
        compared: Sequence[Comparison],
        words: Mapping[str, Any],
        labels: Labels,
        language: str,
        *,
        is_synthetic: bool,
    ) -> None:
        self.is_synthetic = is_synthetic
        self.compared, self.words, self.labels, self.language = compared, words, labels, language
        self.has_targets = any(row.role for row in compared)

    def number(self, value: float, decimals: int = 0) -> str:
        return write_number(value, "coefficient", self.language, decimals)

    def percent(self, count: Count) -> str:
        sign = "%" if self.language == "en" else "\N{NO-BREAK SPACE}%"
        if not count.of:
            return ""
        return f"{self.number(100 if count.met == count.of else min(100 * count.share, MOST), 1)}{sign}"

    def say(self, key: str, count: Count) -> str:
        counts = {"met": count.met, "of": count.of, "steered": add_up(self.compared).steered}
        return fill(self.words[key], {name: self.number(value) for name, value in counts.items()})

    def verdicts(self) -> Iterator[dict[str, Any]]:
        """The message: a sentence, its share, and the length of its bar in per cent."""
        totals = add_up(self.compared)
        sizes = add_up([row for row in self.compared if is_size(row)]).all
        shown = [("verdict_all", totals.all), ("verdict_sizes", sizes)]
        if self.has_targets:
            shown = [("verdict_targets", totals.targets), ("verdict_others", totals.others)]
        for key, count in shown:
            yield {"text": self.say(key, count), "share": self.percent(count), "width": f"{100 * count.share:.1f}"}

    def paragraphs(self) -> list[str]:
        """What the page says about itself, and how far the numbers are that differ."""
        not_aimed: dict[str, int] = {}
        for row in self.compared:
            if not row.role:
                name = statistic_name(row.number.place.statistic, self.words)
                not_aimed[name] = not_aimed.get(name, 0) + 1
        listed = ", ".join(
            f"{name} ({self.number(count)})" for name, count in sorted(not_aimed.items(), key=lambda item: -item[1])
        )
        kind = "calibrated" if self.has_targets else "invented" if self.is_synthetic else "replication"
        return [fill(text, {"not_aimed": listed}) for text in self.words[kind]] + [self._middle()]

    def _middle(self) -> str:
        missed = [row for row in self.compared if row.is_known and not row.is_met]
        units = middle_distance(missed, lambda row: row.distance_units)
        errors = middle_distance(missed, lambda row: row.distance_se)
        estimates = sum(math.isfinite(row.distance_se) for row in missed)
        if not missed:
            return ""
        text = fill(self.words["verdict_middle"], {"number": self.number(len(missed)), "units": self.number(units, 1)})
        if estimates:
            more = {"number": self.number(estimates), "se": self.number(errors, 2)}
            text += f"; {fill(self.words['verdict_middle_se'], more)}"
        return f"{text}."

    def sums(self, key: Callable[[Comparison], str], name: Callable[[str], str]) -> list[dict[str, Any]]:
        """The sums over the numbers that share a key, in the order in which the keys come first."""
        groups: dict[str, list[Comparison]] = {}
        for row in self.compared:
            groups.setdefault(key(row), []).append(row)
        return [{"key": value, "label": name(value), **self.sum(rows)} for value, rows in groups.items()]

    def sum(self, rows: Sequence[Comparison]) -> dict[str, Any]:
        """The sums as texts."""
        totals: Totals = add_up(rows)
        near, marks = totals.errors, totals.stars
        return {
            "count": self.number(totals.all.of),
            "all": self._met(totals.all),
            "targets": self.number(totals.targets.of),
            "targets_met": self._met(totals.targets),
            "others": self.number(totals.others.of),
            "others_met": self._met(totals.others),
            "errors": f"{self.number(near.met)} / {self.number(near.of)}" if near.of else "",
            "ratio": "" if math.isnan(totals.ratio) else self.number(totals.ratio, 2),
            "marks": f"{self.number(marks.met)} / {self.number(marks.of)}" if marks.of else "",
            "unknown": self.number(totals.unknown),
            "absent": self.number(totals.absent),
            "errata": self.number(totals.errata),
        }

    def _met(self, count: Count) -> str:
        return f"{self.number(count.met)} ({self.percent(count)})" if count.of else ""

    def steered(self) -> str:
        """That standard errors were steered, if any were."""
        number = add_up(self.compared).steered
        return fill(self.words["steered_note"], {"number": self.number(number)}) if number else ""

    def sizes_words(self) -> str:
        """How many numbers of persons and observations differ."""
        sizes = [row for row in self.compared if is_size(row)]
        missed = sum(not row.is_met for row in sizes)
        key = "sizes_some" if missed else "sizes_none"
        return fill(self.words[key], {"number": self.number(missed), "of": self.number(len(sizes))})

    def lines(self, rows: Iterable[Comparison]) -> list[Line]:
        """Lines of a list; the numbers are anchors further below."""
        return [build_line(row, self.labels, self.words, self.has_targets, is_anchor=False) for row in rows]

    def without_error(self) -> list[Comparison]:
        """The numbers that have no distance in standard errors."""
        return [row for row in self.compared if not math.isfinite(row.distance_se)]

    def bands(self) -> dict[str, Any]:
        """The distances by table and band, the heads of the bands, and the bottom line."""
        groups = [(name, list(rows)) for name, rows in groupby(self.compared, lambda row: row.number.place.exhibit)]
        named = [(exhibit_number(name, self.language), rows) for name, rows in groups]
        lines = [
            (name, [self.number(count) for count in unit_bands(rows)], [self.number(count) for count in se_bands(rows)])
            for name, rows in [*named, (self.words["total"], self.compared)]
        ]
        return {
            "unit_heads": [self.words["band_met"], *self._bounds(UNIT_BANDS[1:])],
            "se_heads": self._bounds(SE_BANDS),
            "lines": lines,
        }

    def _bounds(self, bands: Sequence[float]) -> list[str]:
        texts = [f"{bound:g}".replace(".", POINT[self.language]) for bound in bands[:-1]]
        return [*(fill(self.words["band"], {"bound": text}) for text in texts), self.words["band_last"]]

    def erratum(self, totals: ErratumTotals) -> dict[str, Any]:
        """An erratum: what it touches, the readings, the reason, and the numbers met under each reading."""
        first = totals.lines[0]
        tables = dict.fromkeys(row.number.place.exhibit for row in totals.rows)
        return {
            "name": first.name,
            "where": ", ".join(exhibit_number(name, self.language) for name in tables),
            "changes": list(dict.fromkeys(self._changes(totals.lines))),
            "why": first.reasons[self.language],
            "count": self.number(len(totals.rows)),
            "read": f"{self.number(totals.read.met)} / {self.number(totals.read.of)}",
            "otherwise": f"{self.number(totals.otherwise.met)} / {self.number(totals.otherwise.of)}"
            if totals.otherwise
            else "",
        }

    def _changes(self, lines: Iterable[Erratum]) -> Iterator[str]:
        for line in lines:
            if line.kind == "panel" or not (line.printed and line.used):
                continue
            both = [line.printed, line.used]
            if line.kind == "value":
                decimals = len(line.printed.partition(".")[2])
                both = [read_as_printed(text, decimals, self.language) for text in both]
            yield " \N{RIGHTWARDS ARROW} ".join(both)

    def sections(self) -> Iterator[dict[str, Any]]:
        """Every number, table by table and row by row."""
        for name, rows in groupby(self.compared, lambda row: row.number.place.exhibit):
            members = list(rows)
            totals = add_up(members)
            differ = totals.all.of - totals.all.met - totals.unknown - totals.absent
            words = {"count": totals.all.of, "met": totals.all.met, "differ": differ}
            summary = fill(self.words["summary_line"], {key: self.number(value) for key, value in words.items()})
            if totals.unknown:
                summary += ", " + fill(self.words["summary_unknown"], {"number": self.number(totals.unknown)})
            if totals.absent:
                summary += ", " + fill(self.words["summary_absent"], {"number": self.number(totals.absent)})
            yield {
                "name": name,
                "number": exhibit_number(name, self.language),
                "title": self.labels.titles.get(name, ""),
                "summary": summary,
                "rows": list(self._rows(members)),
            }

    def _rows(self, members: list[Comparison]) -> Iterator[dict[str, Any]]:
        for _, rows in groupby(members, lambda row: (row.number.place.panel, row.number.place.row, row.label.row)):
            group = list(rows)
            label, printed = self.labels.row(group[0]), group[0].number.place.row
            lines = [build_line(row, self.labels, self.words, self.has_targets, is_anchor=True) for row in group]
            yield {"label": label, "printed": printed, "lines": lines}
