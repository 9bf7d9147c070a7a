// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

/// The whole library, but for the headers that read and write files (decoder/checkpoint.hpp, read_config.hpp,
/// safetensors.hpp, token_ids.hpp): they bring a JSON parser along and are included by name. Every header
/// also stands alone.

#include <cesaro/apply_power.hpp>
#include <cesaro/attention/any_operator.hpp>
#include <cesaro/attention/collapse_rate.hpp>
#include <cesaro/attention/columnwise_operator.hpp>
#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/full_operator.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/prefix_operator.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/attention/sink_operator.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/cesaro_operator.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/continuum_influence.hpp>
#include <cesaro/decoder/decoder.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/decoder/initialization.hpp>
#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/decoder/mean_field.hpp>
#include <cesaro/depth_limit_influence.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/fit_profile.hpp>
#include <cesaro/influence_blocks.hpp>
#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/jacobian_profile.hpp>
#include <cesaro/landmarks.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/power_sum.hpp>
#include <cesaro/profile.hpp>
#include <cesaro/sensitivity.hpp>
#include <cesaro/version.hpp>
