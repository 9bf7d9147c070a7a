// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <cmath>

namespace cesaro {

/// The rotations of RoPE for positions 0 .. tokens-1: the pair \f$(i, i + w/2)\f$ of a head of width
/// \f$w\f$ turns at position \f$t\f$ by the angle \f$t\,\theta^{-2i/w}\f$.
///
/// Source: Su et al., arXiv 2104.09864, section 3.2; the pairing is that of the Llama, Mistral and Qwen2
/// checkpoints.
template <class Real>
struct rope_rotations {
    Eigen::MatrixX<Real> cosine;  ///< w/2 x tokens
    Eigen::MatrixX<Real> sine;    ///< w/2 x tokens

    rope_rotations(Eigen::Index head_width, Eigen::Index tokens, double theta)
        : cosine(head_width / 2, tokens), sine(head_width / 2, tokens) {
        using std::cos;
        using std::pow;
        using std::sin;
        for (Eigen::Index i = 0; i < head_width / 2; ++i) {
            const double frequency = pow(theta, -2 * double(i) / double(head_width));
            for (Eigen::Index t = 0; t < tokens; ++t) {
                cosine(i, t) = Real(cos(double(t) * frequency));  // in double: t may be large
                sine(i, t) = Real(sin(double(t) * frequency));
            }
        }
    }
};

/// Turns every head of a block of rows (heads · w x tokens) in place; `direction` is +1, or -1 for the
/// inverse, which is the transpose and so the vector-Jacobian product.
template <class Real, class Block>
void rotate_heads(const rope_rotations<Real>& rotations, int direction, Block&& x) {
    const Eigen::Index half = rotations.cosine.rows();
    const Eigen::Index tokens = rotations.cosine.cols();
    for (Eigen::Index c = 0; c < x.cols(); ++c) {
        const auto cosine = rotations.cosine.col(c % tokens);
        const auto sine = rotations.sine.col(c % tokens);
        for (Eigen::Index head = 0; head < x.rows(); head += 2 * half) {
            for (Eigen::Index i = 0; i < half; ++i) {
                const Real a = x(head + i, c);
                const Real b = x(head + half + i, c);
                const Real s = direction > 0 ? sine[i] : Real(-sine[i]);
                x(head + i, c) = cosine[i] * a - s * b;
                x(head + half + i, c) = s * a + cosine[i] * b;
            }
        }
    }
}

}  // namespace cesaro
