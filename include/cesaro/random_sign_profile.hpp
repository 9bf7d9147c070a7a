// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/attention/attention_of_pairs.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/interruption.hpp>
#include <cesaro/detail/random.hpp>
#include <cesaro/detail/scaled.hpp>
#include <cesaro/position_gains.hpp>
#include <cesaro/profile_estimate.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <sstream>
#include <vector>

namespace cesaro {

/// The profile of jacobian_profile(gains), estimated over random signs: for contexts too long for its kernel.
///
/// A sample is one pass of a row vector through the network, last layer first, with independent random signs
/// \f$\varepsilon\f$ in place of the layers' random matrices. Over them,
///
/// \f[ \frac{1}{d}\,\mathbb E\left\|\frac{\partial x_{out}[n]}{\partial x_{in}[m]}\right\|_F^2
///     = \mathbb E_{\varepsilon, \varepsilon'}\left[ \Big( e_n^T \prod_{l=H-1}^{0} (I + \varepsilon'_l
///     \operatorname{diag} f_l)(I + \varepsilon_l A_l \operatorname{diag} g_l) \Big)_m^2 \right], \f]
///
/// n the last position, \f$A_l\f$ uniform attention to the past or the layer's window, \f$g_l\f$ and
/// \f$f_l\f$ the gains of attention and feed-forward.
///
/// \param gains at least one token; both matrices tokens x layers, or no feed-forward.
/// \param samples at least 2.
/// \return the square root of the mean, and its standard error by the delta method.
/// \throws std::domain_error when a gain is negative or not finite, samples < 2, or the gains are so large
///         that \f$\prod_l (1 + \max f_l) (1 + \max g_l)\f$, which bounds every sample, exceeds half the
///         largest scalar.
/// \throws std::invalid_argument when the shapes differ.
/// Cost O(samples · tokens · layers). Accuracy: the squares are unbiased; the relative standard error falls
/// as 1/sqrt(samples). The same bits for the same seed on every machine.
template <real_scalar Real>
[[nodiscard]] profile_estimate<Real> random_sign_profile(const position_gains<Real>& gains,
                                                         Eigen::Index samples, std::uint64_t seed) {
    using std::sqrt;
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
    std::vector<attention_of_pairs<Real>> heads;  // layer after layer
    for (Eigen::Index l = 0; l < depth; ++l)
        for (Eigen::Index h = 0; h < gains.heads(); ++h)
            heads.push_back(detail::head_of<Real>(gains, l, h));
    auto engine = detail::random_stream(seed, {detail::sign_stream});
    const auto sign = [&engine] { return Real(int(engine() >> 63) * 2 - 1); };

    using Number = detail::scaled<Real>;  // squares of squares leave the range of Real at gains of 1e77
    detail::root_mean<Number> mean;
    for (Eigen::Index s = 0; s < samples; ++s) {
        detail::interruption_point();
        Eigen::VectorX<Real> v = Eigen::VectorX<Real>::Zero(tokens);
        v[tokens - 1] = Real(1);
        for (Eigen::Index l = depth; l-- > 0;) {
            const Eigen::VectorX<Real> output = v;
            if (feeds_forward) v += sign() * gains.feed_forward.col(l).cwiseProduct(output);
            Eigen::VectorX<Real> pulled = gains.parallel ? output : v;
            if (gains.attention_output.size() > 0)
                pulled = pulled.cwiseProduct(gains.attention_output.col(l)).eval();
            Eigen::VectorX<Real> sum = Eigen::VectorX<Real>::Zero(tokens);
            for (Eigen::Index h = 0; h < gains.heads(); ++h)
                sum += sign() * heads[std::size_t(l * gains.heads() + h)].apply_transpose(pulled);
            v += gains.attention.col(l).cwiseProduct(sum) / sqrt(Real(gains.heads()));
        }
        mean.add(v.unaryExpr([](const Real& entry) { return Number(entry) * Number(entry); }));
    }
    return mean.template estimate<Real>();
}

}  // namespace cesaro
