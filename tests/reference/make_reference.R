# Writes results.csv from trial.csv: the estimates of R 4.2 with sandwich 3.0, lmtest 0.9, survival 3.5, AER 1.2 and
# clubSandwich 0.5.
# From this folder: Rscript make_reference.R. The tests read results.csv and need no R.
suppressPackageStartupMessages({library(sandwich); library(lmtest); library(survival)})

trial <- read.csv("trial.csv")
rows <- list()
keep <- function(case, statistic, value)
  rows[[length(rows) + 1]] <<- data.frame(case, statistic, value = sprintf("%.17g", value))

# Least squares: vcovCL type HC1 has (N-1)/(N-K), cadjust G/(G-1); coeftest needs the df of Stata, its own being N-K.
ols <- function(case, formula) {
  used <- trial[complete.cases(trial[all.vars(formula)]), ]
  fit <- lm(formula, used)
  df <- length(unique(used$team)) - 1
  test <- coeftest(fit, vcovCL(fit, cluster = used$team, type = "HC1", cadjust = TRUE), df = df)["treated", ]
  keep(case, c("estimate", "se", "p_value", "df", "n"), c(test[1], test[2], test[4], df, nrow(used)))
}
for (outcome in c("share", "ever", "unknown")) {
  ols(paste0("ols/", outcome, "/dummies"), reformulate(c("treated", "factor(municipality)"), outcome))
  ols(paste0("ols/", outcome, "/covariates"),
      reformulate(c("treated", "factor(municipality)", "belief", "history"), outcome))
}

# CR2 with Satterthwaite's degrees of freedom by clubSandwich; Hansen's jackknife by fitting again without each team, with
# the inverse of Moore and Penrose, for a municipality of one team makes the design singular without it.
few_clusters <- function(case, formula, cluster) {
  used <- trial[complete.cases(trial[all.vars(formula)]), ]
  fit <- lm(formula, used)
  test <- clubSandwich::coef_test(fit, "CR2", cluster = used[[cluster]], test = "Satterthwaite")["treated", ]
  x <- model.matrix(fit)
  y <- used[[all.vars(formula)[1]]]
  without <- sapply(unique(used[[cluster]]), function(team) {
    left <- used[[cluster]] != team
    (MASS::ginv(crossprod(x[left, ])) %*% crossprod(x[left, ], y[left]))[match("treated", colnames(x))]
  })
  keep(case, c("cr2_se", "cr2_df", "cr2_p", "jackknife_se", "without_low", "without_high"),
       c(test$SE, test$df, test$p_Satt, sqrt(sum((without - coef(fit)["treated"])^2)), range(without)))
}
for (outcome in c("share", "unknown")) {
  few_clusters(paste0("few/", outcome, "/dummies"), reformulate(c("treated", "factor(municipality)"), outcome), "team")
  few_clusters(paste0("few/", outcome, "/covariates"),
               reformulate(c("treated", "factor(municipality)", "belief", "history"), outcome), "team")
}
few_clusters("few/share/persons", share ~ treated + belief, "person")

# Least squares without clusters: HC1 and t(N-K), the defaults of vcovHC's type and of coeftest.
heteroskedastic <- function(case, formula) {
  used <- trial[complete.cases(trial[all.vars(formula)]), ]
  fit <- lm(formula, used)
  test <- coeftest(fit, vcovHC(fit, type = "HC1"))["treated", ]
  keep(case, c("estimate", "se", "p_value", "df", "n"), c(test[1], test[2], test[4], fit$df.residual, nrow(used)))
}
heteroskedastic("hc1/share/dummies", share ~ treated + factor(municipality))
heteroskedastic("hc1/unknown/covariates", unknown ~ treated + factor(municipality) + belief + history)
heteroskedastic("hc1/share/nothing", share ~ treated)

# An effect for each municipality, averaged by size with HC2; of m07 and m11 everybody is treated, so they have none.
effects <- function(case, covariates) {
  used <- trial[complete.cases(trial[c("share", covariates)]), ]
  used$treated[used$municipality %in% c("m07", "m11")] <- 1
  fit <- lm(reformulate(c("0", "factor(municipality)", "treated:factor(municipality)", covariates), "share"), used)
  known <- coef(fit)[!is.na(coef(fit))]
  sizes <- table(used$municipality)
  slopes <- grep(":treated$|^treated:", names(known), value = TRUE)
  weights <- as.numeric(sizes[sub(".*\\)(m[0-9]+).*", "\\1", slopes)])
  contrast <- rep(0, length(known))
  contrast[match(slopes, names(known))] <- weights / sum(weights)
  variance <- vcovHC(fit, type = "HC2")[names(known), names(known)]
  keep(case, c("estimate", "se", "df", "n", "strata"),
       c(sum(contrast * known), sqrt(t(contrast) %*% variance %*% contrast), fit$df.residual, nrow(used), length(slopes)))
}
effects("effects/share/nothing", character(0))
effects("effects/share/covariates", c("belief", "history"))

