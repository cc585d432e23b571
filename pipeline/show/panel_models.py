"""What is behind a number in words: its model, its sample, its outcome, and who was left out on the way."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.settings.exhibits import Exhibits, fill, in_language
from pipeline.settings.models import Model
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import OPPOSITE, Condition, Split, Study, given_bound
from pipeline.show.dictionary import definition_of
from pipeline.show.numbers import POINT
from pipeline.show.panel_words import PANEL
from pipeline.show.purposes import PURPOSES, REASONS, estimand_lines
from pipeline.show.words import BOUND_WORDS, MEDIAN

ANALYSED = "analysed"
ARMS = ("control", "treated")
CURVES_OF_ARMS = ("kaplan_meier", "density")  # estimators whose parameter is an arm, not an effect
# What n counts where it is not the persons.
COUNTED = {"discrete_hazard": "person_weeks", "hazard_power": "person_weeks", "kaplan_meier": "at_risk"}
PARAMETERS = {  # the words of what is no covariate, by name
    "treated": "against", "control_mean": "control_mean", "size": "share_of", "difference": "against",
    **{name: name for name in ("lower", "upper", "trimmed", "tight_lower", "tight_upper", "tight_trimmed")},
}  # fmt: skip
# Parameters of what the trial could see, and of who came: a word of the panels each.
ASKED = (
    r"(mde|ratio|power_ratio|power)_([0-9.]+)|design_effect|complier|offer|first_stage(?:_f)?|"
    r"anderson_rubin_(?:low|high)"
)
XMLNS = ' xmlns="http://www.w3.org/1998/Math/MathML"'  # HTML knows it


@dataclass(frozen=True)
class Glossary:
    """What names of the settings mean in one language: `texts` are the study's words, `labels` those of groups."""

    study: Study
    outcomes: OutcomeDefinitions
    variables: Mapping[str, Mapping[Any, str]]
    labels: Mapping[str, str]
    texts: Mapping[str, str]
    language: str

    def say(self, word: str, **further: str) -> str:
        """A word of the panels with its placeholders filled."""
        return fill(PANEL[self.language][word], {**self.texts, **further}, "panel_words.py")

    def variable(self, name: str) -> str:
        """The label of a variable; of an exit that of the run it is."""
        exit_ = self.outcomes.exits.get(name)
        if exit_ and name not in self.variables:
            return self.say(f"exit_{exit_.to}", state=self.variable(exit_.state), run=self.texts[f"{name}_run"])
        return self.variables[name][f"label_{self.language}"] if name in self.variables else ""

    def bound(self, limits: Condition | Split, is_low: bool = True) -> str:
        """'Waiting time to team formation less than 7', or of a variable that is 0 or 1 'Partner: no'."""
        kind, value = given_bound(limits)
        kind = kind if is_low else OPPOSITE[kind]
        entry, name = self.variables.get(limits.variable), self.variable(limits.variable) or limits.variable
        if entry and entry["type"] == "integer" and (entry["minimum"], entry["maximum"]) == ("0", "1"):
            is_no = kind in ("below", "at_most") or (kind == "equals" and value == 0)
            return f"{name}: {self.say('no' if is_no else 'yes')}"
        number = MEDIAN[self.language] if isinstance(value, str) else f"{value:g}".replace(".", POINT[self.language])
        return " ".join(filter(None, (name, BOUND_WORDS[self.language][kind], number)))


def describe_models(models: Mapping[str, Model], used: Collection[str], glossary: Glossary) -> dict[str, Any]:
    """The models whose estimates are shown, in words and symbols."""
    return {name: _model(model, glossary) for name, model in models.items() if name in used}


def _model(model: Model, glossary: Glossary) -> dict[str, Any]:
    return {
        "name": in_language(model, "name", glossary.language) or model.name_en,
        "words": in_language(model, "words", glossary.language) or model.words_en,
        "report": model.told("report", glossary.language),
        "equation": model.told("equation", glossary.language),
        "symbols": write_mathml(model.told("formula", glossary.language)),
        "covariates": [*model.covariates, *(name for name in model.response if name not in model.covariates)],
        "stage": model.stage,
        "reason": REASONS[glossary.language][model.reason],
        "estimand": model.estimand,
        "noun": "number" if model.purpose == "descriptive" else "estimate",
        "n": COUNTED.get(model.estimator, "n"),
        "weeks": "" if model.estimator == "density" else "until" if _is_of_shares(model) else "at",
    }


def _is_of_shares(model: Model) -> bool:
    """Whether its outcomes are shares of the weeks up to one."""
    return model.source == "shares" and model.estimator not in CURVES_OF_ARMS


def write_mathml(formula: str) -> str:
    """A formula in LaTeX as a <math> element; '' of none."""
    if not formula:
        return ""
    from latex2mathml.converter import convert

    return convert(formula, display="block").replace(XMLNS, "")


