"""Monthly wage records of a life course: which months have one, with which employer and for how many hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.twin.behaviour import pick, read_rows, state_codes
from pipeline.twin.randomness import generator
from pipeline.twin.weeks import MONTH, MONTHS, WEEKS, any_in_month

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAID_WHILE_SICK = 0.7  # share of sick leaves from a job with salary from the employer
PAID_WEEKS = (8, 17, 26, 52)  # how long it lasts
SAME_EMPLOYER = 0.7  # share who go back to the employer they were sick-listed from
FULL_TIME = 0.55
PART_DEGREES = (20, 100)  # hundredths of full time of the others
PARTLY_FIT = 0.5  # of the usual hours
FLEXJOB_DEGREE = 0.4
JOBS = 24  # draws of employer, degree and salary for a person; later jobs use them again


def wage_months(states: NDArray[np.int8], person: NDArray[np.int64]) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
    """Degree of employment in hundredths and industry code, each (n, MONTHS); 0 in a month without a wage record.

    A month has a record if the person works in any of its weeks; and, unless a week of it is without both benefit
    and work, if a job pays through a benefit (salary during sickness, flex job).
    """
    names = list(state_codes())
    rule = np.array([row["wage"] for row in read_rows("states.csv")])[states]
    is_working = states == names.index("employed")
    is_idle = states == names.index("self_support")
    degree = np.zeros((len(person), MONTHS), dtype=np.int16)
    industry = np.zeros((len(person), MONTHS), dtype=np.int32)
    worked_month, idle_month = any_in_month(is_working), any_in_month(is_idle)
    for row, number in enumerate(person):
        hours, job = _weekly_hours(rule[row], is_working[row], int(number), states[row] == names.index("partly_fit"))
        counted = worked_month[row] | ~idle_month[row]
        monthly = np.bincount(MONTH, weights=hours, minlength=MONTHS + 1) / np.bincount(MONTH)
        first_job = np.full(MONTHS + 1, -1)
        with_job = np.flatnonzero(hours > 0)[::-1]
        first_job[MONTH[with_job]] = job[with_job]
        has_wage = (first_job >= 0) & counted
        degree[row] = np.where(has_wage, np.clip(np.floor(monthly), 1, 100), 0)[:MONTHS]
        industry[row] = np.where(has_wage, first_job, 0)[:MONTHS]
    return degree, industry


def _weekly_hours(
    rule: NDArray[np.str_], is_working: NDArray[np.bool_], person: int, is_partly_fit: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Degree in hundredths (WEEKS,) of the weeks with a wage and the industry of the job held in each week."""
    draws = generator(f"jobs/{person}").random((JOBS, 5))
    industries = read_rows("industries.csv")
    shares = np.cumsum([float(row["share"]) for row in industries])
    job_industry = np.array([int(row["code"]) for row in industries])[pick(shares, draws[:, 0])]
    part = PART_DEGREES[0] + np.floor(draws[:, 2] * (PART_DEGREES[1] - PART_DEGREES[0])).astype(np.int64)
    job_degree = np.where(draws[:, 1] < FULL_TIME, 100, part)
    limit = np.where(draws[:, 3] < PAID_WHILE_SICK, np.array(PAID_WEEKS)[pick(np.arange(1, 5) / 4, draws[:, 4])], 0)
    hours, job = np.zeros(WEEKS, dtype=np.int64), np.zeros(WEEKS, dtype=np.int64)
    number, away, was_employed = 0, 0, False
    for week in range(WEEKS):
        if is_working[week]:
            if away and (not was_employed or draws[number % JOBS, 4] > SAME_EMPLOYER):
                number += 1
            hours[week], away, was_employed = job_degree[number % JOBS], 0, True
        else:
            away += 1
            was_employed = was_employed and rule[week] == "by_employer"
            if rule[week] == "always":
                hours[week] = int(FLEXJOB_DEGREE * 100)
            elif was_employed and away <= limit[number % JOBS]:
                hours[week] = job_degree[number % JOBS] * (PARTLY_FIT if is_partly_fit[week] else 1)
        job[week] = job_industry[number % JOBS]
    return hours, job
