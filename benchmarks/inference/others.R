# One task by one package of R: Rscript others.R FOLDER NAME. Prints seconds for the whole batch, the part that was
# measured, and values to compare, as JSON written by hand. Packages that are not there end it with their name.
arguments <- commandArgs(trailingOnly = TRUE)
people <- read.csv(file.path(arguments[1], "persons.csv"))
draws <- read.csv(file.path(arguments[1], "draws.csv"))
outcomes <- grep("^y", names(people), value = TRUE)
DRAWS <- 9999
people$place <- factor(people$place)
covariates <- grep("^x", names(people), value = TRUE)
formula_of <- function(name) reformulate(c(covariates, "place", "treated"), name)
needs <- function(package) if (!requireNamespace(package, quietly = TRUE)) stop(paste("no package", package))
seconds <- function(work) { started <- proc.time(); found <- work(); list(sum((proc.time() - started)[1:2]), found) }
tell <- function(total, part, ...) {
  values <- list(...)
  texts <- vapply(values, function(v) paste0("[", paste(sprintf("%.17g", v), collapse = ","), "]"), "")
  told <- if (length(values)) paste0(", ", paste0('"', names(values), '": ', texts, collapse = ", ")) else ""
  cat(sprintf('{"seconds": %.6f, "part": "%s"%s}\n', total, part, told))
}

sandwich_lot <- function() {
  needs("sandwich")
  refit <- function(draw) {
    own <- people; own$treated <- draw
    fit <- lm(formula_of(outcomes[1]), own)
    v <- sandwich::vcovCL(fit, cluster = own$team, type = "HC1", cadjust = TRUE)
    coef(fit)["treated"] / sqrt(v["treated", "treated"])
  }
  refit(draws[[1]])
  took <- seconds(function() vapply(draws, refit, 0))
  tell(took[[1]] / length(draws) * DRAWS * length(outcomes), paste(length(draws), "refits"), statistics = took[[2]])
}

estimatr_lot <- function() {
  needs("estimatr")
  refit <- function(draw) {
    own <- people; own$treated <- draw
    fit <- estimatr::lm_robust(reformulate(c(covariates, "treated"), outcomes[1]), own, fixed_effects = ~place,
                               clusters = team, se_type = "stata")
    fit$statistic["treated"]
  }
  refit(draws[[1]])
  took <- seconds(function() vapply(draws, refit, 0))
  tell(took[[1]] / length(draws) * DRAWS * length(outcomes), paste(length(draws), "refits"), statistics = took[[2]])
}

clubsandwich_cr3 <- function() {
  needs("clubSandwich")
  few <- outcomes[1:3]
  fit <- function(name) sqrt(clubSandwich::vcovCR(lm(formula_of(name), people), people$team, "CR3")["treated", "treated"])
  fit(few[1])
  took <- seconds(function() vapply(few, fit, 0))
  tell(took[[1]] / length(few) * length(outcomes), paste(length(few), "outcomes"), errors = took[[2]])
}

clubsandwich_cr2 <- function() {
  needs("clubSandwich")
  few <- outcomes[1:3]
  fit <- function(name) {
    told <- clubSandwich::coef_test(lm(formula_of(name), people), vcov = "CR2", cluster = people$team,
                                    test = "Satterthwaite", coefs = "treated")
    c(told$SE, told$df_Satt)
  }
  fit(few[1])
  took <- seconds(function() vapply(few, fit, c(0, 0)))
  tell(took[[1]] / length(few) * length(outcomes), paste(length(few), "outcomes"), errors = took[[2]][1, ], df = took[[2]][2, ])
}

estimatr_cr2 <- function() {
  needs("estimatr")
  few <- outcomes[1:3]
  fit <- function(name) {
    told <- estimatr::lm_robust(formula_of(name), people, clusters = team, se_type = "CR2")
    c(told$std.error["treated"], told$df["treated"])
  }
  fit(few[1])
  took <- seconds(function() vapply(few, fit, c(0, 0)))
  tell(took[[1]] / length(few) * length(outcomes), paste(length(few), "outcomes"), errors = took[[2]][1, ], df = took[[2]][2, ])
}

multtest_stepdown <- function() {
  needs("multtest")
  reps <- 999
  values <- t(as.matrix(people[outcomes]))
  took <- seconds(function() multtest::mt.maxT(values, people$treated, test = "t", side = "abs", B = reps))
  tell(took[[1]] / reps * DRAWS, paste(reps, "draws"))
}

fixest_any <- function() needs("fixest")
fwildclusterboot_any <- function() needs("fwildclusterboot")
get(arguments[2])()
