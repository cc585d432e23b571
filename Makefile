# The pipeline as a graph of files. make is the only place that knows paths; `make help` lists what can be asked for.

# What may be given on the command line. What anybody may write into these make itself never reads: each is taken as it
# was typed, and reaches a command as a checked name, or by the environment, where a quote ends nothing.
VARIABLES := EXTRACT STUDY FROM ID PERSON SET FORMAT SURE REASON LANGUAGE DISCLOSURE ENGINE BEFORE RELEASE AGAIN CHECKOUT PYTHON BASE_PYTHON
given_by   = $(strip $(foreach v,$(1),$(if $(filter command,$(origin $(v))),$(v))))
GIVEN     := $(call given_by,$(VARIABLES))
UNKNOWN   := $(call given_by,$(filter-out $(VARIABLES) -* .%,$(.VARIABLES)))
$(if $(UNKNOWN),$(error make takes no variable $(firstword $(UNKNOWN)): it takes $(VARIABLES)))
$(foreach v,$(VARIABLES) BUILDERS,$(if $(filter undefined,$(origin $(v))),,$(eval override $(v) := $$(value $(v)))))
# What is asked of a trace, and what may be deleted, is of the command line alone; so is LANGUAGE, which systems set for other ends.
$(foreach v,ID PERSON SET FORMAT SURE,$(eval $(if $(filter $(v),$(GIVEN)),export,unexport) $(v)))

# The settings of the study, and the extract: of another study than the one in config/ that of its own name.
EXTRACT  ?= $(if $(filter config,$(STUDY)),twin,$(notdir $(STUDY)))
FROM     ?= twin
PYTHON   ?= .venv/bin/python
# The Python of 3.11 or newer that .venv is built with.
BASE_PYTHON ?= python3
export REASON FROM ENGINE BEFORE RELEASE

# The name of an extract is part of paths that `make clean` deletes: letters, digits, _ and - only.
CHARACTERS := a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F G H I J K L M N O P Q R S T U V W X Y Z 0 1 2 3 4 5 6 7 8 9 _ -
other_in    = $(strip $(eval LEFT := $$(1))$(foreach c,$(CHARACTERS),$(eval LEFT := $$(subst $(c),,$$(LEFT))))$(LEFT))
is_name     = $(and $(filter 1,$(words $(1))),$(if $(call other_in,$(1)),,yes),$(filter-out published releases,$(1)))
is_path     = $(if $(filter-out 1,$(words $(1)))$(filter -%,$(1))$(call other_in,$(subst +,,$(subst /,,$(subst .,,$(subst ~,,$(1)))))),,yes)
# Those of some files whose names a shell takes as they are.
plain       = $(foreach f,$(1),$(if $(call is_path,$(f)),$(f)))
# make diff alone compares what was built: its study is the one that the later extract was built with.
LATER    := $(if $(filter-out diff,$(or $(MAKECMDGOALS),help)),,$(or $(EXTRACT),twin))
RECORDED := $(if $(call is_name,$(LATER)),$(shell cat data_derived/$(LATER)/study.txt 2>/dev/null))
STUDY    ?= $(or $(RECORDED),config)
$(foreach v,STUDY PYTHON BASE_PYTHON,$(if $(call is_path,$($(v))),,$(error $(v) = '$($(v))' is no path that make can take: use letters, digits, / . ~ + _ and - only)))
# The commit that records tell, where make witness builds it without its history.
$(if $(filter CHECKOUT,$(GIVEN)),$(if $(call is_name,$(CHECKOUT)),,$(error CHECKOUT = '$(CHECKOUT)' is no commit: it has letters and digits only)))
$(if $(RECORDED),$(if $(wildcard $(STUDY)/study.toml),,$(error $(LATER) was built with the settings $(RECORDED), and there is no $(STUDY)/study.toml. Put it back, or build $(LATER) again with make all EXTRACT=$(LATER) STUDY=folder)))
# For make new FROM is a folder that lies anywhere.
NAMED := EXTRACT $(if $(filter-out new,$(or $(MAKECMDGOALS),help)),FROM)
$(foreach v,$(NAMED) STUDY PYTHON BASE_PYTHON,$(eval override $(v) := $$(strip $$($(v)))))
$(foreach v,$(NAMED),$(if $(call is_name,$($(v))),,$(error $(v) = '$($(v))' is no name of an extract: use letters, digits, _ and - only, and neither published nor releases)))

RAW     := data_raw/$(EXTRACT)
DERIVED := data_derived/$(EXTRACT)
REPORTS := reports/$(EXTRACT)
RUNS    := $(DERIVED)/runs
SETUP   := $(if $(filter .venv/bin/python,$(PYTHON)),.venv/installed)

# The language asked for on the command line, else that of the last build, else the first that the study offers.
OFFERED := $(or $(shell sed -n 's/^languages *= *\[\([a-z", ]*\)\].*/\1/p' $(STUDY)/exhibits.toml 2>/dev/null | tr -d '",'),en da)
ASKED := $(if $(filter LANGUAGE,$(GIVEN)),$(or $(LANGUAGE),none))
$(if $(filter-out $(OFFERED),$(ASKED)),$(error LANGUAGE=$(LANGUAGE): the exhibits of $(STUDY) are written in $(OFFERED). Say one of these))
BUILT := $(filter $(OFFERED),$(shell sed -n 's/^language = "\(.*\)"/\1/p' $(DERIVED)/language.toml 2>/dev/null))
SPOKEN := $(or $(ASKED),$(BUILT),$(firstword $(OFFERED)))

