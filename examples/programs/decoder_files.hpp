// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder.hpp>

#include <Eigen/Core>

#include <filesystem>

namespace programs {

/// What was measured on one input, and the network it was measured on.
struct measured_decoder {
    const cesaro::decoder<float>& model;
    const Eigen::MatrixXf& x_in;            ///< width x tokens
    const Eigen::VectorXd& jacobian_norms;  ///< not normalised
};

/// A usage_error naming `--weights` unless there is something at its path.
void check_loadable(const std::filesystem::path& path);

/// Throws if save_decoder() cannot write there, for before the work.
void check_savable(const std::filesystem::path& directory);

/// Writes `model.safetensors`, `config.json` and `inputs.safetensors` (x_in and last_hidden_state [tokens, width],
/// jacobian_norms [tokens]) into a directory, which is made if need be: all of them, or else what was there stays
/// as it was.
void save_decoder(const std::filesystem::path& directory, const measured_decoder& decoder);

}  // namespace programs
