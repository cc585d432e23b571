# Writes resampled_r.csv from trial.csv, and deaths.csv: R 4.2 with clubSandwich 0.5.8, estimatr 1.0, multtest 2.54 and MASS.
# From this folder: Rscript make_resampled.R. The tests read what it writes and need no R.
suppressPackageStartupMessages({library(clubSandwich); library(estimatr); library(multtest)})

trial <- read.csv("trial.csv")
rows <- list()
keep <- function(case, statistic, value)
  rows[[length(rows) + 1]] <<- data.frame(case, statistic, value = sprintf("%.17g", value))

# CR2 with Satterthwaite's degrees of freedom, by two packages; nine municipalities have one team.
outcomes <- c("share", "ever", "history")
used <- trial[complete.cases(trial[c(outcomes, "belief")]), ]
for (outcome in outcomes) {
  formula <- reformulate(c("belief", "factor(municipality)", "treated"), outcome)
  fit <- lm(formula, used)
  told <- coef_test(fit, vcov = "CR2", cluster = used$team, test = "Satterthwaite", coefs = "treated")
  keep("clubSandwich/cr2", paste0(outcome, "/", c("se", "df", "p")), c(told$SE, told$df_Satt, told$p_Satt))
  told <- lm_robust(formula, used, clusters = team, se_type = "CR2")
  keep("estimatr/cr2", paste0(outcome, "/", c("se", "df", "p")),
       c(told$std.error["treated"], told$df["treated"], told$p.value["treated"]))

  # Hansen's jackknife as he writes it: the estimates without each team by the generalised inverse, and plain squares.
  x <- model.matrix(fit); y <- used[[outcome]]
  scale <- sqrt(colSums(x^2)); x <- sweep(x, 2, scale, "/")
  whole <- coef(fit)["treated"]
  without <- vapply(unique(used$team), function(team) {
    own <- used$team != team
    (MASS::ginv(crossprod(x[own, ])) %*% crossprod(x[own, ], y[own]))[ncol(x)] / scale[ncol(x)]
  }, 0)
  keep("hansen", paste0(outcome, "/", c("se", "low", "high")), c(sqrt(sum((without - whole)^2)), range(without)))
}

# Westfall and Young's step-down by every way to draw five of the first ten persons, as if those with the highest shares were treated.
few <- trial[1:10, ]
few$treated <- as.integer(rank(few$share) > 5)
measures <- c("share", "ever", "history", "weeks", "wait_days", "weeks_sparse")
told <- mt.maxT(t(as.matrix(few[measures])), few$treated, test = "t", side = "abs", B = 0)
for (row in seq_along(told$index))
  keep("multtest/maxT", paste0(measures[told$index[row]], "/", c("p", "stepdown")), c(told$rawp[row], told$adjp[row]))

write.csv(do.call(rbind, rows), "resampled_r.csv", row.names = FALSE, quote = FALSE)

# Deaths of 18 to 20 year olds in motor vehicles, by state and year (Carpenter and Dobkin 2011), as clubSandwich has them.
deaths <- subset(MortalityRates, cause == "Motor Vehicle" & year <= 1983 & !is.na(beertaxa))
write.csv(deaths[c("state", "year", "legal", "beertaxa", "mrate")], "deaths.csv", row.names = FALSE, quote = FALSE)
