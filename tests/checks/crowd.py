"""A delivery of sixty invented persons, whose files agree: what the malformed inputs are made from."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.register.receive import register_extract
from tests.delivery import DAY, MONTHS, WEEKS
from tests.small_study import DEFINITIONS, SETTINGS, inline, write_settings

PERSONS = 60
PLACES = ("Nordby", "Sydby", "Vesterby")
FIRST_DRAW = datetime.date(2015, 1, 5)
CODES = """\
code,group,activation,valid_from,valid_to,label_da,label_en,confidence
890,sick,none,,,,,
651,studying,none,,201601,,,
783,pension,none,,,,,
997,away,none,,,,,
999,dead,none,,,,,
"""
SCALES = """\
variable,items,item_minimum,item_maximum,scoring,indicator_values,minimum_answered,followup,rule_source
hope,HOPE_1..3,0,4,sum,,2,1,
pain,PAIN,0,10,value,,1,1,
visits,VISITS,0,99,value,,1,0,
"""
VARIABLES = """\
name,label_da,label_en,type,unit,decimals,minimum,maximum,source,tables,key_of,risk_factor,missing,sensitivity,described,definition,definition_da
hope,Håb,Hope,number,points,1,0,12,survey,background baseline followup,,1,unanswered,person,background,Hope,Håb
pain,Smerte,Pain,number,points,1,0,10,survey,background baseline followup,,2,unanswered,person,background,Pain,Smerte
visits,Besøg,Visits,number,count,0,0,99,survey,background baseline,,3,unanswered,person,background,Visits,Besøg
class,Klasse,Class,text,,,,,allocation,sample,,,never,group,allocation,Class,Klasse
class_name,Klasse,Class,text,,,,,allocation,trial sample exclusions,,,never,group,,Class,Klasse
district,Distrikt,District,text,,,,,allocation,sample,,,never,group,allocation,District,Distrikt
district_name,Distrikt,District,text,,,,,allocation,trial sample exclusions,,,never,group,,District,Distrikt
allocation_day,Dag,Day,number,date,0,,,allocation,background,,4,never,person,allocation,Day,Dag
wait_days,Ventetid,Wait,number,days,0,0,,allocation,background sample,,5,never,person,allocation,Wait,Ventetid
sick_pre_5_5,Syg,Sick,number,share,2,0,1,register,background,,6,unknown,person,background,Sick,Syg
sick_pre_4_3,Syg,Sick,number,share,2,0,1,register,background,,7,unknown,person,background,Sick,Syg
sick_pre_2_1,Syg,Sick,number,share,2,0,1,register,background,,8,unknown,person,background,Sick,Syg
sick_pre_share,Syg,Sick,number,share,2,0,1,register,background,,9,unknown,person,background,Sick,Syg
sick,Syg,Sick,integer,,0,0,1,register,weekly,,,unknown,person,outcome,Sick,Syg
working,I arbejde,Working,integer,,0,0,1,register,weekly,,,unknown,person,outcome,Working,I arbejde
"""
MODELS = """\
[effect]
name_en = "Effect"
report = "none"
reason = "specified_in_report"
purpose = "primary"
stage = "effects"
estimator = "ols"
outcomes = ["sick", "working"]
weeks = "last"
samples = ["all", "hopeful"]
treatment = "treated"
covariates = ["hope"]
fixed_effects = "district"
cluster = "class"
equation = "y"
formula = "y"
words_en = "Least squares."

[by_pain]
like = "effect"
reason = "data_driven"
purpose = "exploratory"
samples = ["all"]
splits = ["pain"]
"""
EXHIBITS = """\
[page]
title_en = "The trial"
languages = ["en"]
chapters = [{ number = 1, title_en = "Results" }]
finding_en = "of the weeks {state}"
more_en = "more"
less_en = "less"
findings = [{ effect = "table_1_1/sick/all", state_en = "sick" }]

