// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/cesaro_operator.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/parallel.hpp>
#include <cesaro/detail/random.hpp>
#include <cesaro/detail/scaled.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace cesaro {

namespace detail {

/// Throws std::domain_error unless every gain is finite and not negative (NaN fails).
template <class Derived>
void check_gains(std::string_view function, std::string_view argument,
                 const Eigen::DenseBase<Derived>& gains) {
    using Real = typename Derived::Scalar;
    for (Eigen::Index l = 0; l < gains.cols(); ++l) {
        for (Eigen::Index m = 0; m < gains.rows(); ++m) {
            const Real gain = gains.coeff(m, l);
            if (!(gain >= Real(0)) ||
                (std::numeric_limits<Real>::has_infinity && gain == std::numeric_limits<Real>::infinity())) {
                throw_domain_error(
                    function,
                    std::string(argument) + "(" + std::to_string(m) + ", " + std::to_string(l) + ")", gain,
                    "must be finite and not negative");
            }
        }
    }
}

/// The elementary symmetric polynomials e_0 .. e_H of the squares of H numbers: sums of positive terms.
template <class Number, class Real>
std::vector<Number> elementary_symmetric_of_squares(const Eigen::VectorX<Real>& x) {
    std::vector<Number> e(std::size_t(x.size()) + 1, Number(Real(0)));
    e[0] = Number(Real(1));
    for (std::size_t l = 0; l + 1 < e.size(); ++l) {
        const Number gain(x[Eigen::Index(l)]);
        const Number square = gain * gain;
        for (std::size_t k = l + 1; k > 0; --k)
            e[k] += square * e[k - 1];
    }
    return e;
}

/// The squares of jacobian_profile(), with nothing but + * /.
template <class Real, class Number = Real>
Eigen::VectorX<Number> squared_jacobian_profile(Eigen::Index tokens, const Eigen::VectorX<Real>& gains) {
    const auto e = elementary_symmetric_of_squares<Number>(gains);
    const Number size{Real(tokens)};
    std::vector<Number> h(e.size() - 1, Number(Real(0)));  // h_0 .. h_{H-1}(m+1 .. tokens)
    if (!h.empty()) h[0] = Number(Real(1));
    Eigen::VectorX<Number> profile(tokens);
    for (Eigen::Index m = tokens; m-- > 0;) {
        const Number position{Real(m + 1)};
        for (std::size_t k = 1; k < h.size(); ++k)
            h[k] += h[k - 1] / position;
        Number sum(Real(m == tokens - 1 ? 1 : 0));
        for (std::size_t k = 0; k < h.size(); ++k) {
            const Number entry = h[k] / size;
            sum += e[k + 1] * entry * entry;
        }
        profile[m] = sum;
    }
    return profile;
}

/// The roots of squares: numbers of Real where the squares are not.
template <class Real>
Eigen::VectorX<Real> roots(const Eigen::VectorX<scaled<Real>>& squares) {
    Eigen::VectorX<Real> profile(squares.size());
    for (Eigen::Index m = 0; m < squares.size(); ++m)
        profile[m] = static_cast<Real>(sqrt(squares[m]));
    return profile;
}

/// Whether sums of positive terms, none above `bound` but for rounding, are accurate: nothing overflowed, and
/// what underflowed, times at most `bound`, is below rounding. False where any is NaN.
template <class Real>
bool kept_in_range(const Eigen::VectorX<Real>& sums, const Real& bound) {
    const Real epsilon = std::numeric_limits<Real>::epsilon();
    const Real least = bound * ((std::numeric_limits<Real>::min)() / epsilon / epsilon);
    return std::all_of(sums.begin(), sums.end(), [&](const Real& sum) {
        return sum >= least && sum <= (std::numeric_limits<Real>::max)();
    });
}

}  // namespace detail

