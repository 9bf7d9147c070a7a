// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/columnwise_operator.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/equals.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace cesaro {

/// What is asked of a matrix that is to be attention, besides that no entry is negative.
template <real_scalar Real = double>
struct matrix_limits {
    bool causal = false;  ///< nothing above the diagonal
    /// How far a row's sum may exceed 1, in [0, 1]; size + 8 epsilons where it is not given. Weights that were
    /// rounded to fewer digits than Real has need more: about 1e-6 of float, 1e-3 of half.
    std::optional<Real> tolerance = std::nullopt;
};

/// Attention that somebody measured or wrote down: any square matrix of entries at least 0 whose rows sum to at
/// most 1.
///
/// \f[ y_n = \sum_{m < \max(n+1,\,c)} A_{n,m}\, x_m \f]
///
/// c is the size of the centre, which the constructor finds: one more than the last position that an earlier one
/// sees. At most 1 of causal attention, whose upper part is not read again; the prefix of a prefix mask.
///
/// Immutable; copies share the matrix. Cost O(size²) per column, half of it where attention is causal; memory the
/// matrix, or nothing for a view(). Accuracy: sums of size terms, relative where no entry is negative: at most
/// size epsilons.
///
/// \code
/// Eigen::MatrixXd attention(2, 2);
/// attention << 1, 0, 0.25, 0.75;
/// const cesaro::matrix_operator<> head(attention, {.causal = true});
/// const Eigen::VectorXd seen = head.apply(Eigen::Vector2d(8, 4));  // 8, 5
/// \endcode
template <real_scalar Real = double>
class matrix_operator : public columnwise_operator<matrix_operator<Real>, Real> {
  public:
    /// A row after the other, as files of attention have them.
    using row_major = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

    /// \param matrix  row n is how position n attends; any Eigen expression.
    /// \throws std::invalid_argument when it is not square.
    /// \throws std::domain_error naming the entry that is negative, above 1, NaN or, where causal attention is
    ///         asked for, above the diagonal and not 0; the row whose sum is too large; or the tolerance.
    explicit matrix_operator(row_major matrix, const matrix_limits<Real>& limits = {})
        : matrix_operator(std::make_shared<const row_major>(std::move(matrix)), limits) {}

    /// The same of memory that is not copied, and has to outlive the operator and all its copies unchanged.
    [[nodiscard]] static matrix_operator view(const Eigen::Map<const row_major>& matrix,
                                              const matrix_limits<Real>& limits = {}) {
        const std::shared_ptr<const row_major> nobody;
        return matrix_operator({nobody, matrix.data()}, matrix.rows(), matrix.cols(), limits);
    }

    /// Whether no position sees a later one.
    [[nodiscard]] bool causal() const { return centre_size_ <= 1; }

    void apply_column(const const_column<Real>& x, column<Real> y) const {
        for (Eigen::Index n = 0; n < this->rows(); ++n) {
            const Real* const entries = row(n);
            Real sum(0);
            for (Eigen::Index m = 0; m < seen(n); ++m)
                sum += entries[m] * x.coeff(m);
            y.coeffRef(n) = sum;
        }
    }

    void apply_transpose_column(const const_column<Real>& v, column<Real> y) const {
        for (Eigen::Index m = 0; m < this->rows(); ++m)
            y.coeffRef(m) = Real(0);
        for (Eigen::Index n = 0; n < this->rows(); ++n) {
            const Real weight = v.coeff(n);
            if (detail::equals(weight, 0)) continue;  // a rollout begins with a single position
            const Real* const entries = row(n);
            for (Eigen::Index m = 0; m < seen(n); ++m)
                y.coeffRef(m) += weight * entries[m];
        }
    }

    /// The matrix, in columns.
    /// \throws std::length_error when another rows × rows entries do not fit in memory.
    [[nodiscard]] Eigen::MatrixX<Real> matrix() const {
        return detail::dense_matrix<Real>(
            "matrix_operator::matrix", this->rows(),
            [this](Eigen::Index n, Eigen::Index m) { return m < seen(n) ? row(n)[m] : Real(0); });
    }

    /// The diagonal \f$A_{n,n}\f$, length rows().
    /// \throws std::length_error when it does not fit in memory.
    [[nodiscard]] Eigen::VectorX<Real> diagonal() const {
        return detail::dense_vector<Real>("matrix_operator::diagonal", this->rows(),
                                          [this](Eigen::Index n) { return row(n)[n]; });
    }

    /// One more than the last position that an earlier one sees.
    [[nodiscard]] Eigen::Index centre_size() const { return centre_size_; }

  private:
    static constexpr const char* name = "matrix_operator";

    matrix_operator(const std::shared_ptr<const row_major>& matrix, const matrix_limits<Real>& limits)
        : matrix_operator({matrix, matrix->data()}, matrix->rows(), matrix->cols(), limits) {}

    matrix_operator(std::shared_ptr<const Real> entries, Eigen::Index rows, Eigen::Index cols,
                    const matrix_limits<Real>& limits)
        : columnwise_operator<matrix_operator, Real>(name, rows),
          entries_(std::move(entries)),
          centre_size_(std::min<Eigen::Index>(1, rows)) {
        detail::check_size(name, "columns of the matrix", cols, rows);
        const Real rounding = Real(rows + 8) * std::numeric_limits<Real>::epsilon();
        const Real tolerance = limits.tolerance.value_or(rounding);
        if (limits.tolerance) detail::check_unit_interval(name, "tolerance", tolerance);
        for (Eigen::Index n = 0; n < rows; ++n)
            check_row(n, limits.causal, Real(Real(1) + tolerance));
    }

    void check_row(Eigen::Index n, bool must_be_causal, const Real& most) {
        Real sum(0);
        for (Eigen::Index m = 0; m < this->rows(); ++m) {
            const Real& entry = row(n)[m];
            const auto fail = [&](const char* requirement) {
                const std::string at = "matrix(" + std::to_string(n) + ", " + std::to_string(m) + ")";
                detail::throw_domain_error(name, at, entry, requirement);
            };
            if (!(entry >= Real(0) && entry <= most)) fail("must be at least 0 and at most 1");
            sum += entry;
            if (m <= n || detail::equals(entry, 0)) continue;
            if (must_be_causal) fail("must be 0: it is above the diagonal");
            centre_size_ = std::max<Eigen::Index>(centre_size_, m + 1);
        }
        if (!(sum <= most)) {
            detail::throw_domain_error(name, "sum of row " + std::to_string(n), sum,
                                       "must be at most " + detail::value_text(most));
        }
    }

    const Real* row(Eigen::Index n) const { return entries_.get() + n * this->rows(); }
    Eigen::Index seen(Eigen::Index n) const { return std::max<Eigen::Index>(n + 1, centre_size_); }

    std::shared_ptr<const Real> entries_;  // the whole matrix, by rows; owns nothing in a view
    Eigen::Index centre_size_;
};

template <class Derived>
matrix_operator(const Eigen::EigenBase<Derived>&) -> matrix_operator<typename Derived::Scalar>;
template <class Derived>
matrix_operator(const Eigen::EigenBase<Derived>&, matrix_limits<typename Derived::Scalar>)
    -> matrix_operator<typename Derived::Scalar>;

}  // namespace cesaro