# Whether disclosure control is asked for, on the command line or at the last build; an extract that is not synthetic has
# it always. A study without bounds of its own has those of the project.
$(if $(filter DISCLOSURE,$(GIVEN)),$(if $(filter-out on off,$(or $(strip $(DISCLOSURE)),nothing)),$(error DISCLOSURE=$(DISCLOSURE): say on or off)))
CONTROLLED := $(filter on off,$(shell sed -n 's/^asked = "\(.*\)"/\1/p' $(DERIVED)/asked.toml 2>/dev/null))
REAL       := $(if $(filter twin,$(EXTRACT)),,$(shell sed -n 's/^synthetic *= *false.*/yes/p' $(RAW)/extract.toml 2>/dev/null))
$(if $(REAL),$(if $(filter DISCLOSURE,$(GIVEN)),$(if $(filter off,$(DISCLOSURE)),$(error DISCLOSURE=off: the extract $(EXTRACT) is not synthetic, so what leaves of it is always controlled. Say make without it))))
CONTROL    := $(or $(if $(filter DISCLOSURE,$(GIVEN)),$(strip $(DISCLOSURE))),$(if $(REAL),$(filter on,$(CONTROLLED)),$(CONTROLLED)))
CONTROLS   := $(firstword $(wildcard $(STUDY)/disclosure.toml) config/disclosure.toml)

export OPENBLAS_NUM_THREADS := 1
# Memory that was freed is kept for the next array instead of given back and cleared anew, where the C library is glibc.
export MALLOC_MMAP_THRESHOLD_ := 33554432
export MALLOC_TRIM_THRESHOLD_ := 268435456
export MPLBACKEND := Agg

# A Python that begins would answer an interrupt with a traceback: it waits until it can be told of one, where env knows how.
WAITING := $(shell env --block-signal=INT echo env --block-signal=INT 2>/dev/null)
# A module of the project in an isolated Python: a stray file beside the Makefile has no say.
RUN = $(WAITING) $(PYTHON) -I pipeline/runner/alone.py
# The same for what writes in an extract beside its stages, and for what reads a build that nobody may write in meanwhile.
HOLD = $(RUN) --hold $(RUNS)
FREE = $(RUN) --free $(RUNS)

# How many lines a build says of what is missing, at most; $(REPORTS)/missing.txt has them all.
LINES_SAID := 15

comma := ,
space := $() $()
# What only some builds have; the environment has no say.
LED_TO :=
EDITIONS :=
UNCLAIMED :=
RECORDS :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
DRY := $(findstring n,$(firstword -$(MAKEFLAGS)))
MAKEFLAGS += --no-builtin-rules

# --- What to ask for -------------------------------------------------------------------------------------------------

.PHONY: all report check why verify witness release population twin test lint docs bench faults measure power size trace diff baseline extract new check-extract calibrate clean forget help FORCE

all: $(REPORTS)/index.html ## Every table, figure and the report page of EXTRACT (default twin); LANGUAGE=da for Danish, LANGUAGE=en back; DISCLOSURE=on as a real extract leaves, DISCLOSURE=off back
	$(if $(LEFT_OVER),@rm -rf $(LEFT_OVER))
	$(if $(OUTDATED),@echo "removed what make report made before this: $(OUTDATED). Say make report to have it anew")
	$(if $(filter report,$(MAKECMDGOALS)),,$(if $(wildcard $(WARM)),@$(LOOK) --close > /dev/null))
	@awk 'NR <= $(LINES_SAID) {print} END {if (NR > $(LINES_SAID)) print "  and " NR - $(LINES_SAID) " lines more, all in " FILENAME}' $(REPORTS)/missing.txt
	@echo "$(REPORTS)/index.html shows every table and figure"

report: all ## The page, report.docx and report.pdf of EXTRACT in every language it has words in: make report LANGUAGE=da puts Danish first
	$(if $(wildcard $(WARM)),@$(LOOK) --close > /dev/null)
	@echo '$(EDITED)' > $(DERIVED)/editions.txt
	@echo "$(REPORTS) holds report.docx and report.pdf$(if $(OTHERS), and in folders of their own the report in other languages: $(OTHERS))"

check: $(SETUP) ## Compare every file of EXTRACT as it lies with its recorded SHA-256, and the records with each other; says every rule
	@$(MAKE) --no-print-directory --dry-run --always-make all 2>/dev/null | $(FREE) pipeline.audit.check $(RUNS) $(RAW) $(REPORTS)

why: $(SETUP) ## Say which stages make all would run, and because of what
	@LC_ALL=C $(MAKE) --no-print-directory --dry-run --debug=basic all 2>&1 | $(RUN) pipeline.audit.why $(RUNS)

verify: $(if $(RELEASE),$(SETUP),all) ## Every number of EXTRACT by a second route and walked to received cells; RELEASE=file checks an archive of make release
ifneq ($(RELEASE),)
	@$(RUN) pipeline.release.recheck "$$RELEASE"
else
	@$(HOLD) pipeline.verify $(RAW) --settings $(STUDY) --derived $(DERIVED) --reports $(REPORTS); status=$$?; \
	$(MAKE) --no-print-directory $(REPORTS)/index.html $(if $(EDITIONS),$(OTHERS:%=$(REPORTS)/%/index.html)) && exit $$status
endif

test: $(SETUP) ## Run every test; they are about the synthetic trial, whatever EXTRACT is
	@$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j2) all EXTRACT=twin STUDY=config && $(MAKE) --no-print-directory check EXTRACT=twin STUDY=config
	$(PYTHON) -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

lint: $(SETUP) ## Check style, types, and which room imports from which
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -c 'from importlinter.cli import lint_imports_command as lint; lint()' --no-logo --no-cache

docs: $(SETUP) ## Write docs/checks.md, docs/outcomes.md, docs/models.md, docs/variables.md, docs/confidentiality.md, docs/inference.md and docs/power.md from settings, tests and measurements
	@$(RUN) pipeline.documents

