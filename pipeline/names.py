"""Names are one thing: the one way a name is written, and the address by which it is known."""

import re
import unicodedata

BRACKETS = {"{": "(", "}": ")"}
SPELT_OUT = {"æ": "ae", "ø": "oe", "å": "aa", "ı": "i"}
# What Unicode calls a letter: LATIN SMALL LETTER E WITH ACUTE is e, CYRILLIC SMALL LETTER ES is es.
LETTER = re.compile(r".*(?:LETTER|LIGATURE|SYLLABLE|VOWEL SIGN) (.+?)(?: WITH .*)?")


def canonical(text: str) -> str:
    """The one way to write a name: what only typing tells apart, and no reader sees, is gone.

    Unicode form C, single plain blanks and none at the ends, the plain hyphen for every hyphen and dash, round brackets
    for braces, which words of exhibits are filled in for, a blank for what is no character of a text, and nothing for
    what has no width. Case and hyphen against blank are kept: readers see them (see `slug`).
    """
    return " ".join("".join(map(_plain, unicodedata.normalize("NFC", text))).split())


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Pd" or character == "−":
        return "-"
    return {"Cf": "", "Cc": " ", "Cn": " ", "Cs": " "}.get(category, BRACKETS.get(character, character))


def slug(name: str) -> str:
    """The address of a name: lower case, Danish letters spelt out, other letters Latin, other characters an underscore.

    Names are compared by their addresses: two that share one are two spellings of a name, or have to be told apart by
    other names. A letter without a Latin name is the number of its code point, so no name with a letter is empty.
    """
    folded = unicodedata.normalize("NFC", name.casefold())
    short = re.sub(r"[^a-z0-9]+", "_", "".join(map(_transliterate, folded))).strip("_")
    return short or "_".join(f"{ord(character):x}" for character in folded)


def _transliterate(character: str) -> str:
    if character.isascii():
        return character
    if character in SPELT_OUT:
        return SPELT_OUT[character]
    if (digit := unicodedata.digit(character, None)) is not None:
        return str(digit)
    called = LETTER.fullmatch(unicodedata.name(character, ""))
    if called:
        return re.sub(r"[^a-z0-9]", "", called.group(1).lower())
    category = unicodedata.category(character)
    if category.startswith("L"):
        return f"{ord(character):x}"
    return "" if category[0] == "M" or category == "Cf" else "_"
