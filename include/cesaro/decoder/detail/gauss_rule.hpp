// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <cmath>

namespace cesaro::detail {

/// A mean over few points that stands for one over many.
struct gauss_rule {
    Eigen::VectorXd nodes, weights;
};

/// The rule of so many nodes whose mean is that over the given points for polynomials of degree 2 nodes - 1;
/// the points themselves where they are no more. Their orthogonal polynomials come of Stieltjes' procedure,
/// the nodes are the eigenvalues of their Jacobi matrix (Golub and Welsch, Math. Comp. 23 (1969)).
inline gauss_rule gauss_rule_of(const Eigen::VectorXd& points, Eigen::Index nodes) {
    const Eigen::Index count = points.size();
    if (count <= nodes) return {points, Eigen::VectorXd::Constant(count, 1 / double(count))};
    Eigen::MatrixXd jacobi = Eigen::MatrixXd::Zero(nodes, nodes);
    Eigen::VectorXd before = Eigen::VectorXd::Zero(count);
    Eigen::VectorXd here = Eigen::VectorXd::Constant(count, 1 / std::sqrt(double(count)));
    double norm = 0;
    for (Eigen::Index i = 0; i < nodes; ++i) {
        Eigen::VectorXd next = points.cwiseProduct(here);
        jacobi(i, i) = next.dot(here);
        if (i + 1 == nodes) break;
        next -= jacobi(i, i) * here + norm * before;
        norm = next.norm();
        if (!(norm > 1e-8)) {  // there are no more different points
            jacobi.conservativeResize(i + 1, i + 1);
            break;
        }
        jacobi(i, i + 1) = jacobi(i + 1, i) = norm;
        before = here;
        here = next / norm;
    }
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> of(jacobi);
    return {of.eigenvalues(), of.eigenvectors().row(0).cwiseAbs2().transpose()};
}

}  // namespace cesaro::detail
