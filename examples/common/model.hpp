// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace programs {

/// What the theory needs to know of a decoder: its layers and how many tokens it was built to read.
struct model {
    std::string name;
    Eigen::Index layers;
    std::optional<Eigen::Index> context;         ///< absent where a configuration does not limit it
    std::optional<Eigen::Index> sliding_window;  ///< absent where every layer sees the whole past
};

/// Public models, by their published configurations.
const std::vector<model>& known_models();

/// The model of that name; a usage_error listing the known ones otherwise.
model find_model(std::string_view name);

/// The model that a Hugging Face `config.json` describes, whichever spelling of the keys it uses; unknown
/// keys are ignored. A usage_error names the file, and the key where one is at fault.
model read_model_config(const std::string& file);

}  // namespace programs
