// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/running_means.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace cesaro {

/// The Cesàro matrix: one layer of uniform causal attention, never stored.
///
/// \f[ M_{n,m} = \frac{1}{n+1}\;(m \le n), \qquad 0 \text{ otherwise} \f]
///
/// \f$M x\f$ is the sequence of running means of \f$x\f$; \f$M^T v\f$ is the sequence of suffix sums of
/// \f$v_n/(n+1)\f$. Lower triangular and row-stochastic.
///
/// Source: Chowdhury, arXiv 2603.10123, section 3.
template <real_scalar Real = double>
class cesaro_operator {
  public:
    using Scalar = Real;

    /// The operator on `size` positions.
    /// \throws std::domain_error when size < 0.
    explicit cesaro_operator(Eigen::Index size) : size_(size) {
        detail::check_at_least("cesaro_operator", "size", size, 0);
    }

    Eigen::Index rows() const { return size_; }
    Eigen::Index cols() const { return size_; }

    /// \f$M x\f$ for a vector or a block of columns, x.rows() == rows(). Allocates the result only.
    /// \throws std::invalid_argument when the number of rows differs.
    /// Cost O(rows · columns). Accuracy: one running sum per column, at most n roundings at row n.
    template <class Derived>
    typename Derived::PlainObject apply(const Eigen::MatrixBase<Derived>& x) const {
        typename Derived::PlainObject y(x.rows(), x.cols());
        apply(x, y);
        return y;
    }

    /// As above, into `out`, which has the shape of x and may be x itself. Allocates nothing.
    template <class Derived, class Out>
    void apply(const Eigen::MatrixBase<Derived>& x, const Eigen::MatrixBase<Out>& out) const {
        check_shapes("cesaro_operator::apply", x, out);
        Out& y = const_cast<Out&>(out.derived());  // Eigen's idiom for writable blocks and maps
        detail::running_means<Real>(x.derived(), y);
    }

    /// \f$M^T v\f$ for a vector or a block of columns, v.rows() == rows(). Same costs and errors as apply().
    template <class Derived>
    typename Derived::PlainObject apply_transpose(const Eigen::MatrixBase<Derived>& v) const {
        typename Derived::PlainObject y(v.rows(), v.cols());
        apply_transpose(v, y);
        return y;
    }

    /// As above, into `out`, which has the shape of v and may be v itself.
    template <class Derived, class Out>
    void apply_transpose(const Eigen::MatrixBase<Derived>& v, const Eigen::MatrixBase<Out>& out) const {
        check_shapes("cesaro_operator::apply_transpose", v, out);
        Out& y = const_cast<Out&>(out.derived());
        detail::running_means_transpose<Real>(v.derived(), y);
    }

    /// The dense lower-triangular matrix, for checking.
    /// \throws std::length_error when rows × rows entries do not fit in memory.
    Eigen::MatrixX<Real> matrix() const {
        detail::check_fits_in_memory<Real>("cesaro_operator::matrix", size_, size_);
        Eigen::MatrixX<Real> m = Eigen::MatrixX<Real>::Zero(size_, size_);
        for (Eigen::Index n = 0; n < size_; ++n)
            m.row(n).head(n + 1).setConstant(Real(1) / Real(n + 1));
        return m;
    }

  private:
    template <class In, class Out>
    void check_shapes(std::string_view function, const Eigen::MatrixBase<In>& x,
                      const Eigen::MatrixBase<Out>& y) const {
        static_assert(std::is_same_v<typename In::Scalar, Real> && std::is_same_v<typename Out::Scalar, Real>,
                      "the argument and the output must hold the operator's scalar");
        detail::check_size(function, "rows of the argument", x.rows(), size_);
        detail::check_size(function, "rows of the output", y.rows(), x.rows());
        detail::check_size(function, "columns of the output", y.cols(), x.cols());
    }

    Eigen::Index size_;
};

}  // namespace cesaro
