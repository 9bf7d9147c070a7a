// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/attention/detail/geometric_operator.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/cesaro_operator.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/parallel.hpp>

#include <Eigen/Core>

#include <type_traits>
#include <variant>

namespace cesaro {

/// Attention A to the past, uniform within a window or decaying with distance, acting on functions of two
/// positions, as kernels and covariances over pairs of tokens are: \f$A X A^T\f$ and \f$A^T X A\f$.
///
/// Cost O(tokens²) each, by all threads where the program has OpenMP, to the same bits on any number of them.
/// Accuracy that of cesaro_operator and sliding_window_operator.
///
/// \code
/// const cesaro::attention_of_pairs<double> attention(200, 16);
/// const Eigen::MatrixXd independent = Eigen::MatrixXd::Identity(200, 200);
/// const Eigen::MatrixXd covariance = attention.mean_of_pairs(independent);
/// // covariance(199, 199) is 1/16, and covariance(199, 191), of windows that share half, 1/32
/// \endcode
template <real_scalar Real>
class attention_of_pairs {
  public:
    /// \param window positions that a query sees, itself included; 0: all of its past.
    /// \param decay factor of a weight for every position of distance, \f$e^{-slope}\f$ in ALiBi, in (0, 1];
    ///        1: uniform attention.
    /// \throws std::domain_error when tokens or window is negative, or decay outside (0, 1].
    /// \throws std::invalid_argument when there are both a window and a decay.
    explicit attention_of_pairs(Eigen::Index tokens, Eigen::Index window = 0, const Real& decay = Real(1))
        : a_(cesaro_operator<Real>(tokens)) {
        const char* const function = "attention_of_pairs";
        detail::check_at_least(function, "window", window, 0);
        if (!(decay > Real(0) && decay <= Real(1)))
            detail::throw_domain_error(function, "decay", decay, "must lie in (0, 1]");
        const bool decays = decay < Real(1);
        if (decays && window > 0)
            detail::throw_invalid_argument(function, "window", window, "must be 0 beside a decay");
        if (window > 0) a_ = sliding_window_operator<Real>(tokens, window);
        if (decays) a_ = detail::geometric_operator<Real>(tokens, decay);
    }

    /// \f$A^T v\f$, of one position alone.
    [[nodiscard]] Eigen::VectorX<Real> apply_transpose(const Eigen::VectorX<Real>& v) const {
        return std::visit([&](const auto& a) { return a.apply_transpose(v); }, a_);
    }

    /// \f$A X\f$: the mean of the rows that each position sees.
    [[nodiscard]] Eigen::MatrixX<Real> mean(const Eigen::MatrixX<Real>& x) const {
        return by_pieces(x, [](const auto& a, const auto& in, auto&& out) { a.apply(in, out); });
    }
    /// \f$A^T X\f$.
    [[nodiscard]] Eigen::MatrixX<Real> pull_back(const Eigen::MatrixX<Real>& x) const {
        return by_pieces(x, [](const auto& a, const auto& in, auto&& out) { a.apply_transpose(in, out); });
    }
    /// \f$A X A^T\f$ and \f$A^T X A\f$.
    [[nodiscard]] Eigen::MatrixX<Real> mean_of_pairs(const Eigen::MatrixX<Real>& x) const {
        return by_rows(mean(x), [](const auto& a, const auto& in, auto&& out) { a.apply(in, out); });
    }
    [[nodiscard]] Eigen::MatrixX<Real> pull_back_pairs(const Eigen::MatrixX<Real>& x) const {
        return by_rows(pull_back(x),
                       [](const auto& a, const auto& in, auto&& out) { a.apply_transpose(in, out); });
    }

  private:
    template <class Action>
    Eigen::MatrixX<Real> by_pieces(const Eigen::MatrixX<Real>& x, const Action& action) const {
        Eigen::MatrixX<Real> y(x.rows(), x.cols());
        const auto on_piece = [&](Eigen::Index first, Eigen::Index size) {
            std::visit(
                [&](const auto& a) { action(a, x.middleCols(first, size), y.middleCols(first, size)); }, a_);
        };
        detail::parallel_pieces(x.cols(), 32, on_piece);
        return y;
    }

    /// The same of the rows of x: running means where they lie, which takes less than to transpose a large matrix,
    /// the others in copies of a piece at a time.
    template <class Action>
    Eigen::MatrixX<Real> by_rows(Eigen::MatrixX<Real> x, const Action& action) const {
        const auto on_piece = [&](Eigen::Index first, Eigen::Index size) {
            auto rows = x.middleRows(first, size);
            const auto act = [&](const auto& a) {
                if constexpr (std::is_same_v<std::remove_cvref_t<decltype(a)>, cesaro_operator<Real>>) {
                    auto columns = rows.transpose();
                    action(a, columns, columns);
                } else {
                    // Columns that do not begin a power of two apart, which caches keep in the same few places.
                    Eigen::MatrixX<Real> in(x.cols() + 8, size);
                    Eigen::MatrixX<Real> out(x.cols() + 8, size);
                    for (Eigen::Index i = 0; i < x.cols(); ++i)
                        in.row(i) = rows.col(i).transpose();
                    action(a, in.topRows(x.cols()), out.topRows(x.cols()));
                    for (Eigen::Index i = 0; i < x.cols(); ++i)
                        rows.col(i) = out.row(i).transpose();
                }
            };
            std::visit(act, a_);
        };
        detail::parallel_pieces(x.rows(), 32, on_piece);
        return x;
    }

    std::variant<cesaro_operator<Real>, sliding_window_operator<Real>, detail::geometric_operator<Real>> a_;
};

}  // namespace cesaro
