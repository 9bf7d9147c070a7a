// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>

#include <Eigen/Core>

#include <cmath>
#include <string>
#include <string_view>

namespace cesaro {

/// The families of decoder-only transformers that can be built. A family fixes the normalisation, the
/// feed-forward block, the biases, the initialisation and the names of the tensors:
///
/// | family  | normalisation | feed-forward | biases           | residual projections at initialisation |
/// |---------|---------------|--------------|------------------|----------------------------------------|
/// | gpt2    | LayerNorm     | GELU (tanh)  | all              | scaled by 1/sqrt(2 layers)              |
/// | llama   | RMSNorm       | SwiGLU       | none             | as the others                          |
/// | mistral | RMSNorm       | SwiGLU       | none             | as the others                          |
/// | qwen2   | RMSNorm       | SwiGLU       | query, key, value | as the others                         |
enum class decoder_family { gpt2, llama, mistral, qwen2 };

/// How a decoder knows positions: a learned vector added to each embedding (gpt2 family only), rotations of
/// queries and keys (RoPE), both (to see what rotations alone do to a GPT-2), or not at all.
enum class position_encoding { learned, rope, learned_and_rope, none };

enum class norm_kind { layer_norm, rms_norm };

enum class feed_forward_kind { gelu, swiglu };

/// The shape of a decoder-only transformer, as its Hugging Face `config.json` gives it. The members may be
/// set one by one; validate() says whether they make a decoder.
struct decoder_config {
    decoder_family family = decoder_family::gpt2;
    position_encoding positions = position_encoding::learned;
    Eigen::Index layers = 0;
    Eigen::Index width = 0;         ///< of the residual stream
    Eigen::Index heads = 0;         ///< query heads
    Eigen::Index kv_heads = 0;      ///< key and value heads, each shared by heads / kv_heads query heads
    Eigen::Index head_width = 0;    ///< width / heads, but where a config says otherwise
    Eigen::Index intermediate = 0;  ///< width of the feed-forward block's inner layer
    Eigen::Index vocab_size = 0;
    Eigen::Index max_positions = 0;   ///< a hard limit with learned positions only
    Eigen::Index sliding_window = 0;  ///< positions seen by a query, itself included; 0: all of its past
    Eigen::Index first_windowed_layer = 0;  ///< layers before it see all of their past
    double norm_epsilon = 1e-5;             ///< added to the variance
    double rope_theta = 10000;              ///< base of the RoPE wavelengths
    double initializer_range = 0.02;        ///< standard deviation of the initial weights

    norm_kind norm() const {
        return family == decoder_family::gpt2 ? norm_kind::layer_norm : norm_kind::rms_norm;
    }
    feed_forward_kind feed_forward() const {
        return family == decoder_family::gpt2 ? feed_forward_kind::gelu : feed_forward_kind::swiglu;
    }
    bool has_learned_positions() const {
        return positions == position_encoding::learned || positions == position_encoding::learned_and_rope;
    }
    bool has_rope() const {
        return positions == position_encoding::rope || positions == position_encoding::learned_and_rope;
    }
    bool qkv_bias() const { return family == decoder_family::gpt2 || family == decoder_family::qwen2; }
    /// Biases of the two projections back to the residual stream and of the feed-forward block's inner layer.
    bool other_biases() const { return family == decoder_family::gpt2; }

    Eigen::Index query_size() const { return heads * head_width; }
    Eigen::Index key_size() const { return kv_heads * head_width; }
    /// The window of one layer; 0: all of the past.
    Eigen::Index window(Eigen::Index layer) const {
        return layer < first_windowed_layer ? 0 : sliding_window;
    }

    /// Standard deviation of the initial weights of the two projections back to the residual stream.
    /// GPT-2: initializer_range / sqrt(2 layers); Radford et al. 2019, section 2.3.
    double residual_initializer_range() const {
        return family == decoder_family::gpt2 && layers > 0
                   ? initializer_range / std::sqrt(2 * double(layers))
                   : initializer_range;
    }

    void validate() const;
};

/// Throws unless the members make a decoder that can be built; the message names the member.
/// \throws std::domain_error when a size is below its least value or above \f$2^{30}\f$, or a real number is
///         negative or not finite.
/// \throws std::invalid_argument when heads is no multiple of kv_heads, RoPE meets an odd head_width, a GPT-2
///         has kv_heads != heads, or learned positions belong to another family.
inline void decoder_config::validate() const {
    const char* const function = "decoder_config";
    const Eigen::Index most = Eigen::Index(1) << 30;  // products of two sizes then never overflow
    const auto check = [&](std::string_view name, Eigen::Index value, Eigen::Index least) {
        detail::check_at_least(function, name, value, least);
        if (value > most) {
            detail::throw_domain_error(function, name, value, "must be at most " + std::to_string(most));
        }
    };
    check("layers", layers, 0);
    check("width", width, 1);
    check("heads", heads, 1);
    check("kv_heads", kv_heads, 1);
    check("head_width", head_width, 1);
    check("intermediate", intermediate, 1);
    check("vocab_size", vocab_size, 1);
    check("max_positions", max_positions, 1);
    check("sliding_window", sliding_window, 0);
    check("first_windowed_layer", first_windowed_layer, 0);
    const auto check_real = [&](std::string_view name, double value) {
        if (!(std::isfinite(value) && value >= 0)) {
            detail::throw_domain_error(function, name, value, "must be finite and not negative");
        }
    };
    check_real("norm_epsilon", norm_epsilon);
    check_real("rope_theta", rope_theta);
    check_real("initializer_range", initializer_range);
    if (heads % kv_heads != 0) {
        detail::throw_invalid_argument(function, "heads", heads,
                                       "must be a multiple of kv_heads = " + std::to_string(kv_heads));
    }
    if (family == decoder_family::gpt2 && kv_heads != heads) {
        detail::throw_invalid_argument(function, "kv_heads", kv_heads,
                                       "must be heads = " + std::to_string(heads) + " in the gpt2 family");
    }
    if (family != decoder_family::gpt2 && has_learned_positions()) {
        detail::throw_invalid_argument(function, "positions", std::string("learned"),
                                       "exists in the gpt2 family only");
    }
    if (has_rope() && head_width % 2 != 0) {
        detail::throw_invalid_argument(function, "head_width", head_width, "must be even for RoPE");
    }
    if (has_rope() && rope_theta == 0) {
        detail::throw_domain_error(function, "rope_theta", rope_theta, "must be positive");
    }
}

}  // namespace cesaro
