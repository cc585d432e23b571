"""Terms of the Analysis Results Standard, and those of our own that its lists lack, as it provides."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.settings.models import Purpose, Reason

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
# Which statistics another is reckoned from.
RESTS_ON = {
    "p_value": ("estimate", "se", "df"),
    "ci_low": ("estimate", "se", "df"),
    "ci_high": ("estimate", "se", "df"),
    "se": ("n", "n_clusters"),
    "relative": ("estimate", "control_mean"),
    **dict.fromkeys(("ri_p", "ri_low", "ri_high", "wild_p", "wild_low", "wild_high"), ("estimate", "se")),
    **dict.fromkeys(("jackknife_p", "jackknife_low", "jackknife_high"), ("estimate", "jackknife_se")),
    **dict.fromkeys(("cr2_p", "cr2_low", "cr2_high"), ("estimate", "cr2_se", "cr2_df")),
    **dict.fromkeys(("band_low", "band_high", "band_p"), ("estimate", "se", "family_size")),
    **dict.fromkeys(("stepdown_p", "joint_p"), ("ri_p", "family_size")),
}


def term(value: str, enumeration: str) -> dict[str, str]:
    """A term of a list as what uses it names it."""
    own = {word: key for key, word in OWN_TERMS[enumeration].items()}
    return {"controlledTerm": value, **({"sponsorTermId": own[value]} if value in own else {})}
