// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// A whole network as an attention operator.

#pragma once

#include <cesaro/columnwise_operator.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/detail/layer_pass.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/hop_law.hpp>
#include <cesaro/influence_matrix.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <utility>

namespace cesaro {

/// The network operator on `size` positions, never stored: a layer, a head, an any_operator as every other.
///
/// \f[ A = \sum_{k=0}^{H} w_k M^k \f]
///
/// with M the Cesàro matrix and w the law of the hops. Its last row is influence_row(); applied to a vector
/// it is apply_power(). Lower triangular; rows sum to one, or to what the hops do not lose.
///
/// Cost, accuracy and source as apply_power().
template <real_scalar Real = double>
class network_operator : public columnwise_operator<network_operator<Real>, Real> {
  public:
    /// \param size the number of positions, at least 0.
    /// \param hops a hop_law, or what converts to one, as a mixing_schedule does.
    /// \throws std::domain_error when size < 0.
    network_operator(Eigen::Index size, hop_law<Real> hops)
        : columnwise_operator<network_operator, Real>("network_operator", size), hops_(std::move(hops)) {}

    [[nodiscard]] const hop_law<Real>& hops() const { return hops_; }

    /// What apply() and apply_transpose() do once the shapes fit, in place too.
    template <class In, class Out>
    void apply_block(const In& x, Out& y) const {
        detail::apply_hops<detail::walk::forward>(hops_.weights(), x, y);
    }
    template <class In, class Out>
    void apply_transpose_block(const In& v, Out& y) const {
        detail::apply_hops<detail::walk::backward>(hops_.weights(), v, y);
    }

    /// The dense lower-triangular matrix, influence_matrix().
    /// \throws std::length_error when rows × rows entries do not fit in memory.
    [[nodiscard]] Eigen::MatrixX<Real> matrix() const {
        detail::check_fits_in_memory<Real>("network_operator::matrix", this->rows(), this->rows());
        return influence_matrix(this->rows(), hops_);
    }

    /// The diagonal \f$A_{n,n} = \sum_k w_k (n+1)^{-k}\f$, length rows(), by Horner's scheme.
    /// \throws std::length_error when it does not fit in memory.
    [[nodiscard]] Eigen::VectorX<Real> diagonal() const {
        const Eigen::VectorX<Real> w = hops_.weights();
        return detail::dense_vector<Real>("network_operator::diagonal", this->rows(), [&](Eigen::Index n) {
            Real sum = w[w.size() - 1];
            for (Eigen::Index k = w.size() - 1; k-- > 0;)
                sum = w[k] + sum / Real(n + 1);
            return sum;
        });
    }

    /// The first token alone is the centre.
    [[nodiscard]] Eigen::Index centre_size() const { return std::min<Eigen::Index>(1, this->rows()); }

  private:
    hop_law<Real> hops_;
};

template <has_hop_law Network>
network_operator(Eigen::Index, const Network&) -> network_operator<typename Network::Scalar>;

}  // namespace cesaro
