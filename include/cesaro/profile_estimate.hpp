// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/equals.hpp>

#include <Eigen/Core>

#include <cmath>
#include <limits>

namespace cesaro {

/// A random estimate and its standard error, per source position.
template <class Real>
struct profile_estimate {
    Eigen::VectorX<Real> profile;
    Eigen::VectorX<Real> standard_error;
};

/// How the norms of several passes, inputs or draws, become one profile: the root of the mean of their squares, which
/// is that of the expected square; or the mean of the passes' profiles, each divided by its sum, to which a pass of
/// large norms contributes no more than another.
enum class profile_average { root_mean_square, normalized };

namespace detail {

/// The root of the mean of samples, per position. Number is Real, or scaled<Real> where the squares of the
/// samples leave its range.
template <class Number>
class root_mean {
  public:
    void add(const Eigen::VectorX<Number>& sample) {
        if (count_++ == 0) mean_ = squares_ = Eigen::VectorX<Number>::Constant(sample.size(), Number(0));
        const auto count = Number(count_);
        for (Eigen::Index m = 0; m < sample.size(); ++m) {  // Welford's update: no cancellation
            const Number step = sample[m] - mean_[m];
            mean_[m] += step / count;
            squares_[m] += step * (sample[m] - mean_[m]);
        }
    }

    /// The standard error by the delta method; infinite for one sample, which does not tell.
    template <class Real>
    profile_estimate<Real> estimate() const {
        using std::sqrt;
        profile_estimate<Real> result{
            Eigen::VectorX<Real>::Constant(mean_.size(), Real(0)),
            Eigen::VectorX<Real>::Constant(mean_.size(),
                                           count_ > 1 ? Real(0) : std::numeric_limits<Real>::infinity())};
        const Number freedom = Number(count_) * Number(count_ - 1);
        for (Eigen::Index m = 0; m < mean_.size(); ++m) {
            if (equals(mean_[m], Number(0))) continue;  // what is not a number stays so
            const Number root = sqrt(mean_[m]);
            result.profile[m] = static_cast<Real>(root);
            if (count_ > 1) {
                result.standard_error[m] =
                    static_cast<Real>(sqrt(Number(squares_[m] / freedom)) / Number(root + root));
            }
        }
        return result;
    }

    /// Of the mean itself, and its standard error.
    template <class Real>
    profile_estimate<Real> mean_estimate() const {
        using std::sqrt;
        profile_estimate<Real> result{mean_.template cast<Real>(), Eigen::VectorX<Real>(mean_.size())};
        const Number freedom = Number(count_) * Number(count_ - 1);
        for (Eigen::Index m = 0; m < mean_.size(); ++m) {
            result.standard_error[m] = count_ > 1 ? static_cast<Real>(sqrt(Number(squares_[m] / freedom)))
                                                  : std::numeric_limits<Real>::infinity();
        }
        return result;
    }

  private:
    Eigen::Index count_ = 0;
    Eigen::VectorX<Number> mean_, squares_;
};

}  // namespace detail

}  // namespace cesaro
