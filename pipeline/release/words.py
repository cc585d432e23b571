"""The words of the reviewer's guide, in English and Danish."""

from __future__ import annotations

WORDS = {
    "en": {
        "title": "Reviewer's guide: {name}",
        "introduction": "Introduction",
        "analyses": "Protocol and report in relation to the analyses",
        "received": "Data received",
        "derived": "Tables derived, and what rests on what",
        "variables": "Variables",
        "missing_values": "Missing values",
        "conformance": "Conformance",
        "missing": "Estimates that are missing",
        "second": "The second route",
        "exhibits": "Exhibits",
        "decisions": "Decisions",
        "environment": "Environment",
        "again": "How to run it again",
        "none": "None.",
        "extract": "Extract `{name}`.",
        "extract_synthetic": "Extract `{name}`, of synthetic data.",
        "commit": "Commit `{commit}`.",
        "head": "Head of the chain of records: `{head}`.",
        "lot": "Allocated by lot: {treated} against {control}. Follow-up: {weeks} weeks. Everything is by intention to"
        " treat.",
        "groupings": "Groups of the design: {groupings}.",
        "stratum": "stratum",
        "cluster": "cluster",
        "aggregates": "This archive holds aggregates alone. Received files and derived tables stay where they are; "
        "their hashes are here.",
        "analyses_head": "Analysis|Model|Report|Planned or found|Purpose|Estimand",
        "estimand": "Estimand `{name}`",
        "the_sample": "The sample",
        "the_outcome": "The outcome",
        "the_weeks": "the weeks",
        "received_on": "Received {day}; form of the register: {form}.",
        "received_head": "Role|Kind|Rows|SHA-256",
        "derived_head": "Table|Stage|Rests on|SHA-256, first 16",
        "variables_head": "Variable|Label|Unit|Tables|Missing|Derivation",
        "imputed": "Nothing is imputed. Unknown is a state of its own, never a zero.",
        "share_missing": "A share over weeks of which one is unknown is missing. Complete cases are taken once for "
        "each estimate.",
        "share_known": "A share over weeks of which one is unknown is that of the known weeks. Complete cases are "
        "taken once for each estimate.",
        "left_out_head": "Left out, in this order|Rule",
        "listed": "its {listed} is listed in extract.toml",
        "absent": "not in the {absent}",
        "withdrawn": "withdrew consent",
        "rules": "{count} rules: {state}",
        "passes": "passes",
        "suspicious": "suspicious",
        "wrong": "wrong",
        "not_applicable": "could not look",
        "conformance_head": "Rule|State|What it looks at|What it says",
        "route": "A second route makes the derived tables, the estimates and what is shown again by programs that "
        "share no code with the pipeline. The table says how much of it agreed, by kind, and what was not tried and"
        " why.",
        "walk": "The walk to received cells is the pipeline's own code and no second route: it shows that a number is "
        "the sum of cells, whose contents the second route has compared. {walked} of {shown} numbers were walked; "
        "largest gap {gap}.",
        "second_head": "Kind|Agreed|Disagreed|Not tried|Why",
        "exhibits_head": "Exhibit|Models",
        "exhibits_more": "`exhibits.csv` has file, hash, stage, model and program of each.",
        "decisions_more": "`docs/decisions/` of the repository says what was decided where the report is silent or "
        "contradicts itself.",
        "decisions_head": "File|About",
        "python": "Python {python}, {platform}; pinned in `requirements.lock`.",
        "packages_head": "Package|Version",
        "run": "In a checkout of the commit, with the received files in place:",
        "recheck": "Without them, the archive is checked by `make verify RELEASE=` and its path. It cannot tell an "
        "archive that was made anew as a whole: compare the head with one that you kept.",
    },
    "da": {
        "title": "Vejledning til gennemgang: {name}",
        "introduction": "Indledning",
        "analyses": "Protokol og rapport over for analyserne",
        "received": "Modtagne data",
        "derived": "Afledte tabeller, og hvad der hviler på hvad",
        "variables": "Variable",
        "missing_values": "Manglende værdier",
        "conformance": "Overensstemmelse",
        "missing": "Estimater, der mangler",
        "second": "Den anden vej",
        "exhibits": "Figurer og tabeller",
        "decisions": "Beslutninger",
        "environment": "Omgivelser",
        "again": "Sådan køres det igen",
        "none": "Ingen.",
        "extract": "Udtræk `{name}`.",
        "extract_synthetic": "Udtræk `{name}`, af syntetiske data.",
        "commit": "Commit `{commit}`.",
        "head": "Hoved for kæden af optegnelser: `{head}`.",
        "lot": "Fordelt ved lod: {treated} over for {control}. Opfølgning: {weeks} uger. Alt er efter intention to "
        "treat.",
        "groupings": "Designets grupper: {groupings}.",
        "stratum": "stratum",
        "cluster": "klynge",
        "aggregates": "Dette arkiv rummer alene aggregater. Modtagne filer og afledte tabeller bliver, hvor de er; "
        "deres hashværdier er her.",
        "analyses_head": "Analyse|Model|Rapport|Planlagt eller fundet|Formål|Estimand",
        "estimand": "Estimand `{name}`",
        "the_sample": "Populationen",
        "the_outcome": "Udfaldet",
        "the_weeks": "ugerne",
        "received_on": "Modtaget {day}; registrets form: {form}.",
        "received_head": "Rolle|Art|Rækker|SHA-256",
        "derived_head": "Tabel|Trin|Hviler på|SHA-256, de første 16",
        "variables_head": "Variabel|Betegnelse|Enhed|Tabeller|Mangler|Definition",
        "imputed": "Intet er imputeret. Ukendt er en tilstand for sig, aldrig nul.",
        "share_missing": "En andel over uger, hvoraf en er ukendt, mangler. Fuldt oplyste personer tages én gang for "
        "hvert estimat.",
        "share_known": "En andel over uger, hvoraf en er ukendt, er den af de kendte uger. Fuldt oplyste personer "
        "tages én gang for hvert estimat.",
        "left_out_head": "Udeladt, i denne rækkefølge|Regel",
        "listed": "dens {listed} står i extract.toml",
        "absent": "ikke i {absent}",
        "withdrawn": "trak samtykket tilbage",
        "rules": "{count} regler: {state}",
        "passes": "består",
        "suspicious": "mistænkeligt",
        "wrong": "forkert",
        "not_applicable": "kunne ikke se efter",
        "conformance_head": "Regel|Tilstand|Hvad den ser på|Hvad den siger",
        "route": "En anden vej laver de afledte tabeller, estimaterne og det viste igen med programmer, der ikke deler"
        " kode med beregningen. Tabellen siger, hvor meget der stemte, efter art, og hvad der ikke er prøvet og "
        "hvorfor.",
        "walk": "Vejen til de modtagne celler er beregningens egen kode og ikke en anden vej: den viser, at et tal er "
        "summen af celler, hvis indhold den anden vej har sammenlignet. {walked} af {shown} tal er gået efter; "
        "største afstand {gap}.",
        "second_head": "Art|Stemte|Stemte ikke|Ikke prøvet|Hvorfor",
        "exhibits_head": "Figur eller tabel|Modeller",
        "exhibits_more": "`exhibits.csv` har fil, hash, trin, model og program for hver.",
        "decisions_more": "`docs/decisions/` i repositoriet siger, hvad der blev besluttet, hvor rapporten er tavs "
        "eller modsiger sig selv.",
        "decisions_head": "Fil|Om",
        "python": "Python {python}, {platform}; fastlagt i `requirements.lock`.",
        "packages_head": "Pakke|Version",
        "run": "I et checkout af denne commit, med de modtagne filer på plads:",
        "recheck": "Uden dem efterprøves arkivet med `make verify RELEASE=` og dets sti. Det kan ikke kende et arkiv, "
        "der er lavet helt forfra: sammenlign hovedet med et, De har gemt.",
    },
}
