// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/requirements.hpp>

namespace cesaro {

/// What attention scores do to the weights, in the mean-field prediction: nothing (attention is uniform, or
/// what ALiBi makes of it); to first order in their variance, about equal means; or all that is known.
enum class score_terms { none, first_order, full };

/// What the mean-field prediction takes into account beyond gains per layer and position; switched off one by
/// one to see what each contributes.
struct mean_field_terms {
    /// The feed-forward branches of two positions are as correlated as their inputs make them; otherwise
    /// fully.
    bool feed_forward_correlations = true;
    /// Scores spread the attention weights, carry gradients through keys and queries, and, with `full`, give
    /// more weight to tokens that resemble the others less.
    score_terms scores = score_terms::full;
};

}  // namespace cesaro
