"""What a Word file is made of beyond paragraphs: styles, sections, fields and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from pipeline.show.print_layout import FOOT, HEAD, PAPER, SIDE, text_room
from pipeline.show.words import INTERFACE

if TYPE_CHECKING:
    from docx.document import Document
    from docx.section import Section
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

    from pipeline.show.content import Report

FONT = "Arial"  # of the widths of the project's own, and on every desk
LOCALES = {"en": "en-GB", "da": "da-DK"}
INK, GREY, DEEP, ALERT = "1A1A1A", "4D4D4D", "12375E", "8C1D18"
# Name: the style it is based on; points, bold, colour; points before and after; whether it stays with what follows.
STYLES: dict[str, tuple[str, float, bool, str, float, float, bool]] = {
    "Normal": ("", 10, False, INK, 0, 5, False),
    "Title": ("Normal", 20, True, INK, 0, 8, True),
    "Lede": ("Normal", 11.5, False, INK, 0, 6, False),
    "Heading 1": ("Normal", 15, True, DEEP, 12, 6, True),
    "Contents": ("Normal", 15, True, DEEP, 0, 6, True),
    "Caption": ("Normal", 11, True, INK, 12, 5, True),
    "Picture": ("Normal", 10, False, INK, 0, 3, True),
    "Note": ("Normal", 8.5, False, GREY, 4, 4, False),
    "Table Name": ("Normal", 9, True, INK, 6, 3, True),
    "Table Text": ("Normal", 9, False, INK, 0, 0, False),
    "Between": ("Normal", 4, False, INK, 0, 0, False),
    "Result Group": ("Normal", 10, True, GREY, 8, 0, True),
    "Result": ("Normal", 14, True, DEEP, 0, 0, True),
    "Further Result": ("Normal", 11.5, True, DEEP, 0, 0, True),
    "List Bullet": ("Normal", 10, False, INK, 0, 3, False),
    "toc 1": ("Normal", 10, False, INK, 3, 1, False),
    "toc 2": ("Normal", 10, False, INK, 0, 1, False),
    "Header": ("Normal", 8, False, GREY, 0, 0, False),
    "Footer": ("Normal", 8, False, GREY, 0, 0, False),
}


def new_document(report: Report) -> Document:
    """An empty document with the styles, the header and footer of every page, and the language of a report."""
    import docx

    document = docx.Document()
    for name in STYLES:
        _define_style(document, name)
    _set_language(document, LOCALES[report.language])
    section = document.sections[0]
    _set_page(section, is_turned=False)
    header = section.header.paragraphs[0]
    if report.synthetic:
        add_run(header, f"{report.synthetic}  ", ALERT).bold = True
    header.add_run(report.title)
    _write_footer(section.footer.paragraphs[0], report)
    return document


def _write_footer(footer: Paragraph, report: Report) -> None:
    """The data, and 'Page x of y' with fields that Word counts."""
    footer.add_run(f"{report.data}    ")
    before, _, rest = INTERFACE[report.language]["page_of"].partition("{page}")
    between, _, after = rest.partition("{pages}")
    footer.add_run(before)
    add_field(footer, "PAGE", "1")
    footer.add_run(between)
    add_field(footer, "NUMPAGES", "1")
    footer.add_run(after)


def _define_style(document: Document, name: str) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_LINE_SPACING, WD_TAB_ALIGNMENT, WD_TAB_LEADER
    from docx.shared import Inches, Pt, RGBColor

    base, size, bold, color, before, after, keeps = STYLES[name]
    known = {style.name for style in document.styles}
    style: Any = document.styles[name] if name in known else document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    if base:
        style.base_style = document.styles[base]
    for old in style.element.xpath("w:rPr | w:pPr/w:pBdr | w:pPr/w:contextualSpacing"):
        old.getparent().remove(old)  # of the template, whose fonts are those of a theme
    style.font.name, style.font.size, style.font.bold = FONT, Pt(size), bold
    style.font.color.rgb = RGBColor.from_string(color)
    style.quick_style, style.hidden = True, False
    shape = style.paragraph_format
    shape.space_before, shape.space_after, shape.keep_with_next = Pt(before), Pt(after), keeps
    shape.line_spacing_rule = WD_LINE_SPACING.SINGLE
    if name == "Caption":
        style.element.get_or_add_pPr().append(element_of('<w:outlineLvl w:val="1"/>'))
    if name.startswith("toc"):
        shape.tab_stops.add_tab_stop(Inches(text_room(is_turned=False)), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
        shape.left_indent = Inches(0.2 * (int(name[-1]) - 1))


def _set_language(document: Document, locale: str) -> None:
    """The language that the text is read aloud and checked in, and the way of setting lines of today's Word."""
    defaults = document.styles.element.xpath("w:docDefaults/w:rPrDefault/w:rPr")[0]
    for old in defaults.xpath("w:lang"):
        defaults.remove(old)
    defaults.append(element_of(f'<w:lang w:val="{locale}"/>'))
    settings = document.settings.element
    for old in settings.xpath("w:themeFontLang"):
        old.set(_qualified("w:val"), locale)
    mode = (
        '<w:compat><w:compatSetting w:name="compatibilityMode" '
        'w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
    )
    for old in settings.xpath("w:compat"):
        settings.replace(old, element_of(mode))


