// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder.hpp>

#include <Eigen/Core>

#include <filesystem>
#include <string>

namespace programs {

/// The `model_type` of a family.
std::string model_type(cesaro::decoder_family family);

/// The name of a way to know positions, as config_json() writes it.
std::string position_name(cesaro::position_encoding positions);

/// The `config.json` of a decoder with the keys of Hugging Face transformers. Positions that are not the
/// family's own have no such key, and are told by one of ours, `position_encoding`.
std::string config_json(const cesaro::decoder_config& config);

/// The decoder of a config.json, or of a directory that holds one, as config_json() wrote it or Hugging Face
/// has it.
cesaro::decoder_config read_config(const std::filesystem::path& path);

/// What was measured on one input, and the network it was measured on.
struct measured_decoder {
    const cesaro::decoder<float>& model;
    const Eigen::MatrixXf& x_in;            ///< width x tokens
    const Eigen::VectorXd& jacobian_norms;  ///< not normalised
};

/// A usage_error if save_decoder() cannot write there, for before the work.
void check_savable(const std::filesystem::path& directory);

/// Writes `model.safetensors`, `config.json` and `inputs.safetensors` (x_in [tokens, width], jacobian_norms
/// [tokens]) into a directory, which is made if need be: all of them or none.
void save_decoder(const std::filesystem::path& directory, const measured_decoder& decoder);

}  // namespace programs
