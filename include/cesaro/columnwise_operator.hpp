// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/evaluated.hpp>
#include <cesaro/detail/interruption.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/detail/output.hpp>

#include <Eigen/Core>

#include <string>
#include <string_view>
#include <type_traits>

namespace cesaro {

/// One column of a vector or of a block in either storage order, to read and to write: no copy is made.
template <real_scalar Real>
using const_column = Eigen::Ref<const Eigen::VectorX<Real>, 0, Eigen::InnerStride<>>;
template <real_scalar Real>
using column = Eigen::Ref<Eigen::VectorX<Real>, 0, Eigen::InnerStride<>>;

/// What every attention operator shares, given its action on a single column.
///
/// `Operator` derives from `columnwise_operator<Operator, Real>` and provides, for columns that do not
/// overlap,
///
///     void apply_column(const const_column<Real>& x, column<Real> y) const;             // y = A x
///     void apply_transpose_column(const const_column<Real>& v, column<Real> y) const;   // y = A^T v
///     Eigen::MatrixX<Real> matrix() const;
///
/// and is then an `attention_operator`. One that has a faster way for whole blocks, in either storage order
/// and in place too, provides
///
///     template <class In, class Out> void apply_block(const In& x, Out& y) const;
///     template <class In, class Out> void apply_transpose_block(const In& v, Out& y) const;
///
/// instead of the first two. Its constructor hands the base its name, as messages give it, and its size:
///
///     explicit my_operator(Eigen::Index size) : columnwise_operator("my_operator", size) {}
///
/// and `static_assert(cesaro::attention_operator<my_operator>)` after the class says what is missing, if
/// anything. Where it can, it provides `diagonal()` and `centre_size()` too, see collapse_rate(). Users may
/// derive their own operators from it, or write the members of that concept by hand.
template <class Operator, real_scalar Real>
class columnwise_operator {
  public:
    using Scalar = Real;

    [[nodiscard]] Eigen::Index rows() const { return size_; }
    [[nodiscard]] Eigen::Index cols() const { return size_; }

    /// \f$A x\f$ for a vector or a block of columns, x.rows() == rows(). Allocates the result only.
    /// \throws std::invalid_argument when the number of rows differs.
    template <class Derived>
    [[nodiscard]] typename Derived::PlainObject apply(const Eigen::MatrixBase<Derived>& x) const {
        typename Derived::PlainObject y(x.rows(), x.cols());
        apply(x, y);
        return y;
    }

    /// As above, into `out`, which has the shape of x; it may be x itself, which costs most operators a copy
    /// of each column, but must not overlap it in part. An expression is evaluated first.
    template <class Derived, detail::output Out>
    void apply(const Eigen::MatrixBase<Derived>& x, Out&& out) const {
        check_shapes("apply", x, out);
        const auto& values = detail::evaluated(x);
        const auto& op = static_cast<const Operator&>(*this);
        if constexpr (requires { op.apply_block(values, out); }) {
            op.apply_block(values, out);
        } else {
            static_assert(
                requires(const const_column<Real>& in, column<Real> to) { op.apply_column(in, to); },
                "an operator has apply_column(x, y) or apply_block(x, y)");
            for_each_column(values, out, [&op](const const_column<Real>& in, column<Real> to) {
                op.apply_column(in, to);
            });
        }
    }

    /// \f$A^T v\f$ for a vector or a block of columns, v.rows() == rows(). Same costs and errors as apply().
    template <class Derived>
    [[nodiscard]] typename Derived::PlainObject apply_transpose(const Eigen::MatrixBase<Derived>& v) const {
        typename Derived::PlainObject y(v.rows(), v.cols());
        apply_transpose(v, y);
        return y;
    }

    /// As above, into `out`.
    template <class Derived, detail::output Out>
    void apply_transpose(const Eigen::MatrixBase<Derived>& v, Out&& out) const {
        check_shapes("apply_transpose", v, out);
        const auto& values = detail::evaluated(v);
        const auto& op = static_cast<const Operator&>(*this);
        if constexpr (requires { op.apply_transpose_block(values, out); }) {
            op.apply_transpose_block(values, out);
        } else {
            static_assert(
                requires(const const_column<Real>& in, column<Real> to) {
                    op.apply_transpose_column(in, to);
                },
                "an operator has apply_transpose_column(v, y) or apply_transpose_block(v, y)");
            for_each_column(values, out, [&op](const const_column<Real>& in, column<Real> to) {
                op.apply_transpose_column(in, to);
            });
        }
    }

  protected:
    /// \param name of the operator, in messages: a string literal.
    /// \throws std::domain_error when size < 0.
    columnwise_operator(const char* name, Eigen::Index size) : name_(name), size_(size) {
        detail::check_at_least(name, "size", size, 0);
    }
    ~columnwise_operator() = default;
    columnwise_operator(const columnwise_operator&) = default;
    columnwise_operator(columnwise_operator&&) noexcept = default;
    columnwise_operator& operator=(const columnwise_operator&) = default;
    columnwise_operator& operator=(columnwise_operator&&) noexcept = default;

  private:
    template <class In, class Out>
    void check_shapes(const char* function, const Eigen::MatrixBase<In>& x,
                      const Eigen::MatrixBase<Out>& out) const {
        static_assert(std::is_same_v<typename In::Scalar, Real> && std::is_same_v<typename Out::Scalar, Real>,
                      "the argument and the output must hold the operator's scalar");
        const auto check = [&](std::string_view argument, Eigen::Index size, Eigen::Index expected) {
            if (size != expected)  // the name is put together only where it is needed
                detail::check_size(std::string(name_) + "::" + function, argument, size, expected);
        };
        check("rows of the argument", x.rows(), size_);
        check("rows of the output", out.rows(), x.rows());
        check("columns of the output", out.cols(), x.cols());
    }

    template <class In, class Out, class Action>
    static void for_each_column(const Eigen::MatrixBase<In>& x, Out& y, const Action& action) {
        for (Eigen::Index j = 0; j < x.cols(); ++j) {
            detail::interruption_point();
            const const_column<Real> from(x.col(j));
            column<Real> to(y.col(j));
            if (from.data() == to.data()) {
                action(Eigen::VectorX<Real>(from), to);
            } else {
                action(from, to);
            }
        }
    }

    const char* name_;
    Eigen::Index size_;
};

namespace detail {

/// The size x size matrix with the given entries, for checking.
/// \throws std::length_error when it does not fit in memory.
template <class Real, class Entry>
Eigen::MatrixX<Real> dense_matrix(std::string_view function, Eigen::Index size, const Entry& entry) {
    check_fits_in_memory<Real>(function, size, size);
    Eigen::MatrixX<Real> matrix(size, size);
    for (Eigen::Index m = 0; m < size; ++m) {
        for (Eigen::Index n = 0; n < size; ++n)
            matrix(n, m) = entry(n, m);
    }
    return matrix;
}

/// The vector of the given entries, for a diagonal.
/// \throws std::length_error when it does not fit in memory.
template <class Real, class Entry>
Eigen::VectorX<Real> dense_vector(std::string_view function, Eigen::Index size, const Entry& entry) {
    check_fits_in_memory<Real>(function, size, 1);
    Eigen::VectorX<Real> vector(size);
    for (Eigen::Index n = 0; n < size; ++n)
        vector[n] = entry(n);
    return vector;
}

}  // namespace detail

}  // namespace cesaro