def _set_page(section: Section, *, is_turned: bool) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Inches

    section.orientation = WD_ORIENT.LANDSCAPE if is_turned else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Inches(PAPER[is_turned]), Inches(PAPER[not is_turned])
    section.left_margin = section.right_margin = Inches(SIDE)
    section.top_margin, section.bottom_margin = Inches(HEAD), Inches(FOOT)
    section.header_distance = section.footer_distance = Inches(0.4)


def add_section(document: Document, *, is_turned: bool) -> None:
    """A section on a new page; the break is put into the last paragraph, where an empty one could begin a page."""
    _set_page(document.add_section(), is_turned=is_turned)
    broken = document.element.body.xpath("w:p[w:pPr/w:sectPr]")[-1]
    before = broken.getprevious()
    if before.tag == broken.tag and not before.xpath("w:pPr/w:sectPr"):
        before.get_or_add_pPr().append(broken.pPr.sectPr)
        broken.getparent().remove(broken)


def add_anchor(paragraph: Paragraph, name: str) -> None:
    """A bookmark around what a paragraph holds."""
    number = len(paragraph.part.element.xpath("//w:bookmarkStart"))
    start = element_of(f'<w:bookmarkStart w:id="{number}" w:name="{anchor(name)}"/>')
    paragraph._p.insert(1 if paragraph._p.pPr is not None else 0, start)
    paragraph._p.append(element_of(f'<w:bookmarkEnd w:id="{number}"/>'))


def anchor(name: str) -> str:
    """The name of a bookmark: letters, digits and underscores."""
    return name.replace("-", "_")


def add_run(paragraph: Paragraph, text: str, color: str) -> Run:
    """A text in a colour."""
    from docx.shared import RGBColor

    run = paragraph.add_run(text)
    run.font.color.rgb = RGBColor.from_string(color)
    return run


def add_field(paragraph: Paragraph, code: str, result: str) -> None:
    """A field with the result that is shown until Word counts anew."""
    for part in _field(code, result):
        paragraph._p.append(element_of(part))


def _field(code: str, result: str) -> Iterator[str]:
    yield _mark("begin")
    yield f'<w:r><w:instrText xml:space="preserve"> {escape(code)} </w:instrText></w:r>'
    yield _mark("separate")
    yield run_of(result)
    yield _mark("end")


def _mark(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def add_link(paragraph: Paragraph, name: str, text: str) -> None:
    """A link to a place in the document."""
    look = f'<w:color w:val="{DEEP}"/><w:u w:val="single"/>'
    paragraph._p.append(element_of(f'<w:hyperlink w:anchor="{anchor(name)}">{run_of(text, look)}</w:hyperlink>'))


def link_entry(paragraph: Paragraph, name: str, title: str, page: int, is_first: bool, is_last: bool) -> None:
    """A line of the contents, a link with the page; the field of the contents begins in the first, ends in the last."""
    if is_first:
        for part in list(_field('TOC \\o "1-1" \\h \\z \\u', ""))[:3]:
            paragraph._p.append(element_of(part))
    inner = run_of(title) + "<w:r><w:tab/></w:r>" + "".join(_field(f"PAGEREF {anchor(name)} \\h", str(page)))
    paragraph._p.append(element_of(f'<w:hyperlink w:anchor="{anchor(name)}" w:history="1">{inner}</w:hyperlink>'))
    if is_last:
        paragraph._p.append(element_of(_mark("end")))


def picture_named(paragraph: Paragraph, name: str, description: str) -> None:
    """What the picture in a paragraph shows, for who cannot see it."""
    for properties in paragraph._p.xpath(".//wp:docPr"):
        properties.set("name", name)
        properties.set("descr", description)


def run_of(text: str, look: str = "") -> str:
    """The XML of a run of text that looks so."""
    shaped = f"<w:rPr>{look}</w:rPr>" if look else ""
    return f'<w:r>{shaped}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def element_of(xml: str) -> Any:
    """An element of a Word file, whose first tag is made to declare the names in it."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    return parse_xml(re.sub(r"^<[\w:]+", rf"\g<0> {nsdecls('w')}", xml))


def _qualified(name: str) -> str:
    from docx.oxml.ns import qn

    return str(qn(name))
