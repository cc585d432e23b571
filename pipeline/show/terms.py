"""The words that a reader may not know, what they mean, and where a text mentions them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.settings.exhibits import SETTINGS_FILE, Exhibits, fill, in_language
from pipeline.show.words import Words


@dataclass(frozen=True)
class Term:
    """A word with its meaning; of a model also its equation. forms: how texts mention it, itself among them."""

    key: str
    term: str
    meaning: str
    equation: str
    forms: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Its identifier on a page."""
        return f"term_{self.key}"


def build_terms(exhibits: Exhibits, words: Words, language: str) -> tuple[Term, ...]:
    """The terms of the page; the words and the equation of a model are those of models.toml."""
    found = []
    for term in exhibits.page.terms:
        name = fill(in_language(term, "term", language), words.texts)
        meaning, equation = fill(in_language(term, "words", language), words.texts), ""
        if term.model:
            if term.model not in words.models:
                raise InputError(
                    f"{SETTINGS_FILE} [page]: the term {name} is of no model: {term.model}. Mend the name."
                )
            model = words.models[term.model]
            purposes = "; ".join(dict.fromkeys(model.purposes.values())).capitalize()
            meaning, equation = (
                " ".join(filter(None, [f"{model.name}.", model.words, meaning, f"{purposes}."])),
                model.equation,
            )
        found.append(Term(term.key, name, meaning, equation, (name, *term.forms.get(language, ()))))
    return tuple(found)


def link_terms(terms: Sequence[Term], page: str = "") -> Callable[[str], str]:
    """What turns plain text into HTML in which the first mention of each term leads to its meaning, on `page`."""
    forms = {html.escape(form, quote=False): term for term in terms for form in term.forms}
    places = forms | {form[0].upper() + form[1:]: term for form, term in forms.items()}
    longest = sorted(places, key=lambda form: -len(form))
    pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest))})(?!\w)")

    def linked(text: str) -> str:
        seen: set[str] = set()

        def link(match: re.Match[str]) -> str:
            term = places[match[0]]
            if term.key in seen:
                return match[0]
            seen.add(term.key)
            return f'<a class="term" href="{page}#{term.anchor}">{match[0]}</a>'

        escaped = html.escape(text, quote=False)
        return pattern.sub(link, escaped) if places else escaped

    return linked
