"""The words of the review page."""

REVIEW = {
    "en": {
        "title": "Disclosure control",
        "applied": "Control is applied: what fails is withheld, and what is to be reviewed leaves coarser than it is.",
        "not_applied": "The extract is synthetic: everything is shown, and what would be withheld of a real one is "
        "marked. DISCLOSURE=on shows it as a real one.",
        "sum": "{shown} numbers are shown: {pass} pass, {review} are to be reviewed, {fail} fail. Of the small cells "
        "{before} are behind the exhibits and {after} leave.",
        "tight": "An attacker with every number that leaves was tried on {tried} withheld numbers and small "
        "differences of groups. {found} were told within fewer than {uncertainty} persons before more was withheld; "
        "{tight} are now.",
        "untried": "No attacker was tried on this build: that is done where control is applied.",
        "by_exhibit": "By exhibit",
        "by_rule": "By rule",
        "exceptions": "Every exception",
        "exhibit": "Exhibit",
        "pass": "Pass",
        "review": "Review",
        "fail": "Fail",
        "before": "Small cells behind",
        "after": "Small cells that leave",
        "rule": "Rule",
        "why": "Why",
        "numbers": "Numbers",
        "address": "Address",
        "leaves": "Leaves as",
        "status": "Status",
        "signed": "Signed (name, date):",
    },
    "da": {
        "title": "Diskretionskontrol",
        "applied": "Kontrollen er anvendt: det, der ikke består, er udeladt, og det, der skal ses efter, frigives "
        "grovere, end det er.",
        "not_applied": "Udtrækket er syntetisk: alt vises, og det, der ville være udeladt af et rigtigt, er mærket. "
        "DISCLOSURE=on viser det som et rigtigt.",
        "sum": "{shown} tal vises: {pass} består, {review} skal ses efter, {fail} består ikke. Af små celler er der "
        "{before} bag tabeller og figurer, og {after} frigives.",
        "tight": "En angriber med alle frigivne tal er prøvet på {tried} udeladte tal og små forskelle mellem grupper. "
        "{found} blev indkredset inden for færre end {uncertainty} personer, før mere blev udeladt; nu gør {tight}.",
        "untried": "Ingen angriber er prøvet på denne kørsel: det sker, hvor kontrollen er anvendt.",
        "by_exhibit": "Efter tabel og figur",
        "by_rule": "Efter regel",
        "exceptions": "Hver undtagelse",
        "exhibit": "Tabel eller figur",
        "pass": "Består",
        "review": "Ses efter",
        "fail": "Består ikke",
        "before": "Små celler bag",
        "after": "Små celler, der frigives",
        "rule": "Regel",
        "why": "Hvorfor",
        "numbers": "Tal",
        "address": "Adresse",
        "leaves": "Frigives som",
        "status": "Status",
        "signed": "Underskrevet (navn, dato):",
    },
}
