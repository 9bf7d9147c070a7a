// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/detail/parallel.hpp>

#include <Eigen/Core>

namespace cesaro {

namespace detail {

/// Columns multiplied at once; fixed, so that results do not depend on the number of threads.
inline constexpr Eigen::Index product_columns = 256;

/// matrix * x, by pieces of columns.
template <class Matrix, class Real>
Eigen::MatrixX<Real> product(const Matrix& matrix, const Eigen::MatrixX<Real>& x) {
    Eigen::MatrixX<Real> y(matrix.rows(), x.cols());
    parallel_pieces(x.cols(), product_columns, [&](Eigen::Index first, Eigen::Index size) {
        y.middleCols(first, size).noalias() = matrix * x.middleCols(first, size);
    });
    return y;
}

}  // namespace detail

/// \f$y_t = W x_t + b\f$ for every column of x (inputs x tokens); the result is outputs x tokens.
/// Cost: one product of matrices.
template <class Real>
Eigen::MatrixX<Real> linear(const linear_weights<Real>& weights, const Eigen::MatrixX<Real>& x) {
    Eigen::MatrixX<Real> y = detail::product(weights.matrix, x);
    if (weights.bias.size() > 0) y.colwise() += weights.bias;
    return y;
}

/// \f$\bar x_t = W^T \bar y_t\f$: the vector-Jacobian product of linear(), for any number of columns.
template <class Real>
Eigen::MatrixX<Real> linear_vjp(const linear_weights<Real>& weights, const Eigen::MatrixX<Real>& y_bar) {
    return detail::product(weights.matrix.transpose(), y_bar);
}

}  // namespace cesaro
