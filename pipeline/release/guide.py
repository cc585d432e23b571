"""The reviewer's guide: fixed headings, filled in from the settings, the checks, the second route and the records.

Headings after the Analysis Data Reviewer's Guide of PHUSE.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.documents.markdown import code_list, table
from pipeline.documents.models import models_by_exhibit
from pipeline.release.contents import DECISIONS, folder_of
from pipeline.release.facts import Facts
from pipeline.release.words import WORDS
from pipeline.runner.schemas import every_column
from pipeline.settings.exhibits import exhibit_number
from pipeline.settings.extract import RawFile
from pipeline.settings.models import Model
from pipeline.show.dictionary import definition_of
from pipeline.show.purposes import PURPOSES, REASONS, estimand_lines

DECISION = re.compile(r"\| \[(.+?)\]\(.+?\) \| (.+) \|")
USUAL = "config"  # the study that make takes unless another is named


def write_guide(facts: Facts, provenance: Mapping[str, Any], language: str) -> str:
    """The guide as Markdown in a language; every section stands, and says so where there is nothing to say."""
    return _Guide(facts, provenance, language).write()


class _Guide:
    """The sections of a guide in one language."""

    def __init__(self, facts: Facts, provenance: Mapping[str, Any], language: str) -> None:
        self.facts, self.provenance, self.language = facts, provenance, language
        self.words = WORDS[language]

    def write(self) -> str:
        """All sections under their headings, in this order."""
        sections = [
            ("introduction", self.introduction()),
            ("analyses", self.analyses()),
            ("received", self.received()),
            ("derived", self.derived()),
            ("variables", self.variables()),
            ("missing_values", self.missing_values()),
            ("conformance", self.conformance()),
            ("missing", self.missing()),
            ("second", self.second_route()),
            ("exhibits", self.exhibits()),
            ("decisions", self.decisions()),
            ("environment", self.environment()),
            ("again", self.again()),
        ]
        lines = [f"# {self.say('title', name=self.told(self.facts.extract, 'label') or self.facts.extract.name)}", ""]
        for number, (heading, body) in enumerate(sections, 1):
            lines += [f"## {number} {self.words[heading]}", "", *body, ""]
        return "\n".join(lines).rstrip() + "\n"

    def say(self, word: str, **further: str) -> str:
        """A word with its placeholders filled."""
        return self.words[word].format(**further)

    def told(self, settings: object, key: str) -> str:
        """A field of the settings in the language, or where they hold none in English, or the one there is."""
        found = getattr(settings, f"{key}_{self.language}", "") or getattr(settings, f"{key}_en", "")
        return str(found or getattr(settings, key, ""))

    def table(self, head: str, rows: Iterable[list[str]]) -> list[str]:
        return table(self.words[head].split("|"), rows)

    def introduction(self) -> Iterator[str]:
        design, extract = self.facts.study.design, self.facts.extract
        yield self.say("extract_synthetic" if extract.synthetic else "extract", name=extract.name)
        yield self.say("commit", commit=self.facts.account.commit)
        yield self.say("head", head=self.provenance["head"])
        yield ""
        arms = {arm: self.told(getattr(design, arm), "label") for arm in ("treated", "control")}
        yield self.say("lot", weeks=str(self.facts.study.time.horizon_weeks), **arms)
        kinds = (("stratum", design.stratum), ("cluster", design.cluster))
        groupings = [f"{self.told(of, 'singular')} ({self.words[kind]})" for kind, of in kinds if of]
        if groupings:
            yield self.say("groupings", groupings=", ".join(groupings))
        yield from ("", self.words["aggregates"])

    def analyses(self) -> Iterator[str]:
        rows = [
            [
                self.told(model, "name"),
                f"`{model.name}`",
                model.told("report", self.language),
                REASONS[self.language][model.reason],
                self.purposes(model),
                model.estimand or "",
            ]
            for model in self.facts.models.values()
        ]
        yield from self.table("analyses_head", rows)
        estimands = self.facts.study.estimands
        sample, outcome, weeks = (self.words[word] for word in ("the_sample", "the_outcome", "the_weeks"))
        if estimands is None:
            return
        for name in estimands.of:
            lines = estimand_lines(estimands, name, sample, outcome, weeks, self.language)
            yield from (f"### {self.say('estimand', name=name)}", "", *table(["", ""], lines))

    def purposes(self, model: Model) -> str:
        """What a model is for, sample by sample where they differ."""
        words = PURPOSES[self.language]
        if isinstance(model.purpose, str):
            return words[model.purpose]
        return ", ".join(f"`{sample}`: {words[purpose]}" for sample, purpose in model.purpose.items())

    def received(self) -> Iterator[str]:
        extract = self.facts.extract
        yield self.say("received_on", day=extract.received.isoformat(), form=extract.format)
        yield ""
        rows = [[role, file.kind, self.rows(file), f"`{file.sha256}`"] for role, file in extract.files.items()]
        yield from self.table("received_head", rows)

    def rows(self, file: RawFile) -> str:
        """How many rows a received file has; under control a word, for beside rounded numbers they tell of few."""
        return self.words["withheld"] if self.facts.is_controlled else f"{file.rows:,}"

    def derived(self) -> Iterator[str]:
        rows = [
            [f"`{path}`", known["made_by"], code_list(_data(known["rests_on"])), f"`{known['sha256'][:16]}`"]
            for path, known in sorted(self.provenance["files"].items())
            if path.endswith(".parquet")
        ]
        yield from self.table("derived_head", rows)

    def variables(self) -> Iterator[str]:
        rows = [
            [f"`{row['name']}`", self.labelled(row), row["unit"], row["tables"], row["missing"], self.defined(row)]
            for row in every_column(self.facts.variables).to_dict("records")
        ]
        yield from self.table("variables_head", rows)

    def labelled(self, row: dict[Any, str]) -> str:
        return row.get(f"label_{self.language}") or row["label_en"]

    def defined(self, row: dict[Any, str]) -> str:
        """The definition with its ends filled in; of a column of the house, which has none in Danish, in English."""
        return definition_of(row, self.language) or definition_of(row, "en")

    def missing_values(self) -> Iterator[str]:
        yield self.words["imputed"]
        yield self.words[f"share_{self.facts.study.outcomes.unknown_weeks}"]
        yield ""
        rows = [[rule.reason, self.rule(rule)] for rule in self.facts.study.exclusions]
        yield from self.table("left_out_head", rows) if rows else (self.words["none"],)

    def rule(self, rule: Any) -> str:
        if rule.listed:
            return self.say("listed", listed=rule.listed)
        return self.say("absent", absent=rule.absent.replace("_", " ")) if rule.absent else self.words["withdrawn"]

    def conformance(self) -> Iterator[str]:
        """Rules by what they found; lines of files are single persons' and are not said."""
        checks = self.facts.checks
        for state in dict.fromkeys(row["state"] for row in checks):
            count = sum(row["state"] == state for row in checks)
            yield self.say("rules", count=str(count), state=self.words.get(state, state)) + "."
        yield ""
        rows = [
            [
                row["rule"],
                self.words.get(row["state"], row["state"]),
                *(self.checked(row, key) for key in ("looks_at", "said")),
            ]
            for row in checks
            if row["state"] != "passes"
        ]
        yield from self.table("conformance_head", rows)

    def checked(self, row: dict[str, str], key: str) -> str:
        return row[f"{key}_{self.language}"] or row[f"{key}_en"]

    def missing(self) -> Iterator[str]:
        text = self.facts.text(f"{folder_of(self.language, self.facts.languages)}missing.txt")
        yield text.strip() or self.words["none"]

    def second_route(self) -> Iterator[str]:
        verified = self.facts.verified
        yield self.words["route"]
        yield ""
        numbers = {"walked": f"{verified['walked']:,}", "shown": f"{verified['shown']:,}"}
        yield self.say("walk", gap=f"{verified['largest_gap']:.1e}", **numbers)
        yield ""
        rows = [
            [
                kind,
                self.counted(found["agreed"]),
                self.counted(found["disagreed"]),
                self.counted(found["not_tried"]),
                "; ".join(found["why"]),
            ]
            for kind, found in verified["kinds"].items()
        ]
        yield from self.table("second_head", rows)

    def counted(self, count: int) -> str:
        """A count of values, or in a word that there are some, where no more is told."""
        return self.words["some"] if count is True else f"{count:,d}"

    def exhibits(self) -> Iterator[str]:
        shows = models_by_exhibit(self.facts.exhibits, self.facts.study, self.facts.variables)
        rows = [[exhibit_number(name, self.language), code_list(sorted(models))] for name, models in shows.items()]
        yield from self.table("exhibits_head", rows)
        yield self.words["exhibits_more"]

    def decisions(self) -> Iterator[str]:
        yield self.words["decisions_more"]
        yield ""
        found = DECISION.findall(self.facts.text(DECISIONS))
        yield from self.table("decisions_head", [[f"`{name}`", about] for name, about in found])

    def environment(self) -> Iterator[str]:
        yield self.say("python", python=self.provenance["python"], platform=self.provenance["platform"])
        yield ""
        yield from self.table("packages_head", [list(pair) for pair in sorted(self.provenance["packages"].items())])

    def again(self) -> Iterator[str]:
        account = self.facts.account
        study = "" if account.study == USUAL else f" STUDY={account.study}"
        said = [f"make {goal}{study} EXTRACT={account.extract}" for goal in ("report", "verify", "release")]
        yield from (self.words["run"], "", "```", *said, "```", "", self.words["recheck"])


def _data(paths: Iterable[str]) -> list[str]:
    """The names of the tables and received files among what a stage read."""
    return [Path(path).name for path in paths if path.endswith(".parquet") or path.startswith("data_raw/")]
