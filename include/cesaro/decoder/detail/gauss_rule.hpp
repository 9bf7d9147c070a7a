// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <cmath>
#include <concepts>

namespace cesaro::detail {

/// A mean over few points that stands for one over many.
template <std::floating_point Real>
struct gauss_rule {
    Eigen::VectorX<Real> nodes, weights;
};

/// The rule of so many nodes whose mean is that over the given points for polynomials of degree 2 nodes - 1;
/// the points themselves where they are no more. Their orthogonal polynomials come of Stieltjes' procedure,
/// the nodes are the eigenvalues of their Jacobi matrix (Golub and Welsch, Math. Comp. 23 (1969)).
template <std::floating_point Real>
gauss_rule<Real> gauss_rule_of(const Eigen::VectorX<Real>& points, Eigen::Index nodes) {
    const Eigen::Index count = points.size();
    if (count <= nodes) return {points, Eigen::VectorX<Real>::Constant(count, 1 / Real(count))};
    Eigen::VectorX<Real> diagonal(nodes), beside(nodes - 1);
    Eigen::VectorX<Real> before = Eigen::VectorX<Real>::Zero(count);
    Eigen::VectorX<Real> here = Eigen::VectorX<Real>::Constant(count, 1 / std::sqrt(Real(count)));
    Real norm = 0;
    for (Eigen::Index i = 0; i < nodes; ++i) {
        Eigen::VectorX<Real> next = points.cwiseProduct(here);
        diagonal[i] = next.dot(here);
        if (i + 1 == nodes) break;
        next -= diagonal[i] * here + norm * before;
        norm = next.norm();
        if (!(norm > 1e-8)) {  // there are no more different points
            diagonal.conservativeResize(i + 1);
            beside.conservativeResize(i);
            break;
        }
        beside[i] = norm;
        before = here;
        here = next / norm;
    }
    Eigen::SelfAdjointEigenSolver<Eigen::MatrixX<Real>> jacobi;
    jacobi.computeFromTridiagonal(diagonal, beside);
    return {jacobi.eigenvalues(), jacobi.eigenvectors().row(0).cwiseAbs2().transpose()};
}

}  // namespace cesaro::detail