/// Norms of the Jacobian of the last position by each source position, under independent random weights.
///
/// For \f$x_{l+1} = x_l + M x_l W_l\f$ with M the Cesàro matrix, n the last position and the entries of
/// \f$W_l\f$ independent of mean zero and variance \f$\sigma_l^2/d\f$,
///
/// \f[ \sqrt{\frac{1}{d}\,\mathbb E\left\|\frac{\partial x_{out}[n]}{\partial x_{in}[m]}\right\|_F^2}
///     = \sqrt{\sum_{k=0}^{H} e_k(\sigma_0^2, \dots, \sigma_{H-1}^2)\left([M^k]_{n,m}\right)^2}, \f]
///
/// \f$e_k\f$ the elementary symmetric polynomials and \f$[M^k]_{n,m} = h_{k-1}(\tfrac1{m+1}, \dots,
/// \tfrac1{n+1})/(n+1)\f$ with the complete homogeneous ones.
/// \param tokens n + 1, at least 0.
/// \param gains \f$\sigma_l \ge 0\f$, layer 0 first.
/// \return one value per source position, not normalised.
/// \throws std::domain_error when tokens < 0 or a gain is negative or not finite.
/// \throws std::length_error when the profile does not fit in memory.
/// Cost O(tokens · layers), some ten times more where the squares leave the range of the scalar. Accuracy:
/// sums of positive terms; relative error at most about (layers + tokens) epsilon, in practice far less;
/// infinite where the norm itself overflows.
template <class Derived>
Eigen::VectorX<typename Derived::Scalar> jacobian_profile(Eigen::Index tokens,
                                                          const Eigen::MatrixBase<Derived>& gains) {
    using std::sqrt;
    using Real = typename Derived::Scalar;
    static_assert(real_scalar<Real> && Derived::IsVectorAtCompileTime);
    detail::check_at_least("jacobian_profile", "tokens", tokens, 0);
    detail::check_fits_in_memory<Real>("jacobian_profile", tokens, 1);
    const Eigen::VectorX<Real> values = gains;
    detail::check_gains("jacobian_profile", "gains", values);
    Eigen::VectorX<Real> profile = detail::squared_jacobian_profile(tokens, values);
    Real bound(1);
    for (const Real& gain : values)
        bound *= 1 + gain * gain;
    if (!detail::kept_in_range(profile, bound))
        return detail::roots(detail::squared_jacobian_profile<Real, detail::scaled<Real>>(tokens, values));
    for (Real& entry : profile)
        entry = sqrt(entry);
    return profile;
}

/// Gains that depend on layer and position, tokens x layers each: what normalisation layers do.
template <class Real>
struct position_gains {
    Eigen::MatrixX<Real> attention;     ///< \f$g_l(m)\f$, of the branch that averages over positions
    Eigen::MatrixX<Real> feed_forward;  ///< \f$f_l(m)\f$, of the branch that stays at its position; empty: 0
};