[table_1_1]
kind = "table"
title_en = "Effects"
estimate = "effect/{column}/{row}/{last_week}/treated"
stars = ["*"]
columns = [{ key = "all", label_en = "All" }]
rows = [
  { key = "sick", label_en = "Sick" },
  { key = "working", label_en = "At work" },
]
"""
PUBLISHED_ROWS = """\
exhibit,panel,row,key,unit
table_1_1,,Sick,sick,percent
table_1_1,,At work,working,percent
"""
PUBLISHED_COLUMNS = """\
exhibit,column,statistic,key,shown,unit,marks
table_1_1,everybody,coef,all,estimate,percent,*
"""
PLACES_KNOWN = "number,name,other_names\n101,Nordby,\n147,Sydby,South\n"
IDENTITY = {
    "sex": {"register": "KON", "survey": "SEX", "women": ["K", "2"], "men": ["M", "1"], "in_number": True},
    "birth": {"register": "FOEDDT", "survey_age": "AGE", "in_number": True},
}


def write_crowd(parent: Path, numbers: Sequence[int] = range(1, PERSONS + 1)) -> Path:
    """The folder of the delivery, registered, and its settings beside it in `config`; `numbers` are its persons."""
    folder, config = (
        parent / "raw",
        write_settings(parent / "config", design={"register_key": "CPR", "identity": IDENTITY}),
    )
    folder.mkdir()
    persons = [_person(number) for number in numbers]
    for name in ("allocation", "register", "baseline_survey", "followup_survey"):
        rows = [person[name] for person in persons if person[name]]
        lines = [";".join(rows[0]), *(";".join(row.values()) for row in rows)]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    written = {"benefit_codes.csv": CODES, "scales.csv": SCALES, "variables.csv": VARIABLES, "models.toml": MODELS}
    written |= {"published_rows.csv": PUBLISHED_ROWS, "published_columns.csv": PUBLISHED_COLUMNS}
    written |= {"exhibits.toml": EXHIBITS, "municipalities.csv": PLACES_KNOWN}
    for name, text in written.items():
        (config / name).write_text(text, encoding="utf-8")
    groups = {"unknown_groups": ["dead", "away"], "terminal_groups": ["dead"], "lasting_groups": ["pension"]}
    groups |= {"other_groups": ["studying"], "other_activation": ["none"]}
    for name, tables in {"outcomes": {**groups, **DEFINITIONS}, "study": _study()}.items():
        lines = "\n".join(f"{key} = {inline(table)}" for key, table in tables.items())
        (config / f"{name}.toml").write_text(lines + "\n", encoding="utf-8")
    register_extract(folder, config, DAY)
    return folder


def _study() -> dict[str, Any]:
    """The small study with what the checks compare, and a sample and a split with bounds."""
    arms = {"label_en": "x", "label_da": "x"}
    design = {**SETTINGS["design"], "register_key": "CPR", "identity": IDENTITY}
    samples = {**SETTINGS["samples"], "hopeful": {**arms, "conditions": [{"variable": "hope", "at_least": 6}]}}
    population = {"state": "sick", "municipality": "KOM{year}", "ages": [0], "smallest_group": 5}
    return {**SETTINGS, "design": design, "samples": samples, "splits": {"pain": {"variable": "pain", "at_most": 5}},
            "population": population}  # fmt: skip


def _person(number: int) -> dict[str, dict[str, str]]:
    """The row of a person in every file; numbers are those of persons whom nobody can be."""
    draw = FIRST_DRAW + datetime.timedelta(days=number // 10)
    is_man, year, month = number % 2 == 1, 50 + number % 30, 1 + number % 12
    place = PLACES[(number - 1) // 20 % len(PLACES)]
    hope = number * 7 % 5
    number_of_person = f"01{month + 12}{year}{1000 + 2 * number + is_man:04d}"
    age = 115 - year - (month > 1)  # on any day of January 2015 but of who is born in it, whose age follows
    key = {"ID": str(number)}
    answers = {**key, "ANSWERED": "2015-01-02", "HOPE_1": str(hope), "HOPE_2": str(min(hope + number % 2, 4)),
               "HOPE_3": str(max(hope - number % 3 // 2, 0)), "PAIN": str(number % 11)}  # fmt: skip
    register = {
        "CPR": number_of_person,
        "KON": "M" if is_man else "K",
        "FOEDDT": f"19{year}-{month:02d}-01",
        **{week: _code(number, place) for place, week in enumerate(WEEKS)},
        **{f"BRANCHE_{m}": "841100" if (number + place) % 2 else "" for place, m in enumerate(MONTHS)},
        **{f"GRAD_{m}": "0,5" if (number + place) % 2 else "" for place, m in enumerate(MONTHS)},
    }
    return {
        "allocation": {
            **key, "CPR": number_of_person, "ARM": "new" if number % 3 else "usual", "DRAWN": draw.isoformat(),
            "CONSENT": "1", "DISTRICT": place, "CLASS": f"{place} {(number - 1) // 10 + 1}",
        },
        "register": register,
        "baseline_survey": {**answers, "SEX": "1" if is_man else "2", "AGE": str(age), "VISITS": str(number % 7)},
        "followup_survey": {**answers, "ANSWERED": "2015-03-02"},
    }  # fmt: skip


def _code(number: int, week: int) -> str:
    return "890" if number % 3 or week < number % 16 else ""
