"""The main results follow the numbers: sign, interval, and what is missing, in both languages."""

import math

import pandas as pd
import pytest

from pipeline.settings.described import read_exhibits
from pipeline.show.conclusions import build_conclusions
from pipeline.show.effects import tell
from pipeline.show.findings import build_results
from pipeline.show.shown import COLUMNS, find_slots, show_number
from pipeline.show.texts import plain
from pipeline.show.words import Words
from tests.show.other import STUDY

NAN = math.nan
TEXTS = {"level": "90%", "horizon": "12", "treated": "lessons", "control": "none", "strata": "schools"}
CASES = {"gain": "up", "loss": "down", "mixed": "both ways", "unclear": "open", "apart": "apart", "alike": "alike"}
DANISH = {"gain": "op", "loss": "ned", "mixed": "begge veje", "unclear": "åbent", "apart": "adskilt", "alike": "ens"}
WHERE = "{group} {case} at {count} of {pairs}: {where}"
SIDES = {"first_en": "low", "first_da": "lav", "second_en": "high", "second_da": "høj"}
COMPARISON = {"title_en": "Whom", "title_da": "Hvem", "better": "more", "unit": "percentage_points", **SIDES}
for language, said in (("en", CASES), ("da", DANISH)):
    COMPARISON |= {f"{key}_{language}": WHERE.replace("{case}", word) for key, word in said.items()}
    COMPARISON |= {f"{key}_{language}": f"{said[key]} at {{count}} of {{pairs}}" for key in ("apart", "alike")}


def exhibits_of(groups, **page):
    """A table with a row for each group, and a page that speaks of its effects."""
    table = {
        "kind": "table", "title_en": "T", "title_da": "T", "estimate": "effect/{row}/reading/{last_week}/treated",
        "lines": [{"statistics": ["estimate", "se"]}], "columns": [{"key": "effect", "label_en": "E", "label_da": "E"}],
        "rows": [{"key": key, "label_en": f"row {key}", "label_da": f"række {key}"} for key in groups],
    }  # fmt: skip
    words = {
        "title_en": "P", "title_da": "P", "chapters": [{"number": 1, "title_en": "C", "title_da": "C"}],
        "finding_en": "of it {state}", "finding_da": "af det {state}",
        "more_en": "{size} more", "more_da": "{size} mere",
        "less_en": "{size} less", "less_da": "{size} mindre",
    }  # fmt: skip
    return read_exhibits({"page": {**words, **page}, "table_1_1": table})


def telling(exhibits, effects, language):
    """What the main results are told from, of a row of estimates for each group."""
    rows = {
        f"effect/{group}/reading/12/treated": {
            "estimate": NAN, "se": 0.02, "p_value": NAN, "ci_low": NAN, "ci_high": NAN, "n": 40, "n_treated": 20,
            "n_control": 20, "control_mean": NAN, "note": "", **numbers,
        }
        for group, numbers in effects.items()
    }  # fmt: skip
    shown = [show_number(s, rows[s.estimate_id], {}, language) for s in find_slots(exhibits, STUDY, rows)]
    released = pd.DataFrame(shown, columns=COLUMNS).assign(status="pass", rule="", reason="")
    return tell(exhibits, released, Words(12, {}, TEXTS), language)


def effect(estimate, low=NAN, high=NAN, p_value=NAN, level=NAN, **more):
    return {"estimate": estimate, "ci_low": low, "ci_high": high, "p_value": p_value, "control_mean": level, **more}