namespace detail {

template <class Real>
void check_position_gains(std::string_view function, const position_gains<Real>& gains) {
    check_at_least(function, "tokens", gains.attention.rows(), 1);
    check_gains(function, "gains.attention", gains.attention);
    check_gains(function, "gains.feed_forward", gains.feed_forward);
    if (gains.feed_forward.size() > 0) {
        check_size(function, "rows of gains.feed_forward", gains.feed_forward.rows(), gains.attention.rows());
        check_size(function, "columns of gains.feed_forward", gains.feed_forward.cols(),
                   gains.attention.cols());
    }
}

/// \f$M^T B M\f$ for a symmetric B, M the Cesàro matrix.
template <class Real>
Eigen::MatrixX<Real> average_both_sides(const Eigen::MatrixX<Real>& b) {
    const cesaro_operator<Real> mean_of_past(b.rows());
    const auto pull_back = [&](const Eigen::MatrixX<Real>& x) {
        Eigen::MatrixX<Real> y(x.rows(), x.cols());
        parallel_pieces(x.cols(), 32, [&](Eigen::Index first, Eigen::Index size) {
            mean_of_past.apply_transpose(x.middleCols(first, size), y.middleCols(first, size));
        });
        return y;
    };
    return pull_back(pull_back(b).transpose());
}

/// The squares of jacobian_profile(gains), with nothing but + * /.
template <class Real>
Eigen::VectorX<Real> squared_jacobian_profile(const position_gains<Real>& gains) {
    const Eigen::Index tokens = gains.attention.rows();
    Eigen::MatrixX<Real> b = Eigen::MatrixX<Real>::Constant(tokens, tokens, Real(0));
    b(tokens - 1, tokens - 1) = Real(1);
    for (Eigen::Index l = gains.attention.cols(); l-- > 0;) {
        if (gains.feed_forward.size() > 0) {
            const auto f = gains.feed_forward.col(l).asDiagonal();
            b += (f * b * f).eval();
        }
        const auto g = gains.attention.col(l).asDiagonal();
        b += g * average_both_sides(b) * g;
    }
    return b.diagonal();
}

/// The same in scaled numbers, at many times the cost.
template <class Real>
Eigen::VectorX<scaled<Real>> scaled_squared_jacobian_profile(const position_gains<Real>& gains) {
    using Number = scaled<Real>;
    const Eigen::Index tokens = gains.attention.rows();
    Eigen::MatrixX<Number> b(tokens, tokens);
    b(tokens - 1, tokens - 1) = Number(Real(1));
    const auto for_all_entries = [&](const auto& body) {
        for (Eigen::Index j = 0; j < tokens; ++j)
            for (Eigen::Index i = 0; i < tokens; ++i)
                body(i, j);
    };
    for (Eigen::Index l = gains.attention.cols(); l-- > 0;) {
        const auto product = [l](const Eigen::MatrixX<Real>& gain, Eigen::Index i, Eigen::Index j) {
            return Number(gain(i, l)) * Number(gain(j, l));
        };
        if (gains.feed_forward.size() > 0) {
            for_all_entries([&](Eigen::Index i, Eigen::Index j) {
                b(i, j) += product(gains.feed_forward, i, j) * b(i, j);
            });
        }
        Eigen::MatrixX<Number> mean = b;  // M^T B M: running sums over columns, then rows
        for (Eigen::Index j = 0; j < tokens; ++j) {
            Number sum;
            for (Eigen::Index i = tokens; i-- > 0;)
                mean(i, j) = sum += mean(i, j) / Number(Real(i + 1));
        }
        for (Eigen::Index i = 0; i < tokens; ++i) {
            Number sum;
            for (Eigen::Index j = tokens; j-- > 0;)
                mean(i, j) = sum += mean(i, j) / Number(Real(j + 1));
        }
        for_all_entries(
            [&](Eigen::Index i, Eigen::Index j) { b(i, j) += product(gains.attention, i, j) * mean(i, j); });
    }
    return b.diagonal();
}

/// prod_l (1 + max_m f_l(m)^power) (1 + max_m g_l(m)^power): what the sum of the entries of B (power 2), or
/// of the absolute entries of a row of the product (power 1), cannot exceed, as the rows of M sum to one.
template <class Real>
Real growth_bound(const position_gains<Real>& gains, int power) {
    Real bound(1);
    for (const auto* gain : {&gains.attention, &gains.feed_forward}) {
        if (gain->size() == 0) continue;
        for (Eigen::Index l = 0; l < gain->cols(); ++l) {
            const Real largest = gain->col(l).maxCoeff();
            bound *= 1 + (power == 2 ? Real(largest * largest) : largest);
        }
    }
    return bound;
}

}  // namespace detail

/// The profile of jacobian_profile(tokens, gains) for gains that depend on layer and position: in layer l the
/// attention branch is \f$M \operatorname{diag}(g_l)\f$ times an independent random matrix, then the
/// feed-forward branch \f$\operatorname{diag}(f_l)\f$ times another. With independent random signs
/// \f$\varepsilon\f$ in place of the matrices it is, n the last position,
///
/// \f[ \mathbb E_{\varepsilon, \varepsilon'}\left[ \Big( e_n^T \prod_{l=H-1}^{0} (I + \varepsilon'_l
///     \operatorname{diag} f_l)(I + \varepsilon_l M \operatorname{diag} g_l) \Big)_m^2 \right]^{1/2}
///     = \sqrt{B_{mm}}, \f]
///
/// B from \f$e_n e_n^T\f$ by \f$B \leftarrow B + \operatorname{diag}(f_l) B \operatorname{diag}(f_l)\f$ and
/// \f$B \leftarrow B + \operatorname{diag}(g_l) M^T B M \operatorname{diag}(g_l)\f$, last layer first.
/// \param gains at least one token; both matrices tokens x layers, or no feed-forward.
/// \return one value per source position, not normalised.
/// \throws std::domain_error when a gain is negative or not finite or there is no token.
/// \throws std::invalid_argument when the shapes differ.
/// \throws std::length_error when tokens x tokens scalars do not fit in memory.
/// Cost O(tokens² · layers), memory O(tokens²), both many times more where the squares may leave the range
/// of the scalar. Accuracy: sums of positive terms; relative error at most about layers · tokens epsilon, in
/// practice far less; infinite where the norm itself overflows. The same bits on any number of threads.
///
/// Source: the second moments of random layers, as in Schoenholz et al., arXiv 1611.01232.
template <real_scalar Real>
Eigen::VectorX<Real> jacobian_profile(const position_gains<Real>& gains) {
    using std::sqrt;
    const Eigen::Index tokens = gains.attention.rows();
    detail::check_position_gains("jacobian_profile", gains);
    detail::check_fits_in_memory<Real>("jacobian_profile", tokens, tokens);
    Eigen::VectorX<Real> profile = detail::squared_jacobian_profile(gains);
    if (!detail::kept_in_range(profile, detail::growth_bound(gains, 2))) {
        detail::check_fits_in_memory<detail::scaled<Real>>("jacobian_profile", tokens, 2 * tokens);
        return detail::roots(detail::scaled_squared_jacobian_profile(gains));
    }
    for (Real& entry : profile)
        entry = sqrt(entry);
    return profile;
}

