// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/attention/attention_of_pairs.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/gains.hpp>
#include <cesaro/detail/interruption.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/detail/parallel.hpp>
#include <cesaro/detail/scaled.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <string>
#include <string_view>

namespace cesaro {

/// Gains that depend on layer and position, tokens x layers each: what normalisation layers do.
template <class Real>
struct position_gains {
    Eigen::MatrixX<Real> attention;     ///< \f$g_l(m)\f$, of the branch that averages over positions
    Eigen::MatrixX<Real> feed_forward;  ///< \f$f_l(m)\f$, of the branch that stays at its position; empty: 0
    /// Positions that a query of each layer sees, itself included; 0, or empty: all of its past.
    Eigen::VectorX<Eigen::Index> windows = {};
    /// \f$o_l(n)\f$, of the attention branch at the query, tokens x layers: a normalisation of what it adds,
    /// and what a sink leaves; empty: 1.
    Eigen::MatrixX<Real> attention_output = {};
    /// Factors \f$e^{-slope}\f$ by which the weights of each head decay with every position (ALiBi), in (0,
    /// 1]; empty: none does.
    Eigen::VectorX<Real> decays = {};
    bool parallel = false;  ///< both branches of a layer read the same stream

    [[nodiscard]] Eigen::Index window(Eigen::Index layer) const {
        return windows.size() > 0 ? windows[layer] : 0;
    }
    [[nodiscard]] Eigen::Index heads() const { return std::max<Eigen::Index>(1, decays.size()); }
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
    if (gains.attention_output.size() > 0) {
        check_gains(function, "gains.attention_output", gains.attention_output);
        check_size(function, "rows of gains.attention_output", gains.attention_output.rows(),
                   gains.attention.rows());
        check_size(function, "columns of gains.attention_output", gains.attention_output.cols(),
                   gains.attention.cols());
    }
    for (Eigen::Index h = 0; h < gains.decays.size(); ++h) {
        if (!(gains.decays[h] > Real(0) && gains.decays[h] <= Real(1))) {
            throw_domain_error(function, "gains.decays[" + std::to_string(h) + "]", gains.decays[h],
                               "must lie in (0, 1]");
        }
    }
    if (gains.windows.size() == 0) return;
    check_size(function, "gains.windows", gains.windows.size(), gains.attention.cols());
    for (Eigen::Index l = 0; l < gains.windows.size(); ++l)
        check_at_least(function, "gains.windows[" + std::to_string(l) + "]", gains.windows[l], 0);
}

/// The attention of one head of a layer.
template <class Number, class Real>
attention_of_pairs<Number> head_of(const position_gains<Real>& gains, Eigen::Index layer, Eigen::Index head) {
    const Number decay = gains.decays.size() > 0 ? Number(gains.decays[head]) : Number(Real(1));
    return attention_of_pairs<Number>(gains.attention.rows(), gains.window(layer), decay);
}

/// The squares of jacobian_profile(gains), with nothing but + * /, in any Number.
template <class Number, class Real>
Eigen::VectorX<Number> squared_jacobian_profile(const position_gains<Real>& gains) {
    using matrix = Eigen::MatrixX<Number>;
    const Eigen::Index tokens = gains.attention.rows();
    // b += diag(g) x diag(g) in layer l; x may be b.
    const auto add = [](matrix& b, const matrix& x, const Eigen::MatrixX<Real>& gain, Eigen::Index l) {
        const Eigen::VectorX<Number> g =
            gain.col(l).unaryExpr([](const Real& value) { return Number(value); });
        parallel_pieces(b.cols(), 32, [&](Eigen::Index first, Eigen::Index size) {
            for (Eigen::Index j = first; j < first + size; ++j)
                b.col(j) += g[j] * g.cwiseProduct(x.col(j));
        });
    };
    matrix b = matrix::Constant(tokens, tokens, Number(Real(0)));
    b(tokens - 1, tokens - 1) = Number(Real(1));
    for (Eigen::Index l = gains.attention.cols(); l-- > 0;) {
        interruption_point();
        const auto feed_forward = [&] {
            if (gains.feed_forward.size() > 0) add(b, b, gains.feed_forward, l);
        };
        if (!gains.parallel) feed_forward();
        matrix weighed;
        if (gains.attention_output.size() > 0) {
            weighed = matrix::Constant(tokens, tokens, Number(Real(0)));
            add(weighed, b, gains.attention_output, l);
        }
        const matrix& pulled = gains.attention_output.size() > 0 ? weighed : b;
        matrix sum = head_of<Number>(gains, l, 0).pull_back_pairs(pulled);
        for (Eigen::Index h = 1; h < gains.heads(); ++h)
            sum += head_of<Number>(gains, l, h).pull_back_pairs(pulled);
        if (gains.heads() > 1) sum /= Number(Real(gains.heads()));
        if (gains.parallel) feed_forward();
        add(b, sum, gains.attention, l);
    }
    return b.diagonal();
}

/// The first position that the last one sees through the windows of all layers.
template <class Real>
Eigen::Index first_seen(const position_gains<Real>& gains) {
    Eigen::Index first = gains.attention.rows() - 1;
    for (Eigen::Index l = 0; l < gains.attention.cols() && first > 0; ++l)
        first = gains.window(l) > 0 ? std::max(Eigen::Index(0), first - (gains.window(l) - 1)) : 0;
    return first;
}

/// prod_l (1 + max_m f_l(m)^power) (1 + max_m g_l(m)^power): what the sum of the entries of B (power 2), or
/// of the absolute entries of a row of the product (power 1), cannot exceed, as the rows of A sum to one.
template <class Real>
Real growth_bound(const position_gains<Real>& gains, int power) {
    Real bound(1);
    const auto largest = [](const Eigen::MatrixX<Real>& gain, Eigen::Index l) {
        return gain.size() > 0 ? Real(gain.col(l).maxCoeff()) : Real(1);
    };
    for (Eigen::Index l = 0; l < gains.attention.cols(); ++l) {
        const Real attention = largest(gains.attention, l) * largest(gains.attention_output, l);
        bound *= 1 + (power == 2 ? Real(attention * attention) : attention);
        if (gains.feed_forward.size() == 0) continue;
        const Real feed_forward = largest(gains.feed_forward, l);
        bound *= 1 + (power == 2 ? Real(feed_forward * feed_forward) : feed_forward);
    }
    return bound;
}

}  // namespace detail

