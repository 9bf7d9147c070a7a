// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// An operator of a user's own that lacks apply_transpose: each use must say so.
#include <cesaro/attention/rollout.hpp>
#include <cesaro/attention/sink_operator.hpp>

struct misspelt {
    using Scalar = double;
    Eigen::Index rows() const { return 3; }
    Eigen::Index cols() const { return 3; }
    template <class Derived>
    typename Derived::PlainObject apply(const Eigen::MatrixBase<Derived>& x) const {
        return x;
    }
    template <class Derived>
    typename Derived::PlainObject apply_transposed(const Eigen::MatrixBase<Derived>& x) const {
        return x;
    }
    Eigen::MatrixXd matrix() const { return Eigen::MatrixXd::Identity(3, 3); }
};

#if defined(STATED)
static_assert(cesaro::attention_operator<misspelt>);
#elif defined(HELD)
const cesaro::any_operator<double> held = misspelt();
#elif defined(INNER)
const cesaro::sink_operator<double> sink(misspelt(), 0.5);
#elif defined(LAYERS)
const auto row = cesaro::rollout_row(std::vector<misspelt>(2), std::vector<double>{0.5, 0.5});
#endif
