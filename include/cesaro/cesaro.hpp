// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

/// \file
/// The whole library but for files/, which reads and writes files and brings a JSON parser along: those
/// headers are included by name. Every header also stands alone.
///
/// Arguments come in one order: sizes or positions, then the network, then the point, the bins or the
/// output. What is asked about its own numbers comes first: a distribution in pdf(row, m), a measured
/// profile in fit_profile(), the layers in rollout_row(), the configuration of a decoder.

#include <cesaro/apply_power.hpp>
#include <cesaro/attention/any_operator.hpp>
#include <cesaro/attention/attention_of_pairs.hpp>
#include <cesaro/attention/collapse_rate.hpp>
#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/full_operator.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/matrix_operator.hpp>
#include <cesaro/attention/prefix_operator.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/attention/sink_operator.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/attention/weighted_mean_operator.hpp>
#include <cesaro/cesaro_operator.hpp>
#include <cesaro/collapse.hpp>
#include <cesaro/columnwise_operator.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/continuum_influence.hpp>
#include <cesaro/decoder/alibi.hpp>
#include <cesaro/decoder/decoder.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/decoder/draws.hpp>
#include <cesaro/decoder/initialization.hpp>
#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/decoder/layer_statistics.hpp>
#include <cesaro/decoder/mean_field.hpp>
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/decoder/streamed_decoder.hpp>
#include <cesaro/decoder/unembedding.hpp>
#include <cesaro/decoder/untrained_jacobian_norms.hpp>
#include <cesaro/depth_limit_influence.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/fit_network.hpp>
#include <cesaro/fit_profile.hpp>
#include <cesaro/hop_law.hpp>
#include <cesaro/influence_blocks.hpp>
#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/influence_summary.hpp>
#include <cesaro/jacobian_profile.hpp>
#include <cesaro/keys.hpp>
#include <cesaro/landmarks.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/network_operator.hpp>
#include <cesaro/peer_formulas.hpp>
#include <cesaro/position_gains.hpp>
#include <cesaro/power_sum.hpp>
#include <cesaro/profile.hpp>
#include <cesaro/profile_distance.hpp>
#include <cesaro/profile_estimate.hpp>
#include <cesaro/random_sign_profile.hpp>
#include <cesaro/sensitivity.hpp>
#include <cesaro/softmax_participation.hpp>
#include <cesaro/version.hpp>
#include <cesaro/window_influence.hpp>
#include <cesaro/wiring.hpp>
