"""Every number shown as a result of the Analysis Results Standard (ARS) of CDISC, version 1.0.

An analysis is a model with a sample and an outcome; a result is one number shown, with the week, the term of the model,
the address it is shown at and what it is called there. rawValue has the digits that are shown: no more leave than that.
Schema: ars_ldm.schema.json, from https://github.com/cdisc-org/analysis-results-standard (MIT, ars_LICENSE.txt).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.estimate.estimators import ESTIMATORS
from pipeline.estimate.table import parse_address
from pipeline.release.facts import Facts, Number
from pipeline.release.terms import OWN_TERMS, PURPOSES, REASONS, RESTS_ON, term
from pipeline.release.wording import Wording, in_each, program_of
from pipeline.settings.exhibits import exhibit_number, in_language
from pipeline.settings.study import Condition, given_bound
from pipeline.show.numbers import read_number
from pipeline.show.shown import UNITS_OF

SCHEMA = Path(__file__).with_name("ars_ldm.schema.json")
COMPARATORS = {"below": "LT", "at_most": "LE", "at_least": "GE", "above": "GT", "equals": "EQ"}
WEEK, TERM, ADDRESS, LABEL = "week", "term", "address", "label"
GROUPINGS = {
    WEEK: "Week since allocation",
    TERM: "Term of the model: treated, or treated:low of a group, a covariate, a mean",
    ADDRESS: "Address of the number in its exhibit",
    LABEL: "What the number is in the words of its exhibit: panel, row and column",
}
Analyses = dict[tuple[str, str, str], dict[str, Any]]  # by model, sample and outcome


def write_results(facts: Facts) -> str:
    """The reporting event as JSON; InputError names the first place that is not as the standard's schema says."""
    event = _Event(facts).describe()
    validate_results(event)
    return json.dumps(event, ensure_ascii=False, indent=1) + "\n"


def validate_results(event: Mapping[str, Any]) -> None:
    """InputError unless the reporting event is as the schema of the standard says."""
    import jsonschema

    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    found = sorted(jsonschema.Draft7Validator(schema).iter_errors(event), key=lambda error: list(map(str, error.path)))
    if found:
        where = "/".join(map(str, found[0].absolute_path))
        raise InputError(
            f"results.json, {where or 'the whole'}: not as the Analysis Results Standard says ({len(found)} such "
            f"places): {found[0].message[:200]}. Mend what writes it."
        )