/// The profile of jacobian_profile(tokens, gains) for gains that depend on layer and position: in layer l the
/// attention branch is \f$A_l \operatorname{diag}(g_l)\f$ times an independent random matrix, then the
/// feed-forward branch \f$\operatorname{diag}(f_l)\f$ times another. With independent random signs
/// \f$\varepsilon\f$ in place of the matrices it is, n the last position,
///
/// \f[ \mathbb E_{\varepsilon, \varepsilon'}\left[ \Big( e_n^T \prod_{l=H-1}^{0} (I + \varepsilon'_l
///     \operatorname{diag} f_l)(I + \varepsilon_l A_l \operatorname{diag} g_l) \Big)_m^2 \right]^{1/2}
///     = \sqrt{B_{mm}}, \f]
///
/// B from \f$e_n e_n^T\f$ by \f$B \leftarrow B + \operatorname{diag}(f_l) B \operatorname{diag}(f_l)\f$ and
/// \f$B \leftarrow B + \operatorname{diag}(g_l) A_l^T B A_l \operatorname{diag}(g_l)\f$, last layer
/// first. \f$A_l\f$ is uniform attention to the past: the Cesàro matrix, but where the layer has a window.
/// More generally, with gains \f$o_l\f$ at the query and heads \f$A_h\f$ that decay differently, each with a
/// sign of its own, the second step is \f$B \leftarrow B + \operatorname{diag}(g_l) \langle A_h^T
/// \operatorname{diag}(o_l) B \operatorname{diag}(o_l) A_h\rangle_h \operatorname{diag}(g_l)\f$; parallel
/// branches both start from the same B.
/// \param gains at least one token; both matrices tokens x layers, or no feed-forward; a window per layer, or
///        none.
/// \return one value per source position, not normalised.
/// \throws std::domain_error when a gain is negative or not finite, a window negative, or there is no token.
/// \throws std::invalid_argument when the shapes differ.
/// \throws std::length_error when tokens x tokens scalars do not fit in memory.
/// Cost O(tokens² · layers), memory O(tokens²), both many times more where the squares may leave the range
/// of the scalar. Accuracy: sums of positive terms; relative error at most about layers · tokens epsilon, in
/// practice far less; infinite where the norm itself overflows. The same bits on any number of threads.
///
/// Source: the second moments of random layers, as in Schoenholz et al., arXiv 1611.01232.
template <real_scalar Real>
[[nodiscard]] Eigen::VectorX<Real> jacobian_profile(const position_gains<Real>& gains) {
    const Eigen::Index tokens = gains.attention.rows();
    detail::check_position_gains("jacobian_profile", gains);
    detail::check_fits_in_memory<Real>("jacobian_profile", tokens, 4 * tokens);
    const Eigen::VectorX<Real> squares = detail::squared_jacobian_profile<Real>(gains);
    const Eigen::VectorX<Real> seen = squares.tail(tokens - detail::first_seen(gains));
    if (detail::kept_in_range(seen, detail::growth_bound(gains, 2))) return detail::roots<Real>(squares);
    using Number = detail::scaled<Real>;
    detail::check_fits_in_memory<Number>("jacobian_profile", tokens, 4 * tokens);
    return detail::roots<Real>(detail::squared_jacobian_profile<Number>(gains));
}

}  // namespace cesaro