bench: all ## Measure the build beside that of the commit before (or BEFORE=<commit>), its growth, the estimators, and the inference beside other packages
	$(PYTHON) -m benchmarks.build $(if $(BEFORE),"$$BEFORE",$(shell git rev-parse --quiet --verify HEAD^))
	$(PYTHON) -m benchmarks.growth
	$(PYTHON) -m benchmarks.scan
	$(PYTHON) -m benchmarks.population
	$(PYTHON) -m benchmarks.estimators
	$(PYTHON) -m benchmarks.inference

faults: $(SETUP) ## Do faults to copies of the build (kills, full disks, rights, clocks, damaged files) and write what came of each to docs/measured
	$(PYTHON) -m benchmarks.faults

measure: $(SETUP) ## Count what of the synthetic trial would leave if it were real, what its scanner finds, and what of the printed report would fail, to docs/measured
	@$(MAKE) --no-print-directory all EXTRACT=twin STUDY=config
	$(PYTHON) -m benchmarks.confidentiality

power: $(SETUP) ## Simulate what the synthetic trial could see, and derive the plan of the report again, to docs/measured
	@$(MAKE) --no-print-directory all EXTRACT=twin STUDY=config
	$(PYTHON) -m benchmarks.power

size: $(SETUP) ## Simulate trials and count how often each test errs and each interval holds, to docs/measured (some 6 minutes)
	$(PYTHON) -m benchmarks.size

trace: $(SETUP) ## Walk one number back to its register cells: make trace ID=figure_3_3/all/sickness_benefit/45; ID=figure_3_3 lists its numbers, PERSON=17 (or a pseudonym) is a person's history, FORMAT=html a page, SET="dream.csv,12,Y_1544,890" the number with that cell
	@$(FREE) pipeline.$(if $(filter SET,$(GIVEN)),changes.whatif,verify.trace) --raw $(RAW) --derived $(DERIVED) --settings $(STUDY)

diff: $(DERIVED)/shown.parquet ## Say what changed from one extract to another, what moved, and why: make diff FROM=twin EXTRACT=2018q2
	@$(FREE) pipeline.changes data_derived/$(FROM) $(DERIVED) --raw data_raw/$(FROM) --out $(DERIVED)/diff_$(FROM)

baseline: ## Accept the numbers of the synthetic trial, of estimates and resampling, which make test compares: make baseline REASON="why they moved"
	@$(RUN) pipeline.audit.baseline $(DERIVED)/estimates

witness: $(SETUP) ## One page for a person who watches: what was built is built again in an empty folder; hashes before and after, and no data
	@$(RUN) pipeline.release.witness $(RAW) --settings $(STUDY) --reports $(REPORTS) --language $(SPOKEN) \
		--made $(if $(LED_TO),population) $(IS_VERIFIED) $(if $(EDITIONS),report) --control $(CONTROL)

RELEASING = $(HOLD) pipeline.release $(RAW) --settings $(STUDY) --derived $(DERIVED) --reports $(REPORTS)
release: $(SETUP) ## Write an archive of aggregates to reports/releases, of a clean commit and a build that make verify agreed with
	@$(RELEASING)
	@$(MAKE) --no-print-directory report
	@$(RELEASING) --out reports/releases
	$(if $(APPLIED),@echo "what it told is kept in data_derived/releases: the build rests on that from now on" && $(MAKE) --no-print-directory report)

population: all $(addprefix $(REPORTS)/population/,index.html tables/tables.xlsx weekly_shares.csv) ## Set everybody in the register beside the trial's persons; ENGINE=spark://host:port runs it on Spark
	@echo "$(REPORTS)/population/index.html shows everybody beside the trial"

twin: data_raw/twin/extract.toml ## Write the synthetic trial to data_raw/twin, in place of what is there

calibrate: $(SETUP) ## Fit the synthetic trial to the printed report again (half an hour); then make twin
	$(PYTHON) -m calibration

extract: $(SETUP) ## Register the files in data_raw/EXTRACT: tell what each is and write extract.toml; AGAIN=yes if the data owner mended one
	@$(HOLD) pipeline.register.receive $(RAW) --settings $(STUDY) $(if $(AGAIN),--again) --runs $(RUNS)

new: $(SETUP) ## Begin an extract with the files of a folder: make new EXTRACT=2018q2 FROM=folder; asks what the files do not say
	@$(HOLD) pipeline.register.receive $(RAW) --settings $(STUDY) --from "$$FROM"

check-extract: $(SETUP) ## Say all that is wrong or suspicious in EXTRACT and its settings on one page; FROM=name sets the last one beside it
	@$(CHECK) --out $(DERIVED)/$(if $(filter FROM,$(GIVEN)),beside_$(FROM) --before data_derived/$(FROM),check)

forget: $(SETUP) ## List what must be deleted of EXTRACT at the end of a permit; SURE=EXTRACT deletes it: received files, tables, key
	@$(FREE) pipeline.register.forget $(RAW) $(DERIVED) $(REPORTS)

clean: ## Delete everything that make can build again for EXTRACT, and the received files never
	@! test -e $(RUNS)/.warm.holder || ! command -v $(PYTHON) > /dev/null || $(FREE)
	rm -rf $(DERIVED) $(REPORTS)

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

# --- The environment, from the lock file -----------------------------------------------------------------------------

# A Python older than 3.11 is told so before anything is built.
OLD = sys.executable + " is Python " + sys.version.split()[0] + ", older than 3.11: name one that is not, such as BASE_PYTHON=python3.11"