/// A random estimate and its standard error, per source position.
template <class Real>
struct profile_estimate {
    Eigen::VectorX<Real> profile;
    Eigen::VectorX<Real> standard_error;
};

/// The profile of jacobian_profile(gains), estimated over random signs: for contexts too long for its kernel.
///
/// \param gains at least one token; both matrices tokens x layers, or no feed-forward.
/// \param samples at least 2.
/// \return the square root of the mean, and its standard error by the delta method.
/// \throws std::domain_error when a gain is negative or not finite, samples < 2, or the gains are so large
/// that \f$\prod_l (1 + \max f_l) (1 + \max g_l)\f$, which bounds every sample, exceeds half the largest
/// scalar. \throws std::invalid_argument when the shapes differ. Cost O(samples · tokens · layers). Accuracy:
/// the squares are unbiased; the relative standard error falls as 1/sqrt(samples). The same bits for the same
/// seed on every machine.
template <real_scalar Real>
profile_estimate<Real> random_sign_profile(const position_gains<Real>& gains, Eigen::Index samples,
                                           std::uint64_t seed) {
    const char* const function = "random_sign_profile";
    const Eigen::Index tokens = gains.attention.rows();
    const Eigen::Index depth = gains.attention.cols();
    const bool feeds_forward = gains.feed_forward.size() > 0;
    detail::check_at_least(function, "samples", samples, 2);
    detail::check_position_gains(function, gains);
    const Real bound = detail::growth_bound(gains, 1);
    const Real limit = (std::numeric_limits<Real>::max)() / 2;
    if (!(bound <= limit)) {
        std::ostringstream requirement;
        requirement << "must be at most " << limit;
        detail::throw_domain_error(function, "product over layers of (1 + largest gain)", bound,
                                   requirement.str());
    }
    const cesaro_operator<Real> mean_of_past(tokens);
    auto engine = detail::random_stream(seed, {detail::sign_stream});
    const auto sign = [&engine] { return Real(int(engine() >> 63) * 2 - 1); };

    // Scaled: the squares of squares leave the range of Real at gains of 1e77 or 1e-77.
    using Number = detail::scaled<Real>;
    std::vector<Number> mean(static_cast<std::size_t>(tokens));
    std::vector<Number> squares = mean;
    for (Eigen::Index s = 0; s < samples; ++s) {
        Eigen::VectorX<Real> v = Eigen::VectorX<Real>::Zero(tokens);
        v[tokens - 1] = Real(1);
        for (Eigen::Index l = depth; l-- > 0;) {
            if (feeds_forward) v += sign() * gains.feed_forward.col(l).cwiseProduct(v).eval();
            v += sign() * gains.attention.col(l).cwiseProduct(mean_of_past.apply_transpose(v));
        }
        for (std::size_t m = 0; m < mean.size(); ++m) {  // Welford's update
            const Number entry(v[Eigen::Index(m)]);
            const Number step = entry * entry - mean[m];
            mean[m] += step / Number(Real(s + 1));
            squares[m] += step * (entry * entry - mean[m]);
        }
    }
    profile_estimate<Real> estimate{Eigen::VectorX<Real>::Zero(tokens), Eigen::VectorX<Real>::Zero(tokens)};
    const Number freedom{Real(Real(samples) * Real(samples - 1))};
    for (std::size_t m = 0; m < mean.size(); ++m) {
        if (!(Number() < mean[m])) continue;
        const Number root = sqrt(mean[m]);
        const auto j = Eigen::Index(m);
        estimate.profile[j] = static_cast<Real>(root);
        estimate.standard_error[j] = static_cast<Real>(sqrt(squares[m] / freedom) / (root + root));
    }
    return estimate;
}

}  // namespace cesaro
