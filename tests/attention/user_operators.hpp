// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// Two operators as users write them; docs/attention.md shows this file.
#include <cesaro/columnwise_operator.hpp>
#include <cesaro/concepts.hpp>

#include <Eigen/Core>

namespace user {

// [previous_token]
/// A previous-token head: every position attends to the one before it. Nothing but the concept's members.
class previous_token {
  public:
    using Scalar = double;

    explicit previous_token(Eigen::Index size) : size_(size) {}
    Eigen::Index rows() const { return size_; }
    Eigen::Index cols() const { return size_; }

    template <class Derived>
    typename Derived::PlainObject apply(const Eigen::MatrixBase<Derived>& x) const {
        typename Derived::PlainObject y = x;
        y.bottomRows(size_ - 1) = x.topRows(size_ - 1);
        return y;
    }
    template <class Derived>
    typename Derived::PlainObject apply_transpose(const Eigen::MatrixBase<Derived>& v) const {
        typename Derived::PlainObject y = Derived::PlainObject::Zero(v.rows(), v.cols());
        y.topRows(size_ - 1) = v.bottomRows(size_ - 1);
        y.row(0) += v.row(0);
        return y;
    }
    Eigen::MatrixXd matrix() const { return apply(Eigen::MatrixXd::Identity(size_, size_).eval()); }

  private:
    Eigen::Index size_;
};
static_assert(cesaro::attention_operator<previous_token>);  // the message names what is missing
// [previous_token]

// [strided]
/// Strided causal attention: position n attends uniformly to n, n - stride, n - 2 stride, ...
/// The base class takes care of blocks, output arguments and shapes.
class strided : public cesaro::columnwise_operator<strided, double> {
  public:
    strided(Eigen::Index size, Eigen::Index stride) : columnwise_operator("strided", size), stride_(stride) {}

    void apply_column(const cesaro::const_column<double>& x, cesaro::column<double> y) const {
        for (Eigen::Index n = 0; n < rows(); ++n)  // sums, then means
            y[n] = x[n] + (n < stride_ ? 0 : y[n - stride_]);
        for (Eigen::Index n = 0; n < rows(); ++n)
            y[n] /= seen(n);
    }
    void apply_transpose_column(const cesaro::const_column<double>& v, cesaro::column<double> y) const {
        for (Eigen::Index m = rows(); m-- > 0;)
            y[m] = v[m] / seen(m) + (m + stride_ < rows() ? y[m + stride_] : 0);
    }
    Eigen::MatrixXd matrix() const {
        Eigen::MatrixXd a = Eigen::MatrixXd::Zero(rows(), rows());
        for (Eigen::Index n = 0; n < rows(); ++n) {
            for (Eigen::Index m = n; m >= 0; m -= stride_)
                a(n, m) = 1 / seen(n);
        }
        return a;
    }

  private:
    double seen(Eigen::Index n) const { return double(n / stride_ + 1); }

    Eigen::Index stride_;
};
static_assert(cesaro::attention_operator<strided>);
// [strided]

}  // namespace user