.venv/installed: requirements.lock
	@$(BASE_PYTHON) -c 'import sys; sys.exit("error: " + $(OLD) if sys.version_info < (3, 11) else 0)'
	@echo "building the environment in .venv from requirements.lock"
	$(BASE_PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

# --- Stages: $(call stage,NAME,INPUTS,OUTPUTS,OTHERS) -----------------------------------------------------------------------
# The record is the target; the outputs follow it with an empty recipe and keep their time stamp if their bytes are the
# same, so an unchanged output stops the rebuild there. A deleted output makes its stage run again.

# Every stage runs in a copy of a process that has imported the libraries. A secondary file is made only for a target
# that has to be made, so a build with nothing to do starts no Python; the process ends with this make. A Python that
# cannot run the project is refused by the package itself (pipeline/__init__.py).
MAKE_PROCESS := $(shell echo $$PPID)
export BUILDERS := $(BUILDERS) $(MAKE_PROCESS)
WARM := $(RUNS)/.warm.$(MAKE_PROCESS)
.SECONDARY: $(WARM)
$(WARM): | $(SETUP)
	@trap '' INT; $(PYTHON) -I -c 'import sys; sys.path.append("."); import pipeline' && umask 077 && mkdir -p $(RUNS) && $(PYTHON) -I pipeline/runner/warm.py $@ $(MAKE_PROCESS)

# A build with the settings of another study looks at everything again, whatever the dates of its files.
$(DERIVED)/study.txt: $(if $(filter-out $(STUDY),$(shell cat $(DERIVED)/study.txt 2>/dev/null)),FORCE)
	@umask 077 && mkdir -p $(@D) && echo '$(STUDY)' > $@

SCHEMA := $(DERIVED)/study.txt $(STUDY)/variables.csv $(wildcard $(STUDY)/scales.csv) pipeline/runner/columns.csv requirements.lock

# A stage that reads what was received, or settings, and cannot go on is followed by the page of every check, once a build:
# the first fault hides no other. A fault that no check finds is told at the end of the page.
CHECK := $(RUN) pipeline.audit.check_extract $(RAW) --settings $(STUDY) --language $(SPOKEN)
FAULT := $(RUNS)/.warm.$(MAKE_PROCESS).fault
tell   = $(if $(filter settings request register ingest,$(1)),--fault $(FAULT).$(1) || { status=$$$$?; test -e $(FAULT).$(1) && mkdir $(FAULT) 2>/dev/null && $(CHECK) --out $(DERIVED)/check --fault $(FAULT).$(1); exit $$$$status; })

# The commit that a record tells, asked for once a build and only if a stage runs; none outside git.
CHECKOUT = $(eval CHECKOUT := $(if $(wildcard .git),$(shell git rev-parse --verify --quiet HEAD 2>/dev/null && git --no-optional-locks status --porcelain 2>/dev/null | sed -n '1s/.*/+changed/p')))$(CHECKOUT)

# Stages that have to run again though the dates of files do not say so: a file is not what was recorded, or the code is
# other code. It takes 0.01 s where nothing changed.
LOOK   = $(WAITING) $(PYTHON) -I -S pipeline/runner/look.py $(RUNS)
IDLE  := help why check test clean forget lint docs faults measure power size new extract check-extract trace calibrate
UNLIKE := $(if $(filter-out $(IDLE),$(or $(MAKECMDGOALS),help)),$(if $(wildcard $(RUNS)/*.json),$(shell $(LOOK))$(if $(filter 0,$(.SHELLSTATUS)),,$(error $(RUNS): what was built cannot be looked at))))

define stage
RECORDS += $(RUNS)/$(1).json
$(RUNS)/$(1).json: $(2) $(SCHEMA) $(4) $(if $(filter $(RUNS)/$(1).json,$(UNLIKE))$(filter-out $(wildcard $(3)),$(3)),FORCE) | $(WARM)
	@$$(WAITING) $$(PYTHON) -I -S pipeline/runner/ask.py $(WARM) $(1) --in $(2) --with $(SCHEMA) $(4) --out $(3) --record $$@ --checkout '$$(subst $$() ,,$$(CHECKOUT))' $(call tell,$(1))
$(3): $(RUNS)/$(1).json ;
endef

# What takes longest is made in two parts, side by side on two cores: every other output, and the rest.
half = $(if $(1),$(firstword $(1)) $(call half,$(wordlist 3,$(words $(1)),$(1))))
rest = $(filter-out $(call half,$(1)),$(1))
part = $(if $(3),$(eval $(call stage,$(1),$(2),$(3),$(4))))

derived   = $(addprefix $(DERIVED)/,$(addsuffix .parquet,$(1)))
estimates = $(addprefix $(DERIVED)/estimates/,$(addsuffix .parquet,$(1)))
settings  = $(wildcard $(addprefix $(STUDY)/,$(1)))
exhibits := $(shell sed -n 's/^\[\([a-z]*_[0-9_]*\)\]$$/\1/p' $(STUDY)/exhibits.toml)
TABLES   := $(filter table_%,$(exhibits))
# A page of its own on how sure the claims are, where the settings claim anything.
CLAIMED  := $(shell sed -n 's/^\[page\.robust\]$$/robust.html/p' $(STUDY)/exhibits.toml 2>/dev/null)
FIGURES  := $(filter figure_%,$(exhibits))
ESTIMATED := $(call estimates,$(sort $(shell sed -n 's/^stage *= *"\([a-z0-9_]*\)"/\1/p' $(STUDY)/models.toml)))

# The received files. Those of the synthetic trial are made; those of any other extract must be there, and its
# extract.toml lists them.
ifeq ($(EXTRACT),twin)
REGISTER := $(RAW)/dream.csv
ALLOCATION := $(RAW)/allocation.csv
RECEIVED := $(REGISTER) $(ALLOCATION) $(addprefix $(RAW)/,baseline_survey.csv followup_survey.csv)
DECLARED := $(RAW)/targets.csv
PUBLISHED := yes
$(eval $(call stage,twin,,$(RECEIVED) $(RAW)/extract.toml $(DECLARED),$(wildcard pipeline/twin/calibrated/*.csv pipeline/twin/data/*)))
$(RUNS)/twin.json: $(if $(filter twin,$(MAKECMDGOALS)),FORCE)
else
# A study that brings the script of its data makes its extract as the twin is made; every extract's extract.toml lists its files.
ifneq ($(and $(wildcard $(STUDY)/make_extract.py),$(filter $(notdir $(STUDY)),$(EXTRACT))),)
$(RAW)/extract.toml: $(STUDY)/make_extract.py | $(SETUP)
	@umask 077 && $(PYTHON) -I -c 'import sys; sys.path.append("."); import pipeline' && $(PYTHON) $< $(RAW) && rm -f $@ && $(RUN) pipeline.register.receive $(RAW) --settings $(STUDY)
-include $(DERIVED)/received.mk
endif
# What is included is made by a dry run too, and by make check with it, which must make nothing.
ifeq ($(DRY),)
$(DERIVED)/received.mk: $(RAW)/extract.toml
	@umask 077 && mkdir -p $(@D) && sed -n 's/^path *= *"\([[:alnum:]_.-]*\)"/$$(RAW)\/\1: $$(RAW)\/extract.toml ;/p' $< > $@
endif
listed = $(addprefix $(RAW)/,$(shell awk -F'"' '/^\[/ {role = $$0} /^path *=/ && role ~ /^\[files\.$(1)/ && $$2 !~ /[\001-,\/:-@\[-^`{-\177]/ {print $$2}' $(RAW)/extract.toml 2>/dev/null))
RECEIVED   := $(call listed)
REGISTER   := $(call listed,register)
ALLOCATION := $(call listed,allocation)
DECLARED := $(wildcard $(RAW)/targets.csv)
PUBLISHED := $(shell sed -n 's/^published *= *true.*/yes/p' $(RAW)/extract.toml 2>/dev/null)
$(RAW)/%:
	@echo "error: $@: the file is missing. Put the received files into $(RAW); make extract EXTRACT=$(EXTRACT) then writes extract.toml." >&2; exit 2
endif

# What is read is checked as it is read, and the settings beside it; nothing is made of a delivery before both pass.
CHECKS := $(DERIVED)/checks.csv
# What builds and checks is part of the chain too: no stage imports it, so the first one of every build reads it.
MACHINERY := Makefile $(wildcard pipeline/runner/*.py pipeline/audit/*.py)
$(eval $(call stage,settings,$(call settings,study.toml outcomes.toml models.toml exhibits.toml benefit_codes.csv scales.csv municipalities.csv published_rows.csv published_columns.csv variables.csv disclosure.toml),$(DERIVED)/settings.txt,$(MACHINERY)))
$(addprefix $(RUNS)/,sample.json survey.json outcomes.json): | $(RUNS)/settings.json
# The register may be larger than the memory: it is read once, and again only if a key, its files or its facts change.
$(eval $(call stage,request,$(RAW)/extract.toml $(ALLOCATION) $(call settings,study.toml),$(DERIVED)/request.json))
$(eval $(call stage,register,$(DERIVED)/request.json $(REGISTER),$(call derived,register)))
$(eval $(call stage,ingest,$(RAW)/extract.toml $(call derived,register) $(filter-out $(REGISTER),$(RECEIVED)) $(call settings,study.toml benefit_codes.csv scales.csv outcomes.toml),$(call derived,trial register_columns register_weeks baseline_items followup_items) $(DERIVED)/linkage.csv $(CHECKS)))
$(eval $(call stage,sample,$(call derived,trial register_columns) $(RAW)/extract.toml $(call settings,study.toml),$(call derived,sample exclusions groups)))
$(eval $(call stage,survey,$(call derived,baseline_items followup_items) $(call settings,scales.csv),$(call derived,baseline followup)))
$(eval $(call stage,outcomes,$(call derived,sample baseline register_weeks) $(call settings,benefit_codes.csv outcomes.toml study.toml),$(call derived,weekly shares durations background)))

NAMES := $(STUDY)/variables.csv
TABLES_USED := $(call derived,sample background shares weekly durations followup exclusions) $(NAMES) $(call settings,models.toml study.toml)
CURVES := $(filter %/specifications.parquet,$(ESTIMATED))
PLAIN  := $(filter-out $(CURVES),$(ESTIMATED))
$(call part,estimates-1,$(TABLES_USED),$(call half,$(PLAIN)))
$(call part,estimates-2,$(TABLES_USED),$(call rest,$(PLAIN)))
$(call part,specifications,$(TABLES_USED),$(CURVES))
$(eval $(call stage,inference,$(TABLES_USED),$(call derived,inference)))
$(eval $(call stage,shown,$(ESTIMATED) $(call derived,groups inference) $(call settings,exhibits.toml study.toml outcomes.toml models.toml) $(NAMES) $(RAW)/extract.toml $(DERIVED)/language.toml,$(call derived,shown) $(DERIVED)/words.json))
# What leaves: no stage after this one reads an estimate.
REVIEWED  := $(wildcard pipeline/disclosure/*.j2)
JUDGED_BY := $(CONTROLS) $(NAMES) $(call derived,exclusions) $(call settings,study.toml models.toml) $(RAW)/extract.toml $(DERIVED)/asked.toml
# Where control is applied an attacker is tried, who needs to know who is in which group.
APPLIED   := $(or $(filter on,$(CONTROL)),$(REAL))
ATTACKED  := $(if $(APPLIED),$(call derived,sample background shares weekly durations followup))
# What archives told before, of this extract and of others, whose linkage files say who is the same person.
LEFT       := $(if $(APPLIED),$(wildcard data_derived/releases/*.json))
ifneq ($(LEFT),)
ATTACKED   += $(DERIVED)/earlier.json
LINKED     := $(wildcard $(patsubst data_derived/releases/%,data_derived/%/linkage.csv,$(shell printf '%s\n' $(LEFT) | sed 's/-[0-9a-f]*\.json$$//' | sort -u)))
$(eval $(call stage,earlier,$(RAW)/extract.toml $(LEFT) $(sort $(DERIVED)/linkage.csv $(LINKED)),$(DERIVED)/earlier.json))
endif
leaving    = $(addprefix $(1)/,released.parquet behind.parquet judged.json told.json)
$(eval $(call stage,disclosure,$(call derived,shown inference) $(ESTIMATED) $(JUDGED_BY) $(ATTACKED) $(DERIVED)/language.toml,$(call leaving,$(DERIVED)) $(REPORTS)/disclosure.html,$(REVIEWED)))
FONTS    := $(wildcard pipeline/show/fonts/*.ttf pipeline/show/fonts/*.woff)
TEMPLATES := $(wildcard pipeline/show/*.j2 pipeline/show/*.css pipeline/show/*.js) $(FONTS)
PAPER     := pipeline/show/report.typ
# What make population wrote: the report leads to its page if nothing that it rests on is newer, and counts nothing itself.
COUNTED  := $(DERIVED)/population
COUNTS   := $(COUNTED)/population.json
COUNTED_FROM := $(RAW)/extract.toml $(RECEIVED) $(CONTROLS) $(call settings,study.toml outcomes.toml benefit_codes.csv municipalities.csv) $(wildcard pipeline/population/*.py)
ifneq ($(filter population,$(MAKECMDGOALS)),)
LED_TO   := $(COUNTS)
else ifneq ($(wildcard $(COUNTS)),)
LED_TO   := $(if $(shell find $(COUNTED_FROM) -newer $(COUNTS) 2>/dev/null),,$(COUNTS))
endif
# The report in every language and as Word and PDF, which make all does not make: what of it is there is led to as long as
# nothing that it rests on is newer, and else taken away, so that two builds or two languages never lie side by side.
OTHERS  := $(filter-out $(SPOKEN),$(OFFERED))
EDITED  := $(strip $(SPOKEN) $(if $(LED_TO),population))
FOLDERS := $(REPORTS) $(OTHERS:%=$(REPORTS)/%)
PAGES   := $(FOLDERS) $(if $(LED_TO),$(FOLDERS:%=%/population))
FURTHER := $(foreach p,$(PAGES),$(addprefix $(p)/,report.docx report.pdf)) $(addsuffix /index.html,$(filter-out $(REPORTS) $(REPORTS)/population,$(PAGES)))
RESTS   := $(COUNTED_FROM) $(ALLOCATION) $(STUDY) requirements.lock pipeline
ifneq ($(filter report,$(MAKECMDGOALS)),)
EDITIONS := $(DERIVED)/editions.json
else ifeq ($(EDITED),$(shell cat $(DERIVED)/editions.txt 2>/dev/null))
EDITIONS := $(if $(filter-out $(wildcard $(FURTHER)),$(FURTHER))$(shell find $(RESTS) -newer $(DERIVED)/editions.txt -type f -not -name '*.pyc' 2>/dev/null),,$(DERIVED)/editions.json)
endif
$(DERIVED)/editions.json: $(if $(filter-out $(SPOKEN),$(BUILT)),FORCE) $(STUDY)/exhibits.toml
	@umask 077 && mkdir -p $(@D) && echo '{"first": "$(SPOKEN)", "others": [$(subst $(space),$(comma) ,$(OTHERS:%="%"))]}' > $@
# What make verify wrote: the page shows it if it is of the build that the page shows, which the page itself looks at.
VERIFIED := $(addprefix $(DERIVED)/verified/,second.parquet walked.parquet counts.parquet verified.json)
VERIFIED := $(if $(filter 4,$(words $(wildcard $(VERIFIED)))),$(VERIFIED))
VERIFIED_FROM := $(RAW)/extract.toml $(RECEIVED) $(call plain,$(wildcard $(STUDY)/*.toml $(STUDY)/*.csv)) $(DERIVED)/study.txt $(ESTIMATED) $(call derived,shown)
IS_VERIFIED = $(if $(VERIFIED),$(if $(shell find $(VERIFIED_FROM) -newer $(DERIVED)/verified/verified.json 2>/dev/null),,verify))
SHOWN := $(call derived,released groups) $(DERIVED)/words.json $(call settings,exhibits.toml) $(DERIVED)/language.toml
PLACES := $(call settings,municipalities.csv)
$(eval $(call stage,tables,$(SHOWN) $(NAMES),$(foreach t,$(TABLES),$(addprefix $(REPORTS)/tables/$(t),.html .csv .tex)) $(REPORTS)/tables/tables.xlsx,$(TEMPLATES)))
drawn = $(foreach f,$(1),$(addprefix $(REPORTS)/figures/$(f),.png .svg .csv))
PICTURED := $(SHOWN) $(PLACES) pipeline/show/map/outlines.csv
$(call part,figures-1,$(PICTURED),$(call drawn,$(call half,$(FIGURES))),$(FONTS))
$(call part,figures-2,$(PICTURED),$(call drawn,$(call rest,$(FIGURES))),$(FONTS))
# What the report prints, with its errata, and the rules that say which cell each number is compared with: for an extract
# that claims to be the one the numbers were printed of, and for no other.
ifeq ($(PUBLISHED),yes)
all: $(REPORTS)/published.html
PRINTED := $(addprefix data_raw/published/,tables.csv errata.csv) $(DECLARED) $(call settings,published.toml published_rows.csv published_columns.csv)
PUBLISHED_BY := $(wildcard pipeline/published/*.j2 pipeline/published/*.css data_raw/published/SHA256SUMS)
# Of an extract that describes nobody, and is not shown as a real one, with the digits that the report prints.
exact = $(if $(APPLIED),,$(1)/shown.parquet)
$(eval $(call stage,published,$(SHOWN) $(call exact,$(DERIVED)) $(NAMES) $(RAW)/extract.toml $(call derived,behind) $(PRINTED),$(REPORTS)/published.html $(REPORTS)/tables/table_published.csv,$(TEMPLATES) $(PUBLISHED_BY)))
else
UNCLAIMED := $(wildcard $(REPORTS)/published.html $(REPORTS)/tables/table_published.csv)
endif

# What stands behind every number of the page; where the extract claims the printed numbers, those beside them.
compared = $(if $(PUBLISHED),$(1)/tables/table_published.csv data_raw/published/errata.csv)
$(eval $(call stage,panels,$(SHOWN) $(NAMES) $(CONTROLS) $(call derived,behind) $(DERIVED)/judged.json $(call settings,study.toml outcomes.toml models.toml) $(RAW)/extract.toml $(call compared,$(REPORTS)),$(DERIVED)/panels.json))
# Where all of it comes from, with the head of the chain of records, which the page prints.
$(eval $(call stage,provenance,$(RECORDS),$(DERIVED)/provenance.json))
$(eval $(call stage,report,$(SHOWN) $(DERIVED)/provenance.json $(CHECKS) $(NAMES) $(RAW)/extract.toml $(PLACES) $(DERIVED)/panels.json $(DERIVED)/judged.json $(FIGURES:%=$(REPORTS)/figures/%.svg) $(LED_TO) $(EDITIONS) $(VERIFIED),$(addprefix $(REPORTS)/,index.html missing.txt checks.csv $(CLAIMED)),$(TEMPLATES)))

# A page that led to something and does not any more, or does now, is written again.
turned = $(foreach led,$(2),$(if $(filter 1,$(words $(filter $(led),$(LED_TO) $(EDITIONS)) $(shell grep -sl '$(led)' $(1)))),FORCE))
$(RUNS)/report.json: $(call turned,$(RUNS)/report.json,$(COUNTS) $(DERIVED)/editions.json)

# The same of what make verify wrote.
$(RUNS)/report.json: $(if $(filter 1,$(words $(firstword $(VERIFIED)) $(shell grep -sl '$(DERIVED)/verified/second.parquet' $(RUNS)/report.json))),FORCE)

# Everybody in the register beside the trial: counted by an engine, which make all never starts, and shown by the same
# stages as the report from exhibits of their own.
BESIDE   := $(STUDY)/population/exhibits.toml
ANNEX    := $(REPORTS)/population
BESIDES  := $(shell sed -n 's/^\[\([a-z]*_[0-9_]*\)\]$$/\1/p' $(BESIDE) 2>/dev/null)
ifneq ($(filter population,$(MAKECMDGOALS)),)
$(COUNTS): $(COUNTED_FROM) $(call derived,sample trial groups) $(if $(ENGINE),FORCE) | $(SETUP)
	@$(HOLD) pipeline.population $(RAW) --settings $(STUDY) --derived $(DERIVED) --control $(CONTROLS) $(if $(ENGINE),--engine "$$ENGINE") && touch $@
endif
$(COUNTED)/estimates/population.parquet $(COUNTED)/weekly_shares.csv: $(COUNTS) ;
$(ANNEX)/weekly_shares.csv: $(COUNTED)/weekly_shares.csv
	@umask 077 && mkdir -p $(@D) && cp $< $@
# What is shown of some estimates in a language: $(call edition,SUFFIX,DERIVED,REPORTS,EXHIBITS,NAMES,ESTIMATES,LANGUAGE,CHECKS,LED_TO,COMPARED)
shown_in = $(1)/released.parquet $(call derived,groups) $(1)/words.json $(2) $(3)
drawings = $(patsubst %,$(1)/figures/%.svg,$(filter figure_%,$(2)))
define edition
$(call stage,shown-$(1),$(6) $(call derived,groups inference) $(4) $(call settings,study.toml outcomes.toml models.toml) $(NAMES) $(RAW)/extract.toml $(7),$(2)/shown.parquet $(2)/words.json)
$(call stage,disclosure-$(1),$(2)/shown.parquet $(call derived,inference) $(6) $(JUDGED_BY) $(if $(findstring population,$(1)),$(ATTACKED),$(if $(APPLIED),$(DERIVED)/told.json)) $(7),$(call leaving,$(2)) $(3)/disclosure.html,$(REVIEWED))
$(call stage,tables-$(1),$(call shown_in,$(2),$(4),$(7)) $(NAMES),$(foreach t,$(filter table_%,$(5)),$(addprefix $(3)/tables/$(t),.html .csv .tex)) $(3)/tables/tables.xlsx,$(TEMPLATES))
$(call stage,figures-$(1),$(call shown_in,$(2),$(4),$(7)) $(PLACES) pipeline/show/map/outlines.csv,$(foreach f,$(filter figure_%,$(5)),$(addprefix $(3)/figures/$(f),.png .svg .csv)),$(FONTS))
$(call stage,panels-$(1),$(call shown_in,$(2),$(4),$(7)) $(NAMES) $(CONTROLS) $(2)/behind.parquet $(2)/judged.json $(call settings,study.toml outcomes.toml models.toml) $(RAW)/extract.toml $(10),$(2)/panels.json)
$(call stage,report-$(1),$(call shown_in,$(2),$(4),$(7)) $(8) $(NAMES) $(RAW)/extract.toml $(PLACES) $(2)/panels.json $(2)/judged.json $(call drawings,$(3),$(5)) $(9),$(addprefix $(3)/,index.html missing.txt $(if $(8),checks.csv $(CLAIMED))),$(TEMPLATES))
endef
# The same as Word and PDF.
define document
$(call stage,documents$(1),$(call shown_in,$(2),$(4),$(6)) $(2)/judged.json $(7) $(NAMES) $(RAW)/extract.toml $(PLACES) $(call drawings,$(3),$(5)),$(3)/report.docx $(3)/report.pdf,$(PAPER) $(FONTS))
endef
$(eval $(call edition,population,$(COUNTED),$(ANNEX),$(BESIDE),$(BESIDES),$(COUNTED)/estimates/population.parquet,$(DERIVED)/language.toml,,$(if $(LED_TO),$(EDITIONS))))

ifneq ($(and $(LED_TO),$(call turned,$(RUNS)/report-population.json,$(DERIVED)/editions.json)),)
$(RUNS)/report-population.json: FORCE
all: $(ANNEX)/index.html
endif

ifneq ($(EDITIONS),)
$(eval $(call document,,$(DERIVED),$(REPORTS),$(STUDY)/exhibits.toml,$(exhibits),$(DERIVED)/language.toml,$(CHECKS)))
$(if $(LED_TO),$(eval $(call document,-population,$(COUNTED),$(ANNEX),$(BESIDE),$(BESIDES),$(DERIVED)/language.toml)))
# Each other language has a folder that is a whole report.
$(DERIVED)/%/language.toml:
	@umask 077 && mkdir -p $(@D) && echo 'language = "$*"' > $@
define in_language
$(call edition,$(1),$(DERIVED)/$(1),$(REPORTS)/$(1),$(STUDY)/exhibits.toml,$(exhibits),$(ESTIMATED),$(DERIVED)/$(1)/language.toml,$(CHECKS),$(DERIVED)/provenance.json $(LED_TO) $(EDITIONS) $(VERIFIED),$(call compared,$(REPORTS)/$(1)))
$(call document,-$(1),$(DERIVED)/$(1),$(REPORTS)/$(1),$(STUDY)/exhibits.toml,$(exhibits),$(DERIVED)/$(1)/language.toml,$(CHECKS))
report: $(REPORTS)/$(1)/tables/tables.xlsx
endef
define annex_in_language
$(call edition,$(1)-population,$(COUNTED)/$(1),$(REPORTS)/$(1)/population,$(BESIDE),$(BESIDES),$(COUNTED)/estimates/population.parquet,$(DERIVED)/$(1)/language.toml,,$(EDITIONS))
$(call document,-$(1)-population,$(COUNTED)/$(1),$(REPORTS)/$(1)/population,$(BESIDE),$(BESIDES),$(DERIVED)/$(1)/language.toml)
$(REPORTS)/$(1)/population/weekly_shares.csv: $(ANNEX)/weekly_shares.csv
	@umask 077 && mkdir -p $$(@D) && cp $$< $$@
report: $(addprefix $(REPORTS)/$(1)/population/,tables/tables.xlsx weekly_shares.csv)
endef
$(foreach l,$(OTHERS),$(eval $(call in_language,$(l))))
$(if $(LED_TO),$(foreach l,$(OTHERS),$(eval $(call annex_in_language,$(l)))))
report: $(FURTHER)
endif

ifeq ($(if $(EDITIONS),$(PUBLISHED)),yes)
$(foreach l,$(OTHERS),$(eval $(call stage,published-$(l),$(call exact,$(DERIVED)/$(l)) $(call shown_in,$(DERIVED)/$(l),$(STUDY)/exhibits.toml,$(DERIVED)/$(l)/language.toml) $(NAMES) $(RAW)/extract.toml $(DERIVED)/$(l)/behind.parquet $(PRINTED),$(REPORTS)/$(l)/published.html $(REPORTS)/$(l)/tables/table_published.csv,$(TEMPLATES) $(PUBLISHED_BY))))
report: $(OTHERS:%=$(REPORTS)/%/published.html)
endif

# Last, for what takes longest is begun first.
all: $(REPORTS)/tables/tables.xlsx

# What an earlier build left: the page of a claim that is made no more, editions that are not of this build, and the records
# of stages that are none any more.
OUTDATED  := $(strip $(wildcard $(filter-out $(if $(EDITIONS),$(FURTHER) $(FOLDERS) $(PAGES)), \
	$(foreach p,$(REPORTS) $(ANNEX),$(addprefix $(p)/,report.docx report.pdf)) $(foreach l,$(OFFERED),$(REPORTS)/$(l)/population $(REPORTS)/$(l)))))
LEFT_OVER := $(strip $(UNCLAIMED) $(if $(CLAIMED),,$(wildcard $(REPORTS)/robust.html)) $(OUTDATED) $(wildcard $(foreach d,$(DERIVED) $(COUNTED),$(if $(EDITIONS),$(d)/$(SPOKEN),$(OFFERED:%=$(d)/%)))) \
	$(call plain,$(filter-out $(RECORDS),$(wildcard $(RUNS)/*.json $(RUNS)/*.d))))

# --- What is not a stage ---------------------------------------------------------------------------------------------

# The language of the exhibits is a setting like any other: a file that changes only if the language does.
$(DERIVED)/language.toml: $(if $(filter-out $(SPOKEN),$(BUILT)),FORCE)
	@umask 077 && mkdir -p $(@D) && echo 'language = "$(SPOKEN)"' > $@

# So is whether disclosure control was asked for.
$(DERIVED)/asked.toml: $(if $(filter-out $(CONTROLLED)-,$(CONTROL)-),FORCE)
	@umask 077 && mkdir -p $(@D) && echo 'asked = "$(CONTROL)"' > $@

diff baseline: $(ESTIMATED)
baseline: $(call derived,inference)

FORCE:
