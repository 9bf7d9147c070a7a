#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Reference values of the closed forms to 60 significant digits: the tables in tests/data.

    scripts/reference_tables.py [--output tests/data] [--jobs 2] [--only discrete.txt ...]
    scripts/reference_tables.py --self-check

Needs mpmath (1.2 or later) and nothing else. All tables take two and a half minutes of processor time; running it
again reproduces every file byte for byte. --self-check compares the formulas below with further ones.

The formulas are not those of the library. There, an entry is a sum over the number of hops, with complete
homogeneous polynomials from Newton's identities. Here no hop is ever counted: entries and both tails are
Laurent coefficients, read off by the trapezoidal rule on a circle |z| = rho,

    p(m|n) = w_0 [m = n] + 1/(n+1) 1/(2 pi i) ∮ G(z; m+1, n+1) W(1/z) dz                   rho < m+1,
    P(source <= m) = (m+1)/(n+1) 1/(2 pi i) ∮ G(z; m+2, n+1) W(1/z) / (1-z) dz             rho < 1,
    P(source >  m) = (m+1)/(n+1) 1/(2 pi i) ∮ G(z; m+2, n+1) W(1/z) / (z-1) dz             1 < rho < m+2,

with G(z; a, b) = Gamma(b+1) Gamma(a-z) / (Gamma(a) Gamma(b+1-z)) and W(1/z) the product over the layers of
1 - alpha + alpha/z. In the continuum limit G becomes exp(u z) and the factor in front x = exp(-u); in the
depth limit W becomes exp(a/z - a). The integrands have non-negative Laurent coefficients, so the aliasing of
the rule with N points is below f(r) (rho/r)^(+-N) for every other admissible radius r: N is chosen by
that bound, the radius near the saddle, the precision by the size of f(rho) against the result, and what was
reached is asserted at the end. Queries below 12 come from exact rational products of the matrices.
"""

import argparse
import math
import multiprocessing
import pathlib
import sys
from fractions import Fraction

import mpmath
from mpmath import mp, mpf

DIGITS = 60
MARGIN = 64  # relative accuracy asserted, in digits

ALPHAS = [0.05, 0.3, 0.5, 0.9, 1.0]
DEPTHS = [1, 2, 12, 32, 96, 150, 400]


def text(value):
    """60 significant digits; exact zero and one as such."""
    if value == 0 or value == 1:
        return str(int(value))
    return mpmath.nstr(value, DIGITS, strip_zeros=False, min_fixed=0, max_fixed=0)


def to_mpf(fraction):
    return mpf(fraction.numerator) / fraction.denominator


# -------------------------------------------------------------------------------------------------- schedules
# A schedule is its name and the list of (alpha, number of layers); the order of the layers does not matter.


def constant(depth, alpha):
    return f"constant {depth} {alpha!r}", [(alpha, depth)]


def dyadic(depth):
    """alpha_l = ((7 l) mod 9) / 8, which holds 0 and 1."""
    counts = {}
    for layer in range(depth):
        alpha = (7 * layer % 9) / 8
        counts[alpha] = counts.get(alpha, 0) + 1
    return f"dyadic {depth} -", sorted(counts.items())


SCHEDULES = [constant(depth, alpha) for depth in DEPTHS for alpha in ALPHAS] + [
    dyadic(depth) for depth in (1, 5, 12, 32, 150, 400)
]


def hop_generating_function(layers, inverse):
    """W(1/z), given 1/z."""
    product = mpf(1)
    for alpha, count in layers:
        product *= (1 - mpf(alpha) + mpf(alpha) * inverse) ** count
    return product


def is_identity(layers):
    return all(alpha == 0 for alpha, _ in layers)


# ------------------------------------------------------------------------------------------- Laurent coefficients


def log10_of(value):
    return float(mpmath.log10(value)) if value > 0 else -math.inf


def alias_points(log_f, radii, rho, accuracy):
    """The N for which the aliasing is below 10^-accuracy: log_f(r) + N log10(rho/r), some r on either side.

    The radii lie in the annulus of analyticity; log_f is to the base 10.
    """

    def enough(candidates):
        best = math.inf
        for r in candidates:
            distance = abs(float(mpmath.log10(r / rho)))
            if distance > 1e-3:
                best = min(best, (log_f(r) + accuracy) / distance)
        return best

    above = enough([r for r in radii if r > rho])
    below = enough([r for r in radii if r < rho])
    return 16 * math.ceil(max(above, below, 32) / 16)


def half_circle(rho, points):
    """The nodes of the upper half circle and their weights; the lower half is the conjugate."""
    for j in range(points // 2 + 1):
        weight = mpf(1 if j in (0, points // 2) else 2) / points
        yield weight, rho * mpmath.expjpi(mpf(2 * j) / points)


# ---------------------------------------------------------------------------------------------- the exact row


def range_generating_function(a, b, z):
    return mpmath.exp(
        mpmath.loggamma(b + 1) - mpmath.loggamma(a) + mpmath.loggamma(a - z) - mpmath.loggamma(b + 1 - z)
    )


class Circle:
    """Radii 0.9 (m+1) 2^-j for one entry (n, m), shared by all schedules: G is computed once per radius."""

    def __init__(self, query, source):
        self.query, self.source = query, source
        self.a, self.b = source + 1, query + 1
        with mpmath.workdps(60):
            halvings = int(math.log2(self.a))
            radii = [mpf(9) / 10 * self.a / mpf(2) ** j for j in range(1, halvings + 16)]
            self.radii = radii[: halvings + 4]
            # Further ones, towards the pole and towards 0, for the bound of the aliasing only.
            self.bounds = radii + [mpf(r) / 100 * self.a for r in (60, 75, 90, 97)]
            self.log_g = {
                r: float(mpmath.log10(range_generating_function(self.a, self.b, r))) for r in self.bounds
            }

    def log_f(self, layers):
        """log10 of z G W, whose coefficient at 0 is the entry times n + 1."""
        logs = {
            r: log10_of(r) + self.log_g[r] + log10_of(hop_generating_function(layers, 1 / r))
            for r in self.bounds
        }
        return lambda r: logs[r]

    def plan(self, layers, tail_digits):
        """Index of the radius, points, working digits, digits to which the aliasing is bounded."""
        with mpmath.workdps(30):
            log_f = self.log_f(layers)
            # The pole of the tails at 1 must be well off the circle.
            usable = [j for j, r in enumerate(self.radii) if not 0.7 < r < 1.4]
            j = min(usable, key=lambda i: log_f(self.radii[i]))
            rho = self.radii[j]
            smallest = min(log_f(r) for r in self.bounds) - 15  # below the coefficient
            accuracy = MARGIN + 4 + tail_digits - smallest
            points = alias_points(log_f, self.bounds, rho, accuracy)
            # The tails' further factor 1 / (1-z): bounded by radii at least 3 % off the pole, on the
            # same side of it.
            same_side = [r for r in self.bounds if (r < 1) == (rho < 1) and not 0.97 < r < 1.03]
            tail = lambda r: log_f(r) + log10_of(1 / abs(1 - r))
            same_side.append(mpf(105 if rho > 1 else 95) / 100)
            logs = {r: tail(r) if r in self.log_g else self.log_tail_at(layers, r) for r in same_side}
            points = max(points, alias_points(lambda r: logs[r], same_side, rho, accuracy))
            digits = MARGIN + 30 + tail_digits + max(0, math.ceil(log_f(rho) - smallest))
        return j, points, digits, accuracy

    def log_tail_at(self, layers, r):
        g = range_generating_function(self.a, self.b, r)
        return log10_of(r * g * hop_generating_function(layers, 1 / r) / abs(1 - r))

    def evaluate(self, j, points, digits, schedules):
        """{name: (pdf, cdf, complement)} by the rule on one circle."""
        with mpmath.workdps(digits + 25):
            n, m = self.query, self.source
            rho = self.radii[j]
            sums = {name: [mpf(0), mpf(0)] for name, _ in schedules}
            for weight, z in half_circle(rho, points):
                common = weight * z * range_generating_function(self.a, self.b, z)
                inverse = 1 / z
                tail_factor = (1 - z / (m + 1)) / (1 - z)
                for name, layers in schedules:
                    value = common * hop_generating_function(layers, inverse)
                    sums[name][0] += value.real
                    sums[name][1] += (value * tail_factor).real
            results = {}
            for name, layers in schedules:
                pdf, tail = sums[name]
                pdf /= n + 1
                if m == n:
                    pdf += hop_generating_function(layers, 0)
                    results[name] = pdf, mpf(1), mpf(0)
                    continue
                tail *= mpf(m + 1) / (n + 1)
                cdf, complement = (tail, 1 - tail) if rho < 1 else (1 + tail, -tail)
                results[name] = pdf, cdf, complement
            return results

    def missing_digits(self, j, digits, accuracy, layers, result):
        """By how many digits rounding, or the bound of the aliasing, misses the margin; <= 0 if it is met."""
        pdf, cdf, complement = result
        with mpmath.workdps(30):
            error = max(self.log_f(layers)(self.radii[j]) - digits, -accuracy) - math.log10(self.query + 1)
            missing = MARGIN + error - log10_of(pdf) if pdf > 0 else 100
            if self.source < self.query:
                error += log10_of(self.source + 1) + max(0, log10_of(1 / abs(1 - self.radii[j])))
                smaller = min(cdf, complement)
                missing = max(missing, MARGIN + error - log10_of(smaller) if smaller > 0 else 100)
        return missing


def row_entries(query, source, schedules):
    circle = Circle(query, source)
    here = mpf(int(source == query))
    results = {name: (here, here, 1 - here) for name, layers in schedules if is_identity(layers)}
    pending = [(schedule, 0) for schedule in schedules if not is_identity(schedule[1])]
    while pending:
        groups = {}
        for schedule, extra in pending:
            j, *cost = circle.plan(schedule[1], extra)
            groups.setdefault(j, []).append((schedule, extra, *cost))
        pending = []
        for j, members in sorted(groups.items()):
            points = max(member[2] for member in members)
            digits = max(member[3] for member in members)
            values = circle.evaluate(j, points, digits, [member[0] for member in members])
            for (name, layers), extra, _, _, accuracy in members:
                missing = circle.missing_digits(j, digits, accuracy, layers, values[name])
                if missing <= 0:
                    results[name] = values[name]
                elif extra > 3000:
                    raise ArithmeticError(f"no convergence: {query} {source} {name}")
                else:
                    pending.append(((name, layers), extra + 30 + int(missing)))
    return results


def exact_row(query, layers):
    """Row `query` of the product of the layers' matrices, in rational arithmetic."""
    row = [Fraction(int(m == query)) for m in range(query + 1)]
    for alpha, count in layers:
        a = Fraction(alpha)
        for _ in range(count):
            below = Fraction(0)
            for m in range(query, -1, -1):
                below += row[m] / (m + 1)
                row[m] = (1 - a) * row[m] + a * below
    return row


