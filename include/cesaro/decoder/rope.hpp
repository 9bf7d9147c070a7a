// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/detail/check_probes.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/equals.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace cesaro {

namespace detail {

/// \f$\theta^{-2i/r}\f$.
[[nodiscard]] inline Eigen::VectorXd plain_frequencies(double theta, Eigen::Index width) {
    return Eigen::VectorXd::NullaryExpr(
        width / 2, [&](Eigen::Index i) { return std::pow(theta, -2 * double(i) / double(width)); });
}

/// The base of dynamic scaling, which grows with a text longer than the original context.
[[nodiscard]] inline double dynamic_theta(const rope_config& rope, Eigen::Index width, Eigen::Index tokens) {
    const double length = std::max(double(tokens), rope.original_positions) / rope.original_positions;
    if (width <= 2) return rope.theta;  // the one frequency is 1
    return rope.theta * std::pow(rope.factor * length - (rope.factor - 1), double(width) / double(width - 2));
}

/// 0 for frequencies that stay, 1 for those divided by the factor, as llama3 has it: by wavelength.
[[nodiscard]] inline double llama3_share(const rope_config& rope, double frequency) {
    const double turns = rope.original_positions * frequency / boost::math::constants::two_pi<double>();
    if (turns > rope.high_frequency_factor) return 0;
    if (turns < rope.low_frequency_factor) return 1;
    const double range = rope.high_frequency_factor - rope.low_frequency_factor;
    return range > 0 ? 1 - (turns - rope.low_frequency_factor) / range : 0;
}

/// The same for the pair i of yarn: a ramp between the pairs that turn beta_fast and beta_slow times in the
/// original context.
[[nodiscard]] inline double yarn_share(const rope_config& rope, Eigen::Index width, Eigen::Index i) {
    const auto pair_of = [&](double turns) {
        const double wavelength = rope.original_positions / turns;
        return double(width) * std::log(wavelength / boost::math::constants::two_pi<double>()) /
               (2 * std::log(rope.theta));
    };
    double low = pair_of(rope.beta_fast);
    double high = pair_of(rope.beta_slow);
    if (rope.truncate) {
        low = std::floor(low);
        high = std::ceil(high);
    }
    low = std::max(low, 0.0);
    high = std::min(high, double(width - 1));
    if (equals(low, high)) high += 0.001;  // no division by zero
    return std::clamp((double(i) - low) / (high - low), 0.0, 1.0);
}

}  // namespace detail

namespace nn {

/// The frequencies of RoPE: \f$f_i = \theta^{-2i/r}\f$, i = 0 .. r/2 - 1, scaled for long contexts. With F
/// the factor and L the original context,
///
/// | scaling  | frequency                                                                                |
/// |----------|------------------------------------------------------------------------------------------|
/// | linear   | \f$f_i/F\f$                                                                              |
/// | dynamic  | \f$\theta\f$ times \f$(F \max(n, L)/L - F + 1)^{r/(r-2)}\f$ for n tokens                 |
/// | llama3   | \f$(1 - s) f_i + s f_i/F\f$, s from 1 to 0 as turns in L go from low to high factor       |
/// | yarn     | the same, s from 0 to 1 between the pairs that turn beta_fast and beta_slow times        |
/// | longrope | \f$f_i\f$ over the short factors up to L tokens, over the long ones beyond               |
///
/// \param width r, even.
/// \param tokens of the text.
/// \throws std::domain_error when width or tokens is negative, or width is odd.
///
/// Sources: Su et al., arXiv 2104.09864; Peng et al., arXiv 2309.00071 (dynamic, yarn); Dubey et al.,
/// arXiv 2407.21783 (llama3); Ding et al., arXiv 2402.13753 (longrope).
[[nodiscard]] inline Eigen::VectorXd rope_frequencies(const rope_config& rope, Eigen::Index width,
                                                      Eigen::Index tokens) {
    const char* const function = "nn::rope_frequencies";
    detail::check_at_least(function, "width", width, 0);
    detail::check_at_least(function, "tokens", tokens, 0);
    if (width % 2 != 0) detail::throw_domain_error(function, "width", width, "must be even");
    if (!(rope.theta > 0 && std::isfinite(rope.theta)))
        detail::throw_domain_error(function, "theta", rope.theta, "must be positive and finite");
    const bool dynamic = rope.scaling == rope_scaling::dynamic;
    const double theta = dynamic ? detail::dynamic_theta(rope, width, tokens) : rope.theta;
    Eigen::VectorXd frequencies = detail::plain_frequencies(theta, width);
    const auto& factors = double(tokens) > rope.original_positions ? rope.long_factors : rope.short_factors;
    if (rope.scaling == rope_scaling::longrope)
        detail::check_size(function, "factors", Eigen::Index(factors.size()), width / 2);
    for (Eigen::Index i = 0; i < width / 2; ++i) {
        double& f = frequencies[i];
        const double share = rope.scaling == rope_scaling::linear   ? 1
                             : rope.scaling == rope_scaling::llama3 ? detail::llama3_share(rope, f)
                             : rope.scaling == rope_scaling::yarn   ? detail::yarn_share(rope, width, i)
                                                                    : 0;
        if (rope.scaling == rope_scaling::longrope) f /= factors[std::size_t(i)];
        if (share > 0) f = (1 - share) * f + share * f / rope.factor;
    }
    return frequencies;
}

/// The rotations of RoPE for positions 0 .. tokens-1: pair i turns at position \f$t\f$ by \f$t f_i\f$.
///
/// Source: Su et al., arXiv 2104.09864, section 3.2.
template <real_scalar Real>
struct rope_rotations {
    Eigen::MatrixX<Real> cosine;  ///< pairs x tokens
    Eigen::MatrixX<Real> sine;    ///< pairs x tokens

