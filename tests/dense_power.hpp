// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// The dense reference everything that is fast is checked against.
#include <cesaro/cesaro_operator.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>

namespace cesaro_test {

/// The product of the layers as dense matrices. Loops, for rationals too.
template <class Real>
Eigen::MatrixX<Real> dense_network(Eigen::Index tokens, const cesaro::mixing_schedule<Real>& schedule) {
    const Eigen::MatrixX<Real> m = cesaro::cesaro_operator<Real>(tokens).matrix();
    Eigen::MatrixX<Real> product = Eigen::MatrixX<Real>::Identity(tokens, tokens);
    for (const Real& alpha : schedule.alphas()) {
        const Eigen::MatrixX<Real> averaged = m * product;
        for (Eigen::Index i = 0; i < product.size(); ++i)
            product(i) = Real(Real(1) - alpha) * product(i) + alpha * averaged(i);
    }
    return product;
}

/// ((1 - alpha) I + alpha M)^depth by repeated squaring.
template <class Real>
Eigen::MatrixX<Real> dense_power(Eigen::Index tokens, Eigen::Index depth, const Real& alpha) {
    Eigen::MatrixX<Real> square = alpha * cesaro::cesaro_operator<Real>(tokens).matrix();
    square.diagonal().array() += Real(Real(1) - alpha);
    Eigen::MatrixX<Real> power = Eigen::MatrixX<Real>::Identity(tokens, tokens);
    for (; depth > 0; depth /= 2) {
        if (depth % 2 == 1) power = (power * square).eval();
        square = (square * square).eval();
    }
    return power;
}

}  // namespace cesaro_test
