// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "model.hpp"

#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>

namespace cesaro {
class predicted_profile;
}

namespace programs {

/// The library's accuracy of predictions, and one that pictures need.
inline constexpr double prediction_accuracy = 1e-3;
inline constexpr double picture_accuracy = 1e-2;

/// What the mean field predicts of a model at so many tokens.
/// \throws usage_error that says what is missing and offers `--alpha`.
cesaro::predicted_profile predict(const chosen_model& model, Eigen::Index tokens,
                                  double accuracy = prediction_accuracy);

/// The prediction for the same model whose every layer sees the whole past.
cesaro::predicted_profile predict_without_windows(const chosen_model& model, Eigen::Index tokens);

/// Whether a window hides something of so many tokens.
bool has_windows(const chosen_model& model, Eigen::Index tokens);

/// Half the sum of the differences of two predictions of as many tokens.
double total_variation(const cesaro::predicted_profile& p, const cesaro::predicted_profile& q);

/// The coefficients of a prediction, as the schedule of a row.
cesaro::mixing_schedule<double> schedule_of(const cesaro::predicted_profile& p);

}  // namespace programs
