// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/detail/parallel.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <string_view>
#include <vector>

namespace cesaro {

namespace nn {

/// Row-major, so that rows of a fused matrix are contiguous.
template <class Real>
using weight_matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The affine map \f$y = W x + b\f$. An absent bias has size 0.
template <class Real>
struct linear_weights {
    weight_matrix<Real> matrix = {};  ///< outputs x inputs
    Eigen::VectorX<Real> bias = {};   ///< outputs, or empty
};

}  // namespace nn

namespace detail {

/// Columns multiplied at once; fixed, so that results do not depend on the number of threads.
inline constexpr Eigen::Index product_columns = 256;

/// The columns of x that are not zero.
template <class Real>
[[nodiscard]] std::vector<Eigen::Index> nonzero_columns(const Eigen::MatrixX<Real>& x) {
    std::vector<Eigen::Index> columns;
    for (Eigen::Index j = 0; j < x.cols(); ++j) {
        if ((x.col(j).array() != Real(0)).any()) columns.push_back(j);
    }
    return columns;
}

/// matrix * x, by pieces of columns.
template <class Matrix, class Real>
[[nodiscard]] Eigen::MatrixX<Real> product(std::string_view function, std::string_view argument,
                                           const Matrix& matrix, const Eigen::MatrixX<Real>& x) {
    check_size(function, argument, x.rows(), matrix.cols());
    Eigen::MatrixX<Real> y(matrix.rows(), x.cols());
    parallel_pieces(x.cols(), product_columns, [&](Eigen::Index first, Eigen::Index size) {
        y.middleCols(first, size).noalias() = matrix * x.middleCols(first, size);
    });
    return y;
}

}  // namespace detail

namespace nn {

/// \f$y_t = W x_t + b\f$ for every column of x, of the outputs [first, first + size) alone.
/// \param x inputs x tokens.
/// \return size x tokens.
/// \throws std::invalid_argument when x has not `inputs` rows, or a bias not `outputs` entries.
/// Cost: one product of matrices. The same bits on any number of threads.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> linear_rows(const linear_weights<Real>& weights, Eigen::Index first,
                                               Eigen::Index size, const Eigen::MatrixX<Real>& x) {
    const bool biased = weights.bias.size() > 0;
    if (biased) detail::check_size("nn::linear", "bias", weights.bias.size(), weights.matrix.rows());
    Eigen::MatrixX<Real> y =
        detail::product("nn::linear", "rows of x", weights.matrix.middleRows(first, size), x);
    if (biased) y.colwise() += weights.bias.segment(first, size);
    return y;
}

/// \f$y_t = W x_t + b\f$ for every column of x: linear_rows() of all outputs.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> linear(const linear_weights<Real>& weights,
                                          const Eigen::MatrixX<Real>& x) {
    return linear_rows(weights, 0, weights.matrix.rows(), x);
}

/// \f$\bar x_t = W^T \bar y_t\f$: the vector-Jacobian product of linear_rows(), for any number of columns. Where
/// most are zero, as above the last layer of a decoder all but the last position's, only the others are multiplied.
/// \param y_bar size x columns.
/// \return inputs x columns.
/// \throws std::invalid_argument when y_bar has not `size` rows.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> linear_rows_vjp(const linear_weights<Real>& weights, Eigen::Index first,
                                                   Eigen::Index size, const Eigen::MatrixX<Real>& y_bar) {
    const auto multiply = [&](const Eigen::MatrixX<Real>& columns) {
        return detail::product("nn::linear_vjp", "rows of y_bar",
                               weights.matrix.middleRows(first, size).transpose(), columns);
    };
    const std::vector<Eigen::Index> columns = detail::nonzero_columns(y_bar);
    const auto count = Eigen::Index(columns.size());
    if (count > y_bar.cols() / 2) return multiply(y_bar);
    Eigen::MatrixX<Real> some(y_bar.rows(), count);
    for (Eigen::Index j = 0; j < count; ++j)
        some.col(j) = y_bar.col(columns[std::size_t(j)]);
    some = multiply(some);
    Eigen::MatrixX<Real> x_bar = Eigen::MatrixX<Real>::Zero(some.rows(), y_bar.cols());
    for (Eigen::Index j = 0; j < count; ++j)
        x_bar.col(columns[std::size_t(j)]) = some.col(j);
    return x_bar;
}

/// The vector-Jacobian product of linear().
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> linear_vjp(const linear_weights<Real>& weights,
                                              const Eigen::MatrixX<Real>& y_bar) {
    return linear_rows_vjp(weights, 0, weights.matrix.rows(), y_bar);
}

}  // namespace nn

}  // namespace cesaro