def exact_entries(query, source, schedules):
    results = {}
    with mpmath.workdps(DIGITS + 20):
        for name, layers in schedules:
            row = exact_row(query, layers)
            results[name] = (
                to_mpf(row[source]),
                to_mpf(sum(row[: source + 1])),
                to_mpf(sum(row[source + 1 :], Fraction(0))),
            )
    return results


def positions():
    """(query, source) pairs: every size of context, every kind of source."""
    pairs = [(n, m) for n in (0, 1, 2) for m in range(n + 1)] + [(10, m) for m in (0, 1, 4, 9, 10)]
    for n in (1000, 10**6, 10**9, 10**12, 10**18, 2**62):
        sources = {0, 1, 30, n // 1000, n // 10, n // 2, n - 500, n - 5, n - 1, n}
        pairs += [(n, m) for m in sorted(sources)]
    return pairs


def discrete_job(job):
    (query, source), schedules = job
    if query < 12:
        results = exact_entries(query, source, schedules)
    else:
        results = row_entries(query, source, schedules)
    return [
        f"{query} {source} {name} " + " ".join(text(value) for value in results[name]) for name, _ in schedules
    ]


def discrete_table(pool):
    jobs = []
    for i, pair in enumerate(positions()):
        # A third of the schedules at every pair, another third at the next: all combinations in turn.
        chosen = [s for k, s in enumerate(SCHEDULES) if (i + k + k // len(ALPHAS)) % 3 == 0]
        jobs.append((pair, chosen))
    lines = ["# query source schedule depth alpha pdf cdf complement"]
    for rows in pool.imap(discrete_job, jobs, chunksize=1):
        lines += rows
    return lines


# ------------------------------------------------------------------------------------------ the continuum laws

POSITIONS = [1e-300, 1e-200, 1e-100, 2.0**-100, 1e-30, 1e-12, 2.0**-20, 1e-6, 1e-3, 0.01, 0.125, 0.25]
POSITIONS += [0.37, 0.5, 0.75, 0.9, 0.99, 0.9999, 1 - 2.0**-20, 1 - 1e-9, 1 - 1e-12]


def outside(r):
    """The factor of P(X > x), on circles about the pole at 1."""
    return 1 / (r - 1)


def inside(r):
    """The factor of P(X <= x), on circles within the pole at 1."""
    return 1 / (1 - r)


def entire(r):
    """The factor of the density, which leaves no pole at 1."""
    return mpf(1)


def law_saddle(x, hops, factor):
    """Radius, radii for the bound of the aliasing, log10 of |z e^(u z) W(1/z) factor(z)| at each of them."""
    with mpmath.workdps(40):
        u = -mpmath.log(mpf(x))
        steps = {inside: range(-239, 0), outside: range(1, 240), entire: range(-239, 240)}[factor]
        radii = [mpf(2) ** (mpf(k) / 4) for k in steps]
        logs = {
            r: float(u * r / mpmath.log(10)) + log10_of(r * hops(1 / r)) + log10_of(factor(r)) for r in radii
        }
        return min(radii[4:-4], key=logs.get), radii, logs


def law_coefficient(x, hops, factor):
    """The Laurent coefficient at 0 of z e^(u z) W(1/z) factor(z), u = ln(1/x), W(1/z) = hops(1/z)."""
    rho, radii, logs = law_saddle(x, hops, factor)
    lost = 10
    while True:
        # The result is at least 10^-lost times the integrand on the circle: assumed, and then asserted.
        points = alias_points(logs.get, radii, rho, MARGIN + lost - logs[rho])
        with mpmath.workdps(MARGIN + 10 + lost):
            u = -mpmath.log(mpf(x))
            total = mpf(0)
            for weight, z in half_circle(rho, points):
                total += weight * (z * mpmath.exp(u * z) * hops(1 / z) * factor(z)).real
            if log10_of(total) >= logs[rho] - lost:
                return total
        if lost > 2000:
            raise ArithmeticError(f"no convergence: x = {x}")
        lost *= 2


def law_tails(x, hops):
    """P(X <= x) and P(X > x): the smaller one as an integral, the other one as what it leaves."""

    def estimate(factor):
        rho, _, logs = law_saddle(x, hops, factor)
        return logs[rho]

    factor = min(inside, outside, key=estimate)
    tail = mpf(x) * law_coefficient(x, hops, factor)
    if not 0 < tail < 0.999:
        raise ArithmeticError(f"the larger tail was taken at x = {x}")
    return (tail, 1 - tail) if factor is inside else (1 - tail, tail)


def continuum_density(x, layers):
    u = -mpmath.log(mpf(x))
    if len(layers) == 1:
        ((alpha, depth),) = layers
        if alpha == 1:
            return u ** (depth - 1) / mpmath.factorial(depth - 1)
        a = mpf(alpha)
        return a * (1 - a) ** (depth - 1) * mpmath.laguerre(depth - 1, 1, -a * u / (1 - a))
    return law_coefficient(x, lambda inverse: hop_generating_function(layers, inverse), entire)


def continuum_job(job):
    x, (name, layers) = job
    with mpmath.workdps(MARGIN + 30):
        if is_identity(layers):
            values = mpf(0), mpf(0), mpf(1)
        else:
            tails = law_tails(x, lambda inverse: hop_generating_function(layers, inverse))
            values = continuum_density(x, layers), *tails
        return f"{x!r} {name} " + " ".join(text(value) for value in values)


def continuum_table(pool):
    jobs = [
        (x, schedule)
        for i, x in enumerate(POSITIONS)
        for k, schedule in enumerate(SCHEDULES)
        if (i + k + k // len(ALPHAS)) % 3 == 0
    ]
    return ["# x schedule depth alpha pdf cdf complement"] + list(pool.imap(continuum_job, jobs, chunksize=4))


TOTALS = [1e-3, 0.5, 3.0, 30.0, 500.0, 2000.0]


def depth_limit_density(a, x):
    u = -mpmath.log(mpf(x))
    return mpmath.exp(-a) * mpmath.sqrt(a / u) * mpmath.besseli(1, 2 * mpmath.sqrt(a * u))


def depth_limit_job(job):
    total, x = job
    with mpmath.workdps(MARGIN + 30):
        a = mpf(total)
        tails = law_tails(x, lambda inverse: mpmath.exp(a * inverse - a))
        return f"{total!r} {x!r} " + " ".join(text(v) for v in (depth_limit_density(a, x), *tails))


def depth_limit_table(pool):
    jobs = [(total, x) for total in TOTALS for x in POSITIONS]
    return ["# total_attention x pdf cdf complement"] + list(pool.imap(depth_limit_job, jobs, chunksize=4))


# ---------------------------------------------------------------------------------------------------- moments


def central_summary(raw):
    """mean, variance, skewness, kurtosis from E[V^s], s = 0 .. 4; the cancellation is left to the digits."""
    mean = raw[1]
    second = raw[2] - mean**2
    third = raw[3] - 3 * mean * raw[2] + 2 * mean**3
    fourth = raw[4] - 4 * mean * raw[3] + 6 * mean**2 * raw[2] - 3 * mean**4
    if isinstance(mean, Fraction):
        mean, second, third, fourth = map(to_mpf, (mean, second, third, fourth))
    values = mean, second, third / second**1.5, fourth / second**2
    return " ".join(text(value) for value in values)


def product_moments(layers):
    """E[X^s] = prod (1 - alpha + alpha / (1+s)), exactly."""
    return [
        math.prod((1 - Fraction(alpha) * Fraction(s, s + 1)) ** count for alpha, count in layers)
        for s in range(5)
    ]


def position_moments(n, layers):
    """E[m^s], through E[m (m-1) ... (m-s+1)] = n (n-1) ... (n-s+1) E[X^s] and Stirling's second numbers."""
    x = product_moments(layers)
    factorial = [x[s] * math.prod(range(n - s + 1, n + 1)) for s in range(5)]
    stirling = [[1], [0, 1], [0, 1, 1], [0, 1, 3, 1], [0, 1, 7, 6, 1]]
    return [sum(c * f for c, f in zip(row, factorial)) for row in stirling]


def moments_table(pool):
    lines = ["# law: discrete query, continuum 0, depth_limit total_attention; schedule depth alpha; then"]
    lines += ["# mean variance skewness kurtosis"]
    schedules = [schedule for schedule in SCHEDULES if not is_identity(schedule[1])]
    with mpmath.workdps(400):
        for i, n in enumerate((1, 2, 3, 10, 1000, 10**6, 10**12, 10**18, 2**62)):
            for k, (name, layers) in enumerate(schedules):
                if (i + k + k // len(ALPHAS)) % 3 == 0:
                    lines.append(f"discrete {n} {name} " + central_summary(position_moments(n, layers)))
        for name, layers in schedules:
            lines.append(f"continuum 0 {name} " + central_summary(product_moments(layers)))
        for total in TOTALS:
            raw = [mpmath.exp(-mpf(total) * s / (s + 1)) for s in range(5)]
            lines.append(f"depth_limit {total!r} - 0 - " + central_summary(raw))
    return lines


# ------------------------------------------------------------------------------------------------- power sums


def zeta_difference(a, b, r):
    if r == 1:
        return mpmath.digamma(b + 1) - mpmath.digamma(a)
    return mpmath.zeta(r, a) - mpmath.zeta(r, b + 1)


def power_sum(a, b, r):
    """Short sums term by term, else zeta(r, a) - zeta(r, b+1).

    mpmath's zeta is accurate against one, not against its value, so that a^-r digits more are asked for, and
    then twice over.
    """
    if b - a <= 1000:
        with mpmath.workdps(DIGITS + 20):
            return mpmath.fsum(mpf(i) ** -r for i in range(a, b + 1))
    digits = DIGITS + 50 + int(r * math.log10(a))
    with mpmath.workdps(digits):
        value = zeta_difference(a, b, r)
    with mpmath.workdps(digits + 30):
        check = zeta_difference(a, b, r)
    if abs(value - check) > abs(check) * mpf(10) ** -MARGIN:
        raise ArithmeticError(f"zeta is not accurate: {a} {b} {r}")
    return check


def power_sum_job(job):
    a, b = job
    return [f"{a} {b} {r} {text(power_sum(a, b, r))}" for r in (1, 2, 3, 8, 20, 60, 150)]


def power_sum_table(pool):
    most = 2**62
    firsts = [1, 2, 9, 30, 100, 180, 1000, 10**6, 2**31 + 1, 2**53 - 1, 2**53 + 1, 10**18, 2**60 + 77]
    jobs = [(a, a + d) for a in firsts for d in (0, 1, 6, 40, 1000, 10**6, a, most - a)]
    jobs += [(most, most), (most - 1, most), (most - 1000, most), (10**18, 2 * 10**18 + 1)]
    lines = ["# a b r value"]
    for rows in pool.imap(power_sum_job, jobs, chunksize=2):
        lines += rows
    return lines


# -------------------------------------------------------------------------------------------------------- main

TABLES = {
    "power_sum.txt": power_sum_table,
    "discrete.txt": discrete_table,
    "continuum.txt": continuum_table,
    "depth_limit.txt": depth_limit_table,
    "moments.txt": moments_table,
}


def check(what, value, expected, digits=DIGITS):
    error = abs(value - expected) / abs(expected) if expected else abs(value)
    print(f"{what}: {mpmath.nstr(error, 2)}")
    if not error < mpf(10) ** -digits:
        sys.exit(f"self-check failed: {what}")


def self_check():
    """The formulas against further ones."""
    mp.dps = 90
    for n, m in ((10, 0), (10, 4), (10, 9), (10, 10), (60, 0), (60, 13), (60, 59)):
        for schedule in (constant(12, 0.3), constant(32, 1.0), constant(96, 0.9), dyadic(12), dyadic(5)):
            name = schedule[0]
            circle, exact = row_entries(n, m, [schedule])[name], exact_entries(n, m, [schedule])[name]
            for what, value, expected in zip(("pdf", "cdf", "complement"), circle, exact):
                check(f"{what}, circle against rational matrices, {n} {m} {name}", value, expected)
    for x in (1e-30, 0.37, 0.9999):
        for depth, alpha in ((12, 0.3), (96, 0.05), (150, 1.0)):
            a, u = mpf(alpha), -mpmath.log(mpf(x))
            w = [mpmath.binomial(depth, k) * a**k * (1 - a) ** (depth - k) for k in range(depth + 1)]
            hops = lambda inverse: hop_generating_function([(alpha, depth)], inverse)
            below, above = law_tails(x, hops)
            gamma = [mpmath.gammainc(k, u, regularized=True) for k in range(1, depth + 1)]
            cdf = sum(wk * q for wk, q in zip(w[1:], gamma))
            complement = w[0] + sum(
                wk * mpmath.gammainc(k, 0, u, regularized=True) for k, wk in enumerate(w[1:], 1)
            )
            check(f"continuum cdf, incomplete gamma functions, {x} {depth} {alpha}", below, cdf)
            check(f"continuum complement, incomplete gamma functions, {x} {depth} {alpha}", above, complement)
            density = law_coefficient(x, hops, entire)
            check(f"continuum pdf, circle against Laguerre, {x}", density, continuum_density(x, [(alpha, depth)]))
    for total, x in ((0.5, 0.25), (30.0, 1e-6), (500.0, 1e-100)):
        u = -mpmath.log(mpf(x))
        integrand = lambda v: depth_limit_density(mpf(total), mpmath.exp(-v)) * mpmath.exp(-v)
        above = mpmath.exp(-mpf(total)) + mpmath.quad(integrand, [0, u / 4, u / 2, u])
        law = law_tails(x, lambda inverse: mpmath.exp(mpf(total) * (inverse - 1)))
        check(f"depth limit complement, quadrature of the density, {total} {x}", law[1], above, 40)
    for a, b, r in ((1, 1000, 1), (30, 70, 8), (10**18, 10**18 + 100, 60), (2**53 + 1, 2**53 + 7, 150)):
        with mpmath.workdps(DIGITS + 50 + int(r * math.log10(b))):
            value = zeta_difference(a, b, r)
        exact = to_mpf(sum(Fraction(1, i**r) for i in range(a, b + 1)))
        check(f"power sum, zeta against term by term, {a} {b} {r}", value, exact)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("tests/data"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--self-check", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_check:
        return self_check()
    preface = "# Generated by scripts/reference_tables.py; do not edit. 60 significant digits.\n"
    with multiprocessing.Pool(arguments.jobs) as pool:
        for name in arguments.only:
            (arguments.output / name).write_text(preface + "\n".join(TABLES[name](pool)) + "\n")


if __name__ == "__main__":
    main()