class _Event:
    """The parts of the reporting event of an archive."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.wordings = {language: Wording(facts, language) for language in facts.languages}
        self.first = facts.languages[0]

    def describe(self) -> dict[str, Any]:
        numbers = sorted(self.facts.numbers, key=lambda number: (number.estimate.split("/")[:3], number.address))
        analyses, shown = self.analyses(numbers)
        extract = self.facts.extract
        return {
            "id": extract.name,
            "name": extract.label or extract.name,
            "version": 1,
            "mainListOfContents": self.contents(analyses, shown),
            "analysisSets": list(self.analysis_sets()),
            "analysisGroupings": list(self.groupings()),
            "methods": list(self.methods(numbers)),
            "analyses": list(analyses.values()),
            "outputs": list(self.outputs()),
            "terminologyExtensions": [
                {
                    "id": f"terms_{enumeration}",
                    "enumeration": enumeration,
                    "sponsorTerms": [{"id": key, "submissionValue": value} for key, value in terms.items()],
                }
                for enumeration, terms in OWN_TERMS.items()
            ],
        }

    def groupings(self) -> Iterator[dict[str, Any]]:
        for key, words in GROUPINGS.items():
            for language in self.facts.languages if key == LABEL else ("",):
                said = f"{words} ({language})" if language else words
                yield {"id": _grouping(key, language), "name": said, "label": said, "dataDriven": True}

    def unit(self, number: Number) -> str:
        """The unit that a number is shown in."""
        return UNITS_OF.get(number.statistic, self.facts.slots[number.address].unit)

    def operation(self, number: Number) -> str:
        """The identifier of the statistic and unit in which a number is shown, among those of its model."""
        return ".".join((number.estimate.partition("/")[0], number.statistic, self.unit(number)))

    def methods(self, numbers: list[Number]) -> Iterator[dict[str, Any]]:
        used: dict[str, dict[str, Number]] = {}
        for number in numbers:
            used.setdefault(number.estimate.partition("/")[0], {}).setdefault(self.operation(number), number)
        for name, model in self.facts.models.items():
            if name in used:
                words = self.each(lambda w, m=model: _said(m, "words", w.language), "\n")
                reports = self.each(lambda w, m=model: m.told("report", w.language))
                yield {
                    "id": name,
                    "name": self.each(lambda w, m=model: _said(m, "name", w.language)),
                    "label": model.equation,
                    "description": f"{words}\nReport: {reports}.",
                    "operations": list(self.operations(used[name])),
                }

    def operations(self, used: Mapping[str, Number]) -> Iterator[dict[str, Any]]:
        shown = {number.statistic: identifier for identifier, number in used.items()}
        for order, (identifier, number) in enumerate(used.items(), 1):
            words = self.each(lambda w, n=number: w.statistic(n.statistic, self.unit(n)))
            rests = [shown[other] for other in RESTS_ON.get(number.statistic, ()) if other in shown]
            yield {
                "id": identifier,
                "name": words,
                "order": order,
                "referencedOperationRelationships": [
                    {
                        "id": f"{identifier}.{place}",
                        "operationId": other,
                        "referencedOperationRole": term("RESTS ON", "OperationRoleEnum"),
                    }
                    for place, other in enumerate(rests, 1)
                ],
            }

    def analyses(self, numbers: list[Number]) -> tuple[Analyses, dict[str, list[str]]]:
        """The analyses with their results, and by exhibit the names of those that it shows."""
        found: Analyses = {}
        shown: dict[str, list[str]] = {}
        for number in numbers:
            at = parse_address(number.estimate)
            key = at.model, at.sample, at.outcome
            if key not in found:
                found[key] = self.analysis(*key)
            found[key]["results"].append(self.result(number))
            own = shown.setdefault(self.facts.slots[number.address].exhibit, [])
            if found[key]["id"] not in own:
                own.append(found[key]["id"])
        return found, shown

    def analysis(self, name: str, sample: str, outcome: str) -> dict[str, Any]:
        model = self.facts.models[name]
        split = self.facts.study.splits.get(sample) if sample in model.splits else None
        whole = model.samples[0] if split is not None else sample
        words = self.each(
            lambda w: f"{_said(model, 'name', w.language)}: {w.outcome(outcome)}, {w.sample(name, sample)}"
        )
        about = [self.each(lambda w: w.split(split))] if split is not None else []
        about += [self.each(lambda w: w.estimand(model, sample, outcome), "\n\n")]
        held = ESTIMATORS[model.estimator].held(model)
        return {
            "id": f"{name}/{sample}/{outcome}",
            "name": words,
            "label": self.each(lambda w: w.outcome(outcome)),
            "reason": term(REASONS[model.reason], "AnalysisReasonEnum"),
            "purpose": term(PURPOSES[model.purpose_of(whole)], "AnalysisPurposeEnum"),
            "methodId": name,
            "variable": outcome,
            **({"dataset": f"{held}.parquet"} if held else {}),
            **({"analysisSetId": whole} if whole in self.facts.study.samples else {}),
            **({"description": "\n\n".join(filter(None, about))} if any(about) else {}),
            "orderedGroupings": [
                {"order": order, "groupingId": grouping["id"], "resultsByGroup": True}
                for order, grouping in enumerate(self.groupings(), 1)
            ],
            "programmingCode": {"context": "Python", "code": program_of(model)},
            "results": [],
        }

    def result(self, number: Number) -> dict[str, Any]:
        at, text = parse_address(number.estimate), number.texts[self.first]
        value = read_number(text, self.first)
        groups = {
            WEEK: "" if at.week is None else str(at.week),
            TERM: at.parameter,
            ADDRESS: number.address,
            **{_grouping(LABEL, name): wording.labels[number.address] for name, wording in self.wordings.items()},
        }
        return {
            "operationId": self.operation(number),
            "resultGroups": [{"groupingId": key, "groupValue": said} for key, said in groups.items() if said],
            **({} if value is None else {"rawValue": str(value)}),
            "formattedValue": text,
        }

    def analysis_sets(self) -> Iterator[dict[str, Any]]:
        for order, (name, sample) in enumerate(self.facts.study.samples.items(), 1):
            clauses = [
                {"level": 2, "order": place, "condition": self.condition(condition)}
                for place, condition in enumerate(sample.conditions, 1)
            ]
            expression = {"compoundExpression": {"logicalOperator": "AND", "whereClauses": clauses}}
            own = {"condition": clauses[0]["condition"]} if len(clauses) == 1 else expression
            label = self.each(lambda w, s=sample: _said(s, "label", w.language))
            yield {"id": name, "name": label, "level": 1, "order": order, **(own if clauses else {})}

    def condition(self, condition: Condition) -> dict[str, Any]:
        kind, bound = given_bound(condition)
        entries = self.wordings[self.first].glossary.variables
        held = entries.get(condition.variable, {"tables": ""})["tables"].split()
        table = next((name for name in ("background", "sample") if name in held), "background")
        return {
            "dataset": f"{table}.parquet",
            "variable": condition.variable,
            "comparator": COMPARATORS[kind],
            "value": [str(bound)],
        }

    def outputs(self) -> Iterator[dict[str, Any]]:
        paths = self.facts.exhibit_paths()
        for name in self.facts.exhibits.order:
            own = [path for path in paths if Path(path).stem == name]
            if own:
                title = self.each(lambda w, n=name: f"{exhibit_number(n, w.language)} {self.title(n, w)}")
                display = {"id": name, "name": title, "displayTitle": title}
                yield {
                    "id": name,
                    "name": title,
                    "displays": [{"order": 1, "display": display}],
                    "fileSpecifications": [_file(path) for path in own],
                }

    def title(self, name: str, wording: Wording) -> str:
        exhibits = self.facts.exhibits
        every = {**exhibits.tables, **exhibits.figures, **exhibits.dictionaries}
        return str(in_language(every[name], "title", wording.language))

    def contents(self, analyses: Analyses, shown: Mapping[str, list[str]]) -> dict[str, Any]:
        """Every exhibit and, below it, the analyses that it shows."""
        names = {analysis["id"]: analysis["name"] for analysis in analyses.values()}
        items = []
        for order, name in enumerate(self.facts.exhibits.order, 1):
            below = [
                {"level": 2, "order": place, "name": names[identifier], "analysisId": identifier}
                for place, identifier in enumerate(shown.get(name, []), 1)
            ]
            number = self.each(lambda w, n=name: exhibit_number(n, w.language))
            item: dict[str, Any] = {"level": 1, "order": order, "name": number}
            items.append({**item, "outputId": name, "sublist": {"listItems": below}})
        return {"name": "Exhibits", "contentsList": {"listItems": items}}

    def each(self, say: Any, between: str = " / ") -> str:
        return in_each(self.wordings, say, between)


def _said(settings: object, key: str, language: str) -> str:
    """Words of the settings in a language, or where they hold none in English."""
    return str(in_language(settings, key, language) or in_language(settings, key, "en"))


def _grouping(key: str, language: str) -> str:
    return f"{key}_{language}" if language else key


def _file(path: str) -> dict[str, Any]:
    kind = Path(path).suffix[1:]
    return {"name": Path(path).name, "location": path, "fileType": term(kind, "OutputFileTypeEnum")}
