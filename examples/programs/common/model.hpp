// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/files/model_outline.hpp>

#include <Eigen/Core>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace programs {

/// A public decoder and its `config.json`.
struct known_model {
    std::string name;
    std::string config;
};

/// Public models, by their published configurations.
const std::vector<known_model>& known_models();

/// A decoder that the user chose.
struct chosen_model {
    cesaro::model_outline outline;
    std::optional<cesaro::decoder_config> config = {};  ///< where the blocks can be described, too
    std::string lacking = {};                           ///< else what is in the way
    std::string source = {};                            ///< the file, or the name, for messages

    Eigen::Index layers() const { return Eigen::Index(outline.layers.size()); }
    /// The context given, or where it is 0 the model's own.
    /// \throws usage_error when there is neither.
    Eigen::Index tokens_or_own(Eigen::Index tokens) const;
};

/// The model of that name as people write it: in any case, `meta-llama/Llama-3.1-8B-Instruct`.
/// \throws usage_error with near names and the list of all.
chosen_model find_model(std::string_view name);

/// The model that a Hugging Face `config.json`, or that of a directory, describes; `-` is standard input.
/// \throws std::runtime_error naming the file, and the key where one is at fault.
chosen_model read_model(const std::string& file);

/// The file or directory of that name, or else the known model.
chosen_model find_or_read_model(const std::string& name);

/// The outline of the model that such a file describes, with a name that a terminal may show.
/// \throws std::runtime_error naming the file, and the key where one is at fault.
cesaro::model_outline read_outline(const std::string& file);

/// What rows of influence leave out of the model at so many tokens, where the columns of these names are such
/// rows and others have it.
std::vector<std::string> notes_beside_prediction(const cesaro::model_outline& outline, Eigen::Index tokens,
                                                 const std::string& rows);

}  // namespace programs