def describe_parts(ids: Iterable[str], models: Mapping[str, Model], glossary: Glossary) -> dict[str, Any]:
    """Of the estimates `ids` their samples, [name, conditions, purpose of the analysis], parameters, and groups.

    groups: of an effect in one group of the sample the words of that group.
    """
    samples: dict[str, list[str]] = {}
    parameters: dict[str, str] = {}
    groups: dict[str, str] = {}
    for name, sample, _, _, parameter in (estimate_id.split("/") for estimate_id in ids):
        model = models.get(name)
        if model is not None:
            purpose = PURPOSES[glossary.language][model.purpose_of(sample)]
            samples.setdefault(f"{name}/{sample}", [*_sample(model, sample, glossary), purpose])
            key, (_, *sides) = f"{name}/{sample}/{parameter}", parameter.split(":")
            parameters.setdefault(key, _parameter(model, sample, parameter, glossary))
            if sides:
                groups.setdefault(key, ", ".join(_sides(model, sample, sides, glossary)))
    return {"samples": samples, "parameters": parameters, "groups": groups}


def _sample(model: Model, name: str, glossary: Glossary) -> list[str]:
    study = glossary.study
    if name in model.splits:
        whole, variable = _sample(model, model.samples[0], glossary), study.splits[name].variable
        return [whole[0], glossary.say("two_groups", variable=glossary.variable(variable))]
    sample = study.samples.get(name)
    if sample is None:
        return [glossary.labels.get(name, name), ""]
    label = in_language(sample, "label", glossary.language) or sample.label_en
    conditions = [glossary.bound(condition) for condition in sample.conditions]
    return [label, "; ".join(conditions) or glossary.say("all_persons")]


def _parameter(model: Model, sample: str, parameter: str, glossary: Glossary) -> str:
    head, *sides = parameter.split(":")
    if model.estimator in CURVES_OF_ARMS and head in ARMS:
        words = glossary.texts[head]
    elif head in PARAMETERS:
        words = glossary.say(PARAMETERS[head])
    elif asked := re.fullmatch(ASKED, head):
        words = glossary.say(asked[1] or head, size=(asked[2] or "").replace(".", POINT[glossary.language]))
    else:
        label = glossary.variable(head)
        words = glossary.say("coefficient_of", variable=label) if label else ""
    return ", ".join(filter(None, [words, *_sides(model, sample, sides, glossary)]))


def _sides(model: Model, sample: str, sides: Iterable[str], glossary: Glossary) -> Iterator[str]:
    for side in sides:
        if side in ("low", "high") and sample in model.splits:
            yield glossary.bound(glossary.study.splits[sample], is_low=side == "low")
        elif side in ("low_peers", "high_peers", "difference"):
            yield glossary.say(side)
        else:
            yield side


def describe_estimands(glossary: Glossary) -> dict[str, list[tuple[str, str]]]:
    """The lines of every estimand, with {sample}, {outcome} and {weeks} for a number to fill in."""
    estimands, waiting = glossary.study.estimands, ("{sample}", "{outcome}", "{weeks}")
    if estimands is None:
        return {}
    return {name: estimand_lines(estimands, name, *waiting, glossary.language) for name in estimands.of}


def describe_variables(names: Iterable[str], glossary: Glossary) -> dict[str, list[str]]:
    """[label, definition, rule] of each variable or exit: the dictionary's words, and what outcomes.toml says."""
    return {name: _variable(name, glossary) for name in dict.fromkeys(names) if glossary.variable(name)}


def _variable(name: str, glossary: Glossary) -> list[str]:
    entry, exit_ = glossary.variables.get(name), glossary.outcomes.exits.get(name)
    definition = definition_of(entry, glossary.language) if entry else ""
    if exit_ and not entry:
        definition = _variable(exit_.state, glossary)[1]
    state = glossary.outcomes.states.get(exit_.state if exit_ else name)
    rule = ", ".join([*state.groups, *state.activation]) if state else ""
    return [glossary.variable(name), definition, rule]


def describe_flow(
    counts: Mapping[str, Sequence[int | None]], exhibits: Exhibits, language: str, fewest: int
) -> list[list[Any]]:
    """From randomised to analysed: [words, control, treated, all] for each step; a reason as a flow figure says it.

    `counts` are those that leave. Where no figure shows them, steps of fewer than `fewest` persons have no numbers.
    """
    is_shown = any(figure.kind == "flow" for figure in exhibits.figures.values())
    labels = {
        step.outcome: in_language(step, "label", language)
        for figure in exhibits.figures.values()
        for step in figure.steps
    }
    words = {"randomised": PANEL[language]["randomised"], ANALYSED: PANEL[language][ANALYSED]}
    return [
        [
            words.get(name) or labels.get(name) or name.replace("_", " "),
            *(own if is_shown or min(number or 0 for number in own) >= fewest else [None] * len(own)),
        ]
        for name, own in counts.items()
    ]