# Hazards on person-weeks. The log-likelihood of a week is differentiated by R itself, so that the observed information
# and the scores are R's; glm and vcovCL have the expected one, the same for the logit only.
hazard <- function(case, weeks, exited, link, drop = NULL, terms = "factor(municipality)", columns = "treated") {
  used <- trial[complete.cases(trial[columns]), ]
  long <- used[rep(seq_len(nrow(used)), used[[weeks]]), c("municipality", "team", columns)]
  long$week <- sequence(used[[weeks]])
  long$exit <- as.integer(long$week == rep(used[[weeks]], used[[weeks]]) & rep(used[[exited]], used[[weeks]]) == 1)
  long$interval <- pmin((long$week - 1) %/% 4, 19)
  if (!is.null(drop)) long <- long[long$municipality != drop$municipality & long$interval != drop$interval, ]
  fit <- glm(reformulate(c(columns, "factor(interval)", terms), "exit"), binomial(link), long,
             control = glm.control(epsilon = 1e-15, maxit = 100))
  likelihood <- if (link == "logit") quote(y * eta - log(1 + exp(eta)))
                else quote(y * log(1 - exp(-exp(eta))) - (1 - y) * exp(eta))
  here <- list(y = long$exit, eta = fit$linear.predictors)
  first <- eval(D(likelihood, "eta"), here)
  second <- eval(D(D(likelihood, "eta"), "eta"), here)
  design <- model.matrix(fit)
  bread <- solve(crossprod(design, -second * design))
  scores <- rowsum(design * first, long$team)
  teams <- nrow(scores)
  clustered <- teams / (teams - 1) * bread %*% crossprod(scores) %*% bread
  for (column in columns)
    keep(if (column == "treated") case else paste0(case, "/", column), c("estimate", "se", "se_clustered", "n", "n_clusters"),
         c(coef(fit)[column], sqrt(bread[column, column]), sqrt(clustered[column, column]), nrow(long), teams))
  # The packages' own errors: equal for the logit, expected information for the cloglog.
  keep(case, c("se_glm", "se_vcovCL"),
       c(summary(fit)$coefficients["treated", 2],
         sqrt(vcovCL(fit, cluster = long$team, type = "HC0", cadjust = TRUE)["treated", "treated"])))
}
for (link in c("logit", "cloglog")) {
  hazard(paste0("hazard/", link, "/exit"), "weeks", "exited", link)
  hazard(paste0("hazard/", link, "/sparse"), "weeks_sparse", "exited_sparse", link,
         drop = list(municipality = "m20", interval = 2))
  hazard(paste0("hazard/", link, "/covariates"), "weeks", "exited", link, columns = c("treated", "belief", "history"))
  hazard(paste0("hazard/", link, "/no_strata"), "weeks", "exited", link, terms = NULL,
         columns = c("treated", "belief", "history"))
}

# Kaplan-Meier with Greenwood's variance and log-log limits.
for (arm in 0:1) {
  curve <- summary(survfit(Surv(weeks, exited) ~ 1, trial[trial$treated == arm, ], conf.type = "log-log"),
                   times = c(1, 12, 26, 52, 81))
  for (statistic in c("surv", "std.err", "lower", "upper", "n.risk"))
    keep(paste0("kaplan_meier/", arm, "/", curve$time), statistic, curve[[statistic]])
}

# Kernel density with bandwidth bw.nrd0, summed exactly; density() itself interpolates a Fourier transform.
for (variable in c("wait_days", "history")) {
  values <- trial[[variable]]
  width <- bw.nrd0(values)
  keep(paste0("density/", variable), "bandwidth", width)
  for (probability in c(0, 0.5, 1)) {
    point <- quantile(values, probability)
    keep(paste0("density/", variable, "/", probability), c("point", "density"),
         c(point, mean(dnorm((point - values) / width)) / width))
  }
}

# Tobit with robust errors: AER's tobit is survreg; sandwich has no factor N/(N-1).
suppressPackageStartupMessages(library(AER))
for (outcome in c("share", "unknown")) {
  used <- trial[complete.cases(trial[c(outcome, "belief", "history")]), ]
  used$y <- pmin(pmax(used[[outcome]], 0.15), 0.5)
  fit <- tobit(y ~ belief + history + treated + wait_days, left = 0.15, right = 0.5, data = used,
               control = survreg.control(rel.tolerance = 1e-14, maxiter = 200))
  robust <- sqrt(diag(sandwich(fit)))
  for (name in c("(Intercept)", "belief", "history", "treated", "wait_days"))
    keep(paste0("tobit/", outcome, "/", name), c("estimate", "se_robust", "se"),
         c(coef(fit)[name], robust[name], sqrt(diag(vcov(fit)))[name]))
  keep(paste0("tobit/", outcome), c("sigma", "log_likelihood", "n"), c(fit$scale, fit$loglik[2], nrow(used)))
}

write.csv(do.call(rbind, rows), "results.csv", row.names = FALSE, quote = FALSE)
