// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "decoder_files.hpp"

#include "common/output.hpp"
#include "common/program.hpp"

#include <cesaro/files/checkpoint.hpp>
#include <cesaro/files/config_json.hpp>
#include <cesaro/files/detail/pending_file.hpp>
#include <cesaro/files/safetensors.hpp>

#include <fmt/format.h>

#include <system_error>
#include <vector>

namespace programs {

namespace {

namespace fs = std::filesystem;

/// Activations with a token per column, which as a tensor [tokens, width] are row-major already.
cesaro::tensor<float> activations(const Eigen::MatrixXf& x) {
    return {{x.cols(), x.rows()}, x.reshaped()};
}

/// What enters the network and what leaves it, and the norms as a tensor [tokens].
cesaro::tensor_map<float> input_tensors(const measured_decoder& decoder) {
    const Eigen::VectorXd& norms = decoder.jacobian_norms;
    return {{"x_in", activations(decoder.x_in)},
            {"last_hidden_state", activations(cesaro::decoder_forward(decoder.model, decoder.x_in))},
            {"jacobian_norms", {{norms.size()}, norms.cast<float>()}}};
}

/// Directories that are missing for one to be there, the deepest first.
std::vector<fs::path> missing_directories(const fs::path& directory) {
    std::vector<fs::path> missing;
    std::error_code ignored;
    for (fs::path path = fs::absolute(directory); !fs::exists(path, ignored) && path.has_relative_path();
         path = path.parent_path())
        missing.push_back(path);
    return missing;
}

}  // namespace

void check_loadable(const fs::path& path) {
    std::error_code error;
    if (fs::exists(path, error)) return;
    std::error_code no_link;
    const fs::path target = fs::read_symlink(path, no_link);
    throw usage_error(
        fmt::format("--weights: '{}' {}", path.string(),
                    !no_link ? fmt::format("is a link to '{}', which does not exist", target.string())
                    : error  ? "cannot be read: " + error.message()
                             : "does not exist"));
}

void check_savable(const fs::path& directory) {
    const std::vector<fs::path> missing = missing_directories(directory);
    if (!missing.empty()) const pending_file writable(missing.back());
    if (missing.empty())
        for (const char* const name : {"config.json", "inputs.safetensors", "model.safetensors"})
            const pending_file writable(directory / name);
}

void save_decoder(const fs::path& directory, const measured_decoder& decoder) {
    const std::vector<fs::path> missing = missing_directories(directory);
    try {
        cesaro::detail::make_directory("", directory);
        cesaro::detail::pending_file weights("", directory / "model.safetensors");
        cesaro::detail::pending_file inputs("", directory / "inputs.safetensors");
        cesaro::detail::write_weights("", weights.temporary(), decoder.model.config(),
                                      decoder.model.weights());
        cesaro::save_safetensors(inputs.temporary(), input_tensors(decoder));
        // The last that can fail, whole or not at all.
        cesaro::save_decoder_config(directory, decoder.model.config(),
                                    decoder.model.weights().unembedding.size() > 0);
        weights.commit();
        inputs.commit();
    } catch (...) {
        std::error_code ignored;
        for (const fs::path& made : missing)
            fs::remove(made, ignored);
        throw;
    }
}

}  // namespace programs
