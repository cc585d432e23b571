"""One form and one address for a name, however it was typed, and never one address for two."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.names import canonical, slug
from pipeline.register.cells import parse_names
from tests.small_study import received

TYPED = [
    (" Viborg Nord\t", "Viborg Nord", "blanks at the ends"),
    ("Viborg  Nord", "Viborg Nord", "two blanks"),
    ("Viborg\u00a0Nord", "Viborg Nord", "a no-break blank"),
    ("Lyngby\u2011Taarbæk", "Lyngby-Taarbæk", "a no-break hyphen"),
    ("Lyngby–Taarbæk", "Lyngby-Taarbæk", "a dash"),
    ("Hader\u00adslev\u200b", "Haderslev", "a soft hyphen, and a character without a width"),
    (unicodedata.normalize("NFD", "Ærø Århus"), "Ærø Århus", "combining letters"),
    ("VIBORG", "VIBORG", "capitals are seen, and kept"),
]


@pytest.mark.parametrize(("typed", "name", "says"), TYPED, ids=[case[-1] for case in TYPED])
def test_what_only_typing_tells_apart_is_one_name(typed, name, says):
    assert canonical(typed) == name


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Gladsaxe og Lyngby-Taarbæk", "gladsaxe_og_lyngby_taarbaek"),
        ("Køge", "koege"),
        ("ÅRHUS", "aarhus"),
        ("Esbjerg 1", "esbjerg_1"),
        ("Zürich", "zurich"),
        ("Saint-Étienne", "saint_etienne"),
        ("Łódź", "lodz"),
        ("Юг 1", "yughe_1"),
        ("서울", "seoul"),
        ("北京", "53174eac"),
        ("№ ²", "2"),
        ("§", "a7"),
    ],
)
def test_addresses(name, address):
    assert slug(name) == address


@given(st.text(min_size=1).filter(lambda text: canonical(text) != ""))
def test_every_name_has_an_address_of_plain_characters_that_is_its_own(text):
    name = canonical(text)
    assert canonical(name) == name
    assert slug(name) == slug(slug(name))
    assert slug(name).replace("_", "").isalnum()
    assert slug(name).isascii()


# cells of the column, declared spellings, the names or what the error says
COLUMNS = [
    (["Nord", "Nord ", "Syd"], {}, ["Nord", "Nord", "Syd"]),
    (["nord", "Nord", "Nord"], {"nord": "Nord"}, ["Nord", "Nord", "Nord"]),
    (["A-1", "A 1"], {"A 1": "A one"}, ["A-1", "A one"]),
    (["Nord", "nord", "Nord", "Syd"], {}, r"line 3, column CLASS: 'nord' \(1 lines\) beside 'Nord' \(2 lines\)"),
    (["A 1", "A 1", "A-1"], {}, r"line 4, .*'A-1' \(1 lines\) beside 'A 1' \(2 lines\) would be one address, a_1"),
    (
        ["Zürich", "Zurich"],
        {},
        r"\(1 such spellings\)\. If they are one, put 'Zurich' = 'Zürich' under \[spellings\.CLA",
    ),
    (["Nord"], {"nort": "Nord"}, r"extract.toml, \[spellings\] CLASS: 'nort' \(1 spellings\) is in no cell"),
]


@pytest.mark.parametrize(("cells", "spellings", "expected"), COLUMNS, ids=[str(case[0]) for case in COLUMNS])
def test_spellings_of_one_name_are_declared_or_refused(cells, spellings, expected):
    frame = received({"CLASS": cells})
    if isinstance(expected, list):
        assert parse_names(frame, "CLASS", spellings).tolist() == expected
        return
    with pytest.raises(InputError, match=expected):
        parse_names(frame, "CLASS", spellings)