    /// \param factor cosines and sines are multiplied by it.
    /// \throws std::domain_error when tokens is negative. Cost O(pairs · tokens).
    rope_rotations(const Eigen::VectorXd& frequencies, Eigen::Index tokens, double factor = 1) {
        detail::check_at_least("nn::rope_rotations", "tokens", tokens, 0);
        cosine.resize(frequencies.size(), tokens);
        sine.resize(frequencies.size(), tokens);
        for (Eigen::Index i = 0; i < frequencies.size(); ++i) {
            for (Eigen::Index t = 0; t < tokens; ++t) {
                const double angle = double(t) * frequencies[i];  // in double: t may be large
                cosine(i, t) = Real(factor * std::cos(angle));
                sine(i, t) = Real(factor * std::sin(angle));
            }
        }
    }
};

/// Where the pairs of a head are: entries first .. first + 2 pairs of its `head_width`; (i, i + pairs), or
/// neighbours where they are interleaved.
struct rotated_entries {
    Eigen::Index head_width;
    Eigen::Index first = 0;
    bool interleaved = false;
};

/// Turns every head of a block of rows in place.
/// \param direction +1, or -1 for the transpose, which is the vector-Jacobian product (and, without a factor,
///        the inverse).
/// \param x (heads · head_width) x (probes · tokens), one block of tokens columns per probe.
/// \throws std::invalid_argument when x is no whole number of heads or of blocks of tokens, or a head has not
///         the entries to turn.
template <class Real, class Block>
void rotate_heads(const rope_rotations<Real>& rotations, const rotated_entries& entries, int direction,
                  Block&& x) {
    const char* const function = "nn::rotate_heads";
    const Eigen::Index pairs = rotations.cosine.rows();
    const Eigen::Index tokens = rotations.cosine.cols();
    const Eigen::Index w = entries.head_width;
    detail::check_probes(function, "x", x.cols(), tokens);
    if (w < 1 || x.rows() % w != 0) {
        detail::throw_invalid_argument(function, "rows of x", x.rows(),
                                       "must be a multiple of the head's width, " + std::to_string(w));
    }
    if (entries.first < 0 || entries.first + 2 * pairs > w) {
        detail::throw_invalid_argument(function, "pairs", pairs,
                                       "must fit into the head's width, " + std::to_string(w));
    }
    const Eigen::Index stride = entries.interleaved ? 2 : 1;
    const Eigen::Index partner = entries.interleaved ? 1 : pairs;
    for (Eigen::Index c = 0; c < x.cols(); ++c) {
        const auto cosine = rotations.cosine.col(c % tokens);
        const auto sine = rotations.sine.col(c % tokens);
        for (Eigen::Index first = entries.first; first < x.rows(); first += w) {
            for (Eigen::Index i = 0; i < pairs; ++i) {
                Real& upper = x.coeffRef(first + stride * i, c);
                Real& lower = x.coeffRef(first + stride * i + partner, c);
                const Real a = upper;
                const Real b = lower;
                const Real s = direction > 0 ? sine[i] : Real(-sine[i]);
                upper = cosine[i] * a - s * b;
                lower = s * a + cosine[i] * b;
            }
        }
    }
}

}  // namespace nn

}  // namespace cesaro
