// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/attention/detail/centre.hpp>
#include <cesaro/columnwise_operator.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>

#include <Eigen/Core>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace cesaro {

namespace detail {

/// What means to be an operator over Real: it is asked for the rest by name, so that the compiler's message
/// can name what is missing.
template <class Op, class Real>
concept square_over =
    std::same_as<typename Op::Scalar, Real> && !std::derived_from<Op, Eigen::EigenBase<Op>> &&
    requires(const Op& op) {
    op.rows();
    op.cols();
};

}  // namespace detail

/// Any attention operator over `Real`, a user's own included: what lets heads and layers of different kinds
/// share a list. Immutable; copies share the operator that it holds.
///
/// \code
/// const std::vector<cesaro::any_operator<>> layers{cesaro::cesaro_operator<>(1000),
///                                                  cesaro::sliding_window_operator<>(1000, 128)};
/// const Eigen::VectorXd row = cesaro::rollout_row(layers, {0.5, 0.5});
/// \endcode
template <real_scalar Real = double>
class any_operator : public columnwise_operator<any_operator<Real>, Real> {
  public:
    /// Holds a copy of `op`. Implicit, so that lists of different operators can be written down.
    /// \throws std::invalid_argument when op is not square.
    template <class Op, class Held = std::remove_cvref_t<Op>>
    requires(!std::same_as<Held, any_operator> && detail::square_over<Held, Real>)
        any_operator(Op&& op)  // NOLINT(google-explicit-constructor)
        : columnwise_operator<any_operator, Real>("any_operator", Eigen::Index(op.rows())) {
        static_assert(attention_operator<Held>);
        detail::check_size("any_operator", "columns of the operator", op.cols(), op.rows());
        held_ = std::make_shared<holder<Held>>(std::forward<Op>(op));
    }

    void apply_column(const const_column<Real>& x, column<Real> y) const { held_->apply(x, y); }
    void apply_transpose_column(const const_column<Real>& v, column<Real> y) const {
        held_->apply_transpose(v, y);
    }

    /// The dense matrix of the operator held, for checking.
    [[nodiscard]] Eigen::MatrixX<Real> matrix() const { return held_->matrix(); }

    /// The diagonal and the size of the centre of the operator held, see collapse_rate().
    [[nodiscard]] Eigen::VectorX<Real> diagonal() const { return held_->diagonal(); }
    [[nodiscard]] Eigen::Index centre_size() const { return held_->centre_size(); }

    /// The operator held when it is an Op, else null.
    template <class Op>
    [[nodiscard]] const Op* target() const {
        const auto* const h = dynamic_cast<const holder<Op>*>(held_.get());
        return h ? &h->op : nullptr;
    }

  private:
    struct interface {
        interface() = default;
        interface(const interface&) = delete;
        interface& operator=(const interface&) = delete;
        virtual ~interface() = default;
        virtual void apply(const const_column<Real>& x, column<Real> y) const = 0;
        virtual void apply_transpose(const const_column<Real>& v, column<Real> y) const = 0;
        virtual Eigen::MatrixX<Real> matrix() const = 0;
        virtual Eigen::VectorX<Real> diagonal() const = 0;
        virtual Eigen::Index centre_size() const = 0;
    };

    template <class Op>
    struct holder final : interface {
        explicit holder(const Op& operand) : op(operand) {}
        explicit holder(Op&& operand) : op(std::move(operand)) {}

        void apply(const const_column<Real>& x, column<Real> y) const override {
            if constexpr (requires { op.apply(x, y); }) {
                op.apply(x, y);
            } else {
                y = op.apply(Eigen::VectorX<Real>(x));
            }
        }
        void apply_transpose(const const_column<Real>& v, column<Real> y) const override {
            if constexpr (requires { op.apply_transpose(v, y); }) {
                op.apply_transpose(v, y);
            } else {
                y = op.apply_transpose(Eigen::VectorX<Real>(v));
            }
        }
        Eigen::MatrixX<Real> matrix() const override { return op.matrix(); }
        Eigen::VectorX<Real> diagonal() const override { return detail::diagonal_of(op); }
        Eigen::Index centre_size() const override { return detail::centre_size_of(op); }

        Op op;
    };

    std::shared_ptr<const interface> held_;
};

}  // namespace cesaro
