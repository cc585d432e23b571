"""Every number shown as a result of the Analysis Results Standard (ARS) of CDISC, version 1.0.

An analysis is a model with a sample and an outcome; a result is one number shown, with the week, the term of the model
and the address it is shown at. rawValue has the digits that are shown: no more leave than that.
Schema: ars_ldm.schema.json, from https://github.com/cdisc-org/analysis-results-standard (MIT, ars_LICENSE.txt).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.estimate.table import parse_address
from pipeline.settings.exhibits import Exhibits, exhibit_number, in_language
from pipeline.settings.models import Model, Purpose, Reason
from pipeline.settings.study import Condition, Split, Study, given_bound
from pipeline.show.addresses import Slot
from pipeline.show.numbers import UNITS, read_number

SCHEMA = Path(__file__).with_name("ars_ldm.schema.json")
REASONS: Mapping[Reason, str] = {
    "specified_in_protocol": "SPECIFIED IN PROTOCOL",
    "specified_in_report": "SPECIFIED IN REPORT",
    "data_driven": "DATA DRIVEN",
    "requested": "REQUESTED BY A READER",
}
PURPOSES: Mapping[Purpose, str] = {
    "primary": "PRIMARY OUTCOME MEASURE",
    "secondary": "SECONDARY OUTCOME MEASURE",
    "exploratory": "EXPLORATORY OUTCOME MEASURE",
    "descriptive": "DESCRIPTION",
}
# Terms of the standard's lists that are not its own, each with an identifier that what uses it names.
OWN_TERMS = {
    "AnalysisReasonEnum": {"reason_report": "SPECIFIED IN REPORT", "reason_reader": "REQUESTED BY A READER"},
    "AnalysisPurposeEnum": {"purpose_description": "DESCRIPTION"},
    "OperationRoleEnum": {"role_rests_on": "RESTS ON"},
    "OutputFileTypeEnum": {f"file_{kind}": kind for kind in ("csv", "html", "tex", "png", "svg")},
}
RESTS_ON = {
    "p_value": ("estimate", "se", "df"),
    "ci_low": ("estimate", "se", "df"),
    "ci_high": ("estimate", "se", "df"),
    "se": ("n", "n_clusters"),
}
COMPARATORS = {"below": "LT", "at_most": "LE", "at_least": "GE", "above": "GT", "equals": "EQ"}
WEEK, TERM, ADDRESS = "week", "term", "address"
GROUPINGS = {
    WEEK: "Week since allocation",
    TERM: "Term of the model: treated, or treated:low of a group, a covariate, a mean",
    ADDRESS: "Address of the number in its exhibit",
}


@dataclass(frozen=True)
class Definitions:
    """What says of the numbers what they are: study, models and exhibits, and where each number stands (slots)."""

    study: Study
    models: Mapping[str, Model]
    exhibits: Exhibits
    slots: Mapping[str, Slot]
    language: str


def write_results(
    name: str, label: str, shown: Iterable[Mapping[Any, Any]], known: Definitions, files: Iterable[str]
) -> str:
    """The reporting event as JSON: `shown` are the rows of the numbers shown, `files` the paths of exhibits' files.

    InputError names the first place that is not as the standard's schema says.
    """
    numbers = sorted(shown, key=lambda row: (row["estimate_id"].split("/")[:3], row["cell_id"]))
    analyses, used = _analyses(numbers, known), {row["estimate_id"].partition("/")[0] for row in numbers}
    operations = _operations(numbers, known)
    event = {
        "id": name,
        "name": label,
        "version": 1,
        "mainListOfContents": _contents(analyses, known),
        "analysisSets": list(_analysis_sets(known.study)),
        "analysisGroupings": [
            {"id": key, "name": words, "label": words, "dataDriven": True} for key, words in GROUPINGS.items()
        ],
        "methods": [_method(known.models[model], operations[model]) for model in known.models if model in used],
        "analyses": [analysis for analysis, _ in analyses.values()],
        "outputs": list(_outputs(known, sorted(files))),
        "terminologyExtensions": [
            {
                "id": f"terms_{enumeration}",
                "enumeration": enumeration,
                "sponsorTerms": [{"id": key, "submissionValue": value} for key, value in terms.items()],
            }
            for enumeration, terms in OWN_TERMS.items()
        ],
    }
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


def _key(estimate_id: str) -> tuple[str, str, str]:
    at = parse_address(estimate_id)
    return at.model, at.sample, at.outcome


def _operation(row: Mapping[Any, Any], known: Definitions) -> str:
    """The identifier of the statistic and unit in which a number is shown."""
    slot = known.slots[row["cell_id"]]
    return f"{row['estimate_id'].partition('/')[0]}.{row['statistic']}.{slot.unit}"


def _operations(numbers: Iterable[Mapping[Any, Any]], known: Definitions) -> dict[str, dict[str, tuple[str, str]]]:
    """By model the statistic and the unit of each of its operations."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for row in numbers:
        own = found.setdefault(row["estimate_id"].partition("/")[0], {})
        own[_operation(row, known)] = (row["statistic"], known.slots[row["cell_id"]].unit)
    return found


