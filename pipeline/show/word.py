"""The report as a Word file: headings, captions, contents and tables are Word's own, so that a reader can work on."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.show.archives import FIXED_TIME, without_times
from pipeline.show.claims import Surety
from pipeline.show.conclusions import Conclusion
from pipeline.show.content import Exhibit, Report
from pipeline.show.findings import Result
from pipeline.show.print_layout import lay_out, picture_share, text_room
from pipeline.show.texts import plain
from pipeline.show.word_parts import (
    DEEP,
    GREY,
    add_anchor,
    add_field,
    add_link,
    add_run,
    add_section,
    link_entry,
    new_document,
    picture_named,
)
from pipeline.show.word_tables import table_element
from pipeline.show.words import INTERFACE

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph


def write_word(report: Report, pages: Mapping[str, int], pictures: Mapping[str, bytes]) -> bytes:
    """The report as .docx; its bytes depend on what it says alone.

    `pages` says on which page each section and exhibit begins, by name: a page break stands where that is another
    page than that of the one before, and the contents say it until Word counts anew. `pictures` are the panels of each
    figure as PNG.
    """
    writer = _Writer(report, pages, pictures)
    writer.write_front()
    for number, (title, exhibits) in enumerate(report.chapters):
        for order, exhibit in enumerate(exhibits):
            writer.turn(exhibit)
            if not order:
                writer.begin(f"chapter-{number}", title)
            writer.write_exhibit(exhibit)
    writer.write_end()
    buffer = io.BytesIO()
    writer.document.save(buffer)
    return without_times(buffer.getvalue())


class _Writer:
    """What the parts of the document share: what has been written, and on which page the last heading stands."""

    def __init__(self, report: Report, pages: Mapping[str, int], pictures: Mapping[str, bytes]) -> None:
        self.report, self.pages, self.pictures = report, pages, pictures
        self.ui = INTERFACE[report.language]
        self.document: Document = new_document(report)
        # By name: a paragraph that is given a name looks through every style. One without a style is Normal.
        self.styles = {style.name: style.style_id for style in self.document.styles} | {"Normal": None}
        self.page, self.is_turned, self.counted = 1, False, dict[str, tuple[str, int]]()
        self._set_properties()

    def _set_properties(self) -> None:
        properties = self.document.core_properties
        properties.title, properties.subject = self.report.title, self.report.data
        properties.author, properties.comments = "", self.report.synthetic
        properties.language = self.report.language
        properties.created = properties.modified = FIXED_TIME

    def add(self, text: str, style: str = "Normal") -> Paragraph:
        paragraph = self.document.add_paragraph(text)
        paragraph._p.style = self.styles[style]
        return paragraph

    def begin(self, name: str, title: str) -> None:
        """A heading, on a new page where `pages` has it on another than the last one."""
        self._place(self.document.add_heading(title, 1), name)

    def _place(self, heading: Paragraph, name: str) -> None:
        add_anchor(heading, name)
        heading.paragraph_format.page_break_before = self.pages[name] != self.page
        self.page = self.pages[name]

    def turn(self, exhibit: Exhibit) -> None:
        """A section of pages that lie as the exhibit needs them."""
        is_turned = any(layout.is_turned for _, layout in lay_out(exhibit))
        if is_turned or self.is_turned:
            add_section(self.document, is_turned=is_turned)
            self.page = self.pages[exhibit.name]  # a section begins a page by itself
        self.is_turned = is_turned

    def write_front(self) -> None:
        report = self.report
        self.add(report.title, "Title")
        for text in report.lede:
            self.add(plain(text), "Lede")
        if report.results:
            self.begin("message", self.ui["message"])
        for result in report.results:
            self._write_result(result)
        if report.estimands:
            self.add(self.ui["estimands"], "Result Group")
        for head, said in (line for lines in report.estimands for line in lines):
            self._define(head, said)
        for conclusion in report.conclusions:
            self._write_conclusion(conclusion)
        if report.surety:
            self._write_surety(report.surety)
        self._write_contents()
        for name in ("trial", "reading"):
            if getattr(report, name):
                self.begin(name, self.ui[name])
                for text in getattr(report, name):
                    self.add(plain(text))

    def _write_result(self, result: Result) -> None:
        self.add(result.group, "Result Group")
        headline = self.add("", "Result" if result.is_lead else "Further Result")
        add_run(headline, plain(result.headline), DEEP if result.is_clear else GREY)
        facts, purpose = (f"{text}." if text else "" for text in (plain(result.facts), result.purpose))
        said = filter(None, [plain(result.sentence), facts, result.verdict, purpose])
        add_link(self.add(f"{' '.join(said)} "), result.exhibit, result.number)

    def _write_conclusion(self, conclusion: Conclusion) -> None:
        self.add(conclusion.title, "Result Group")
        add_run(self.add("", "Further Result"), f"{conclusion.headline}.", DEEP)
        for text in conclusion.sentences:
            self.add(plain(text))
        if conclusion.purpose:
            self.add(f"{conclusion.purpose}.")

    def _write_surety(self, surety: Surety) -> None:
        """Each main claim with what survives of it."""
        self.begin("robust", surety.title)
        for text in surety.lede:
            self.add(text)
        for said in surety.claims:
            self.add(said.claim, "Result Group")
            add_run(self.add("", "Further Result"), said.headline, DEEP if said.is_clear else GREY)
            self.add(" ".join(plain(text) for text in said.sentences))

    def _write_terms(self) -> None:
        """The words and models that the texts mention."""
        for term in self.report.terms:
            self._define(term.term, " ".join(filter(None, [term.meaning, term.equation])))

    def _define(self, name: str, text: str) -> None:
        paragraph = self.add("")
        paragraph.add_run(f"{name}: ").bold = True
        paragraph.add_run(text)

    def _write_contents(self) -> None:
        """The contents with their entries, which Word can count anew."""
        heading = self.add(self.ui["contents"], "Contents")
        heading.paragraph_format.page_break_before = True
        entries = list(self._entries())
        for place, (level, name, title) in enumerate(entries):
            ends = (place == 0, place == len(entries) - 1)
            link_entry(self.add("", f"toc {level}"), name, title, self.pages[name], *ends)

    def _entries(self) -> Iterable[tuple[int, str, str]]:
        report = self.report
        if report.results:
            yield 1, "message", self.ui["message"]
        if report.surety:
            yield 1, "robust", report.surety.title
        yield from ((1, name, self.ui[name]) for name in ("trial", "reading") if getattr(report, name))
        for number, (title, exhibits) in enumerate(report.chapters):
            yield 1, f"chapter-{number}", title
            yield from ((2, exhibit.name, f"{exhibit.number}  {exhibit.title}") for exhibit in exhibits)
        yield from ((1, name, self.ui[name]) for name in self._last_sections())

    def _last_sections(self) -> Sequence[str]:
        known = {"terms": self.report.terms, "checks": self.report.checks}
        return [name for name in ("terms", "checks", "missing", "sources") if known.get(name, True)]

    def write_exhibit(self, exhibit: Exhibit) -> None:
        """Caption, picture, note and numbers of a figure; caption, table and note of a table."""
        self._write_caption(exhibit)
        note = f"{self.ui['note']}: {exhibit.note}" if exhibit.note else ""
        if exhibit.picture:
            self._write_picture(exhibit)
            if note:
                self.add(note, "Note")
            if exhibit.table:
                self.add(self.ui["numbers"], "Table Name")
        for place, (table, layout) in enumerate(lay_out(exhibit)):
            if place:
                self.add("", "Between")
            element = table_element(table, layout, keeps_whole=bool(exhibit.picture), has_note=bool(note))
            self.document.element.body.insert_element_before(element, "w:sectPr")
        if exhibit.picture and exhibit.table:
            self.add("", "Between")
        elif note and not exhibit.picture:
            self.add(note, "Note")

    def _write_caption(self, exhibit: Exhibit) -> None:
        """'Table 3.2' with its last number as a field that Word counts, and the title."""
        start, _, number = exhibit.number.rpartition(".")
        kind = start.split()[0]
        follows = self.counted.get(kind) == (start, int(number) - 1)
        caption = self.add(f"{start}.", "Caption")
        self._place(caption, exhibit.name)
        add_field(caption, f"SEQ {kind} \\* ARABIC" + ("" if follows else f" \\r {number}"), number)
        caption.add_run(f"  {exhibit.title}")
        self.counted[kind] = (start, int(number))

    def _write_picture(self, exhibit: Exhibit) -> None:
        from docx.shared import Inches

        width = text_room(is_turned=False) * picture_share(exhibit)
        paragraph = self.add("", "Picture")
        paragraph.add_run().add_picture(io.BytesIO(self.pictures[exhibit.name]), width=Inches(width))
        picture_named(paragraph, exhibit.number, exhibit.description)

    def write_end(self) -> None:
        """Checks of the data, what is missing, and the sources."""
        report, ui = self.report, self.ui
        if self.is_turned:
            add_section(self.document, is_turned=False)
            self.page = self.pages[self._last_sections()[0]]
        for name in self._last_sections():
            self.begin(name, ui[name])
            if name == "terms":
                self._write_terms()
            elif name == "checks":
                self._write_checks(report.checks)
            elif name == "missing":
                self.add(report.missing)
            else:
                self.add(report.source)
                self.add(f"{ui['data']}: {report.data}.")

    def _write_checks(self, checks: Mapping[str, Any]) -> None:
        self.add(checks["summary"])
        for check in checks["suspicious"]:
            told = f"{check['looks_at']}: {check['said']} ({check['where']}). {check['remedy']}"
            self.add(told, "List Bullet")
        if checks["not_applicable"]:
            self.add(self.ui["not_looked_at"], "Table Name")
        for check in checks["not_applicable"]:
            self.add(f"{check['looks_at']}: {self.ui['for_want_of']} {check['said']}", "List Bullet")