SIZE = "n = 40: 20 lessons, 20 none"
REASON = {"note": "no estimate: nobody is in the sample"}
RESULTS = {
    "more": (
        effect(0.05, 0.01, 0.09, 0.02, 0.40),
        "5.00 more|of it so. The control group had 40.0%, so this is 13% more."
        f"|90% confidence interval 1.00 to 9.00; p = 0.020; {SIZE}|The interval excludes zero.",
        "5,00 mere|af det så. Kontrolgruppen havde 40,0 %, så det er 13 % mere."
        f"|90% konfidensinterval 1,00 til 9,00; p = 0,020; {SIZE}|Intervallet udelukker nul.",
    ),
    "less, of a p-value too small to write": (
        effect(-0.05, -0.09, -0.01, 0.0001, 0.40),
        "5.00 less|of it so. The control group had 40.0%, so this is 13% less."
        f"|90% confidence interval −9.00 to −1.00; p < 0.001; {SIZE}|The interval excludes zero.",
        "5,00 mindre|af det så. Kontrolgruppen havde 40,0 %, så det er 13 % mindre."
        f"|90% konfidensinterval −9,00 til −1,00; p < 0,001; {SIZE}|Intervallet udelukker nul.",
    ),
    "less, and zero in the interval": (
        effect(-0.05, -0.12, 0.02, 0.2, 0.40),
        "5.00 less|of it so. The control group had 40.0%, so this is 13% less."
        f"|90% confidence interval −12.00 to 2.00; p = 0.200; {SIZE}"
        "|The interval includes zero: the data agree with no effect.",
        "5,00 mindre|af det så. Kontrolgruppen havde 40,0 %, så det er 13 % mindre."
        f"|90% konfidensinterval −12,00 til 2,00; p = 0,200; {SIZE}"
        "|Intervallet omfatter nul: data er forenelige med ingen effekt.",
    ),
    "an effect written as zero": (
        effect(-0.00001, -0.02, 0.02, 0.9, 0.40),
        f"No difference|of it so. The control group had 40.0%.|90% confidence interval −2.00 to 2.00; p = 0.900; {SIZE}"
        "|The interval includes zero: the data agree with no effect.",
        f"Ingen forskel|af det så. Kontrolgruppen havde 40,0 %.|90% konfidensinterval −2,00 til 2,00; p = 0,900; {SIZE}"
        "|Intervallet omfatter nul: data er forenelige med ingen effekt.",
    ),
    "no level of the control group": (
        effect(0.05, 0.01, 0.09, 0.02),
        f"5.00 more|of it so.|90% confidence interval 1.00 to 9.00; p = 0.020; {SIZE}|The interval excludes zero.",
        f"5,00 mere|af det så.|90% konfidensinterval 1,00 til 9,00; p = 0,020; {SIZE}|Intervallet udelukker nul.",
    ),
    "a level of zero": (
        effect(0.05, 0.01, 0.09, 0.02, 0.0),
        "5.00 more|of it so. The control group had 0.0%.|90% confidence interval 1.00 to 9.00; p = 0.020; "
        f"{SIZE}|The interval excludes zero.",
        "5,00 mere|af det så. Kontrolgruppen havde 0,0 %.|90% konfidensinterval 1,00 til 9,00; p = 0,020; "
        f"{SIZE}|Intervallet udelukker nul.",
    ),
    "no interval": (
        effect(0.05, level=0.40),
        f"5.00 more|of it so. The control group had 40.0%, so this is 13% more.|{SIZE}"
        "|There is no standard error, and so no interval.",
        f"5,00 mere|af det så. Kontrolgruppen havde 40,0 %, så det er 13 % mere.|{SIZE}"
        "|Der er ingen standardfejl og derfor intet interval.",
    ),
    "no estimate": (
        effect(NAN, **REASON),
        "No estimate|of it so.||– no estimate could be made, since nobody is in the sample.",
        "Intet estimat|af det så.||– intet estimat kunne laves, da ingen er i stikprøven.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize("case", RESULTS)
def test_a_main_result_follows_its_numbers(case, language):
    numbers, *said = RESULTS[case]
    finding = {
        "effect": "table_1_1/low/effect/estimate",
        "unit": "percentage_points",
        "state_en": "so",
        "state_da": "så",
    }
    exhibits = exhibits_of(["low"], findings=[finding])
    (result,) = build_results(telling(exhibits, {"low": numbers}, language))
    parts = [plain(result.headline), plain(result.sentence), plain(result.facts), result.verdict]
    assert "|".join(parts).replace("\N{NO-BREAK SPACE}", " ") == said[language == "da"]
    assert result.is_clear == ("xcludes zero" in said[0])


UP, DOWN, OPEN, FAR = effect(0.05, 0.01, 0.09), effect(-0.05, -0.09, -0.01), effect(0.0, -0.2, 0.2), effect(9, 8, 10)
GAIN, LOSS, NOBODY = "A gain is shown for low", "a loss for high", "No gain is shown for any group"
CONCLUSIONS = {
    "a gain and a loss": ([UP, OPEN], [DOWN, OPEN], f"{GAIN}; {LOSS}",
        "low up at 1 of 2: row low0: 5.00|high down at 1 of 2: row high0: −5.00|apart at 1 of 2"),
    "the other way": ([DOWN], [UP], "A gain is shown for high; a loss for low",
        "low down at 1 of 1: row low0: −5.00|high up at 1 of 1: row high0: 5.00|apart at 1 of 1"),
    "a gain for both, of different size": ([UP], [FAR], "A gain is shown for low and high",
        "low up at 1 of 1: row low0: 5.00|high up at 1 of 1: row high0: 900.00|apart at 1 of 1"),
    "nothing": ([OPEN], [OPEN], NOBODY,
        "low open at 0 of 1: row low0: 0.00|high open at 0 of 1: row high0: 0.00|alike at 0 of 1"),
    "both ways": ([UP, DOWN], [OPEN, DOWN], f"{NOBODY}; {LOSS}",
        "low both ways at 2 of 2: row low0: 5.00 and row low1: −5.00|"
        "high down at 1 of 2: row high1: −5.00|alike at 0 of 2"),
    "one group unknown": ([effect(NAN, **REASON)], [DOWN], f"{NOBODY}; {LOSS}",
        "Nothing is known of low: there is no interval.|high down at 1 of 1: row high0: −5.00"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONCLUSIONS)
def test_a_conclusion_says_no_more_than_the_intervals(case):
    low, high, headline, sentences = CONCLUSIONS[case]
    sides = {"low": low, "high": high}
    effects = {f"{side}{number}": each for side, own in sides.items() for number, each in enumerate(own)}
    address = "table_1_1/{}{}/effect/estimate"
    pairs = [{"first": address.format("low", n), "second": address.format("high", n)} for n in range(len(low))]
    exhibits = exhibits_of(list(effects), comparisons=[{**COMPARISON, "pairs": pairs}])
    (english,) = build_conclusions(telling(exhibits, effects, "en"))
    assert english.headline == headline
    assert "|".join(map(plain, english.sentences)) == sentences
    (danish,) = build_conclusions(telling(exhibits, effects, "da"))
    assert (danish.headline.startswith("Der er vist en gevinst for")) == headline.startswith("A gain")
    assert ("et tab for" in danish.headline) == ("a loss for" in headline)
    numbers = [part.cell_id for text in english.basis for part in text if not isinstance(part, str)]
    assert len(numbers) == 3 * sum(math.isfinite(each["ci_low"]) for each in effects.values()) + (
        case == "one group unknown"
    )


@pytest.mark.parametrize(
    ("difference", "says"), [(UP, ["apart at 1 of 1"]), (OPEN, ["alike at 0 of 1"]), (effect(NAN, **REASON), [])]
)
def test_where_a_difference_is_shown_it_decides(difference, says):
    effects = {"low0": UP, "high0": DOWN, "between": difference}
    pair = {
        key: f"table_1_1/{row}/effect/estimate"
        for key, row in zip(("first", "second", "difference"), effects, strict=True)
    }
    exhibits = exhibits_of(list(effects), comparisons=[{**COMPARISON, "pairs": [pair]}])
    (told,) = build_conclusions(telling(exhibits, effects, "en"))
    assert list(map(plain, told.sentences))[2:] == says