def _method(model: Model, operations: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    shown = {statistic: identifier for identifier, (statistic, _) in operations.items()}
    listed = []
    for order, (identifier, (statistic, unit)) in enumerate(operations.items(), 1):
        words = " in ".join(filter(None, [statistic, UNITS[unit].name_en]))
        rests = [shown[other] for other in RESTS_ON.get(statistic, ()) if other in shown]
        listed.append(
            {
                "id": identifier,
                "name": words,
                "order": order,
                "referencedOperationRelationships": [
                    {
                        "id": f"{identifier}.{number}",
                        "operationId": other,
                        "referencedOperationRole": {"sponsorTermId": "role_rests_on", "controlledTerm": "RESTS ON"},
                    }
                    for number, other in enumerate(rests, 1)
                ],
            }
        )
    return {
        "id": model.name,
        "name": model.name_en,
        "label": model.equation,
        "description": f"{model.words_en} Report: {model.report}.",
        "operations": listed,
    }


def _analyses(
    numbers: Iterable[Mapping[Any, Any]], known: Definitions
) -> dict[tuple[str, str, str], tuple[dict[str, Any], set[str]]]:
    """By model, sample and outcome the analysis with its results, and the exhibits that show it."""
    found: dict[tuple[str, str, str], tuple[dict[str, Any], set[str]]] = {}
    for row in numbers:
        key = _key(row["estimate_id"])
        if key not in found:
            found[key] = (_analysis(key, known), set())
        analysis, exhibits = found[key]
        analysis["results"].append(_result(row, known))
        exhibits.add(row["exhibit"])
    return found


def _analysis(key: tuple[str, str, str], known: Definitions) -> dict[str, Any]:
    model, (_, sample, outcome) = known.models[key[0]], key
    split = known.study.splits.get(sample) if sample in model.splits else None
    whole = model.samples[0] if split is not None else sample
    words = f"{model.name_en}: {outcome}, {sample}"
    return {
        "id": "/".join(key),
        "name": words,
        "reason": _term(REASONS[model.reason], "AnalysisReasonEnum"),
        "purpose": _term(PURPOSES[model.purpose_of(whole)], "AnalysisPurposeEnum"),
        "methodId": model.name,
        "variable": outcome,
        "dataset": f"{model.source}.parquet",
        **({"analysisSetId": whole} if whole in known.study.samples else {}),
        **({"description": f"The groups: {_words_of(split)}."} if split is not None else {}),
        "orderedGroupings": [
            {"order": order, "groupingId": grouping, "resultsByGroup": True}
            for order, grouping in enumerate(GROUPINGS, 1)
        ],
        "programmingCode": {"context": "Python", "code": f"pipeline/estimate/{model.estimator}"},
        "results": [],
    }


def _words_of(split: Split) -> str:
    kind, bound = given_bound(split)
    return f"low if {split.variable} {COMPARATORS[kind]} {bound}, high if not"


def _term(value: str, enumeration: str) -> dict[str, str]:
    own = {word: key for key, word in OWN_TERMS[enumeration].items()}
    return {"controlledTerm": value, **({"sponsorTermId": own[value]} if value in own else {})}


def _result(row: Mapping[Any, Any], known: Definitions) -> dict[str, Any]:
    at, number = parse_address(row["estimate_id"]), read_number(row["text"], known.language)
    groups = {WEEK: "" if at.week is None else str(at.week), TERM: at.parameter, ADDRESS: row["cell_id"]}
    return {
        "operationId": _operation(row, known),
        "resultGroups": [{"groupingId": key, "groupValue": value} for key, value in groups.items() if value],
        **({} if number is None else {"rawValue": str(number)}),
        "formattedValue": row["text"],
    }


def _analysis_sets(study: Study) -> Iterator[dict[str, Any]]:
    for order, (name, sample) in enumerate(study.samples.items(), 1):
        clauses = [
            {"level": 2, "order": place, "condition": _condition(condition)}
            for place, condition in enumerate(sample.conditions, 1)
        ]
        expression = {"compoundExpression": {"logicalOperator": "AND", "whereClauses": clauses}}
        own = {"condition": clauses[0]["condition"]} if len(clauses) == 1 else expression
        yield {"id": name, "name": sample.label_en, "level": 1, "order": order, **(own if clauses else {})}


def _condition(condition: Condition) -> dict[str, Any]:
    kind, bound = given_bound(condition)
    return {
        "dataset": "background.parquet",
        "variable": condition.variable,
        "comparator": COMPARATORS[kind],
        "value": [str(bound)],
    }


def _outputs(known: Definitions, files: Iterable[str]) -> Iterator[dict[str, Any]]:
    listed = list(files)
    for name in known.exhibits.order:
        own = [file for file in listed if Path(file).stem == name]
        if own:
            title = f"{exhibit_number(name, known.language)} {_title(name, known)}"
            display = {"id": name, "name": title, "displayTitle": title}
            yield {
                "id": name,
                "name": title,
                "displays": [{"order": 1, "display": display}],
                "fileSpecifications": [
                    {"name": Path(file).name, "location": file, "fileType": _file_type(Path(file).suffix[1:])}
                    for file in own
                ],
            }


def _file_type(kind: str) -> dict[str, str]:
    return {"controlledTerm": kind, "sponsorTermId": f"file_{kind}"}


def _title(name: str, known: Definitions) -> str:
    every = {**known.exhibits.tables, **known.exhibits.figures, **known.exhibits.dictionaries}
    return str(in_language(every[name], "title", known.language))


def _contents(
    analyses: Mapping[tuple[str, str, str], tuple[Mapping[str, Any], set[str]]], known: Definitions
) -> dict[str, Any]:
    """Every exhibit and, below it, the analyses that it shows."""
    items = []
    for order, name in enumerate(known.exhibits.order, 1):
        own = [analysis for analysis, exhibits in analyses.values() if name in exhibits]
        below = [
            {"level": 2, "order": place, "name": analysis["name"], "analysisId": analysis["id"]}
            for place, analysis in enumerate(own, 1)
        ]
        item: dict[str, Any] = {"level": 1, "order": order, "name": exhibit_number(name, known.language)}
        items.append({**item, "outputId": name, "sublist": {"listItems": below}})
    return {"name": "Exhibits", "contentsList": {"listItems": items}}
