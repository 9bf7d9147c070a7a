// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The description of a decoder-only transformer: what there is of each part, and where. A family of models
/// is nothing but a way to fill it in.

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/detail/equals.hpp>

#include <Eigen/Core>

#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cesaro {

/// LayerNorm subtracts the mean of an activation and divides by its standard deviation; RMSNorm divides by
/// its root mean square.
enum class norm_kind { layer_norm, rms_norm };

/// The normalisations of a decoder and where they stand. With N a normalisation and F a branch (attention or
/// feed-forward), a branch adds to the residual stream
///
/// \f[ F(N x) \;\text{(before)}, \qquad N' F(x) \;\text{(after)}, \qquad N' F(N x) \;\text{(both)}. \f]
///
/// There is always one more behind the last layer.
struct normalization_config {
    norm_kind kind = norm_kind::rms_norm;
    double epsilon = 1e-5;    ///< added to the variance or mean square
    bool gain = true;         ///< an elementwise gain follows; OLMo 1 has none
    bool bias = false;        ///< and a bias
    bool before = true;       ///< branches read the normalised stream
    bool after = false;       ///< what branches add is normalised
    bool shared = false;      ///< parallel branches read one and the same normalisation
    bool embeddings = false;  ///< the embeddings are normalised before the first layer
};

/// How queries and keys are normalised before RoPE: not at all; each head by itself, with one gain for all
/// heads, or a gain for each; all heads of a position together.
enum class query_key_norm { none, per_head, each_head, all_heads };

/// Attention scores. With q and k of head width w, clipped and normalised where so said,
///
/// \f[ s = \mathrm{cap}\left(c\, q^T k\right), \qquad \mathrm{cap}(s) = C \tanh(s/C), \qquad
///     a_j = \frac{e^{s_j}}{e^{b} + \sum_i e^{s_i}}. \f]
struct score_config {
    double scale = 0;       ///< c; 0 stands for \f$1/\sqrt w\f$
    bool by_layer = false;  ///< c is divided by the number of the layer, counted from 1
    double cap = 0;         ///< C; 0: no cap
    double clip = 0;        ///< entries of q, k and v are clipped to [-clip, clip]; 0: not
    query_key_norm norm = query_key_norm::none;
    bool sinks = false;  ///< a learned b for each head; otherwise \f$e^b = 0\f$
};

/// The slopes of ALiBi, which adds \f$-\mathrm{slope}_h (n - j)\f$ to the scores of head h. For H heads, a
/// power of two, \f$2^{-h\,b/H}\f$, h = 1..H, b = `alibi_max`. Otherwise BLOOM (and Falcon) take those of the
/// next lower power of two, then the odd ones of its double; MPT those of the next higher, even ones first.
enum class alibi_rule { none, bloom, mpt };

/// How the frequencies of RoPE are changed for long contexts; see nn::rope_frequencies().
enum class rope_scaling { none, linear, dynamic, llama3, yarn, longrope };

/// Rotary position embedding: pairs of entries of a query or key turn at position t by \f$t\,\theta_i\f$,
/// \f$\theta_i = \theta^{-2i/r}\f$, r the rotated entries of a head.
struct rope_config {
    double theta = 10000;
    Eigen::Index width = 0;    ///< r, even; 0: the whole head, or the rotated part of latent attention
    bool interleaved = false;  ///< pairs are (2i, 2i+1), not (i, i + r/2)
    rope_scaling scaling = rope_scaling::none;
    double factor = 1;                       ///< of linear, dynamic, llama3 and yarn
    double original_positions = 0;           ///< the context before scaling
    double low_frequency_factor = 1;         ///< llama3
    double high_frequency_factor = 4;        ///< llama3
    double beta_fast = 32;                   ///< yarn
    double beta_slow = 1;                    ///< yarn
    bool truncate = true;                    ///< yarn: the ramp begins and ends at whole pairs
    double attention_factor = 1;             ///< cosines and sines are multiplied by it
    std::vector<double> short_factors = {};  ///< longrope, one per pair: up to original_positions tokens
    std::vector<double> long_factors = {};   ///< longrope: beyond
};

/// Latent attention (DeepSeek's MLA): keys and values are maps of a normalised latent of `rank` entries, and
/// `rope_width` entries of each key, the last, are rotated and shared by all heads.
struct latent_attention {
    Eigen::Index query_rank = 0;   ///< queries have a latent of their own; 0: they have none
    Eigen::Index rank = 0;         ///< of keys and values
    Eigen::Index rope_width = 0;   ///< rotated entries at the end of a head; the others are not
    Eigen::Index value_width = 0;  ///< of a head's values
    double epsilon = 1e-6;         ///< of the latents' RMSNorm
};

/// What one layer has of its own.
struct layer_config {
    bool attends = true;      ///< false: nothing mixes positions here (or nothing that can be described)
    Eigen::Index window = 0;  ///< positions seen by a query, itself included; 0: all of its past
    bool rope = true;         ///< queries and keys are rotated, if the decoder has RoPE
    bool experts = false;     ///< the feed-forward branch is a mixture of experts
};

/// Activations of the inner layer: GELU, exact and in its tanh form; ReLU; SiLU, \f$x\,\sigma(x)\f$; and
/// gpt-oss's \f$\min(x, 7)\,\sigma(1.702 \min(x, 7))\f$, whose gated partner is clipped to [-7, 7], plus one.
enum class activation_kind { gelu, gelu_tanh, relu, silu, clamped_swish };

/// How a router weighs experts: the softmax of all of its scores, of which the greatest are kept; the softmax
/// of the greatest; or the logistic function of each score, the greatest after a learned correction kept.
enum class expert_routing { softmax_of_all, softmax_of_chosen, sigmoid };

/// A mixture of experts: \f$\sum_e g_e F_e(x) + F_{shared}(x)\f$ over the experts that a router chooses.
struct experts_config {
    Eigen::Index count = 0;
    Eigen::Index chosen = 0;        ///< for each token
    Eigen::Index intermediate = 0;  ///< inner width of an expert
    Eigen::Index shared = 0;        ///< inner width of what is always used; 0: nothing is
    bool shared_gate = false;       ///< it is multiplied by the logistic function of a score of its own
    expert_routing routing = expert_routing::softmax_of_all;
    bool normalized = false;  ///< the chosen weights are divided by their sum
    double scale = 1;         ///< and multiplied by this
    Eigen::Index groups = 1;  ///< of experts; only those of the best groups can be chosen
    Eigen::Index chosen_groups = 1;
    bool bias = false;  ///< of the router
};

/// The affine maps that have a bias.
struct bias_config {
    bool query_key_value = false;
    bool attention_output = false;
    bool feed_forward_input = false;
    bool feed_forward_output = false;
};

/// Weights by the way they are initialised.
enum class weight_kind {
    token_embedding,
    position_embedding,
    query_key_value,
    attention_output,
    feed_forward_input,
    feed_forward_output,
    router,
    sink
};

/// A decoder-only transformer: `layers` layers between an embedding and a last normalisation,
///
/// \f[ x \leftarrow x + r A(x), \quad x \leftarrow x + r F(x), \qquad\text{or}\qquad
///     x \leftarrow x + r A(x) + r F(x) \;\text{(parallel)}, \f]
///
/// A attention, F feed-forward, r = `branch_scale`. The members are independent of each other and may be set
/// one by one; validate() says whether they make a decoder. parse_decoder_config() fills them in for the
/// families that it knows.
struct decoder_config {
    std::string model_type = {};  ///< of Hugging Face transformers; decides nothing but the names of tensors

    Eigen::Index layers = 0;
    Eigen::Index width = 0;         ///< d, of the residual stream
    Eigen::Index heads = 0;         ///< query heads
    Eigen::Index kv_heads = 0;      ///< key and value heads, each shared by heads / kv_heads query heads
    Eigen::Index head_width = 0;    ///< w, of queries and keys
    Eigen::Index intermediate = 0;  ///< inner width of the feed-forward branch
    Eigen::Index vocab_size = 0;
    Eigen::Index max_positions = 0;  ///< a hard limit with learned positions only

    double embedding_scale = 1;        ///< token embeddings are multiplied by it
    double branch_scale = 1;           ///< r
    bool learned_positions = false;    ///< a learned vector is added to each embedding
    Eigen::Index position_offset = 0;  ///< rows of the position embedding before that of position 0
    bool parallel = false;             ///< both branches read the same residual stream
    normalization_config norm = {};

    score_config scores = {};
    std::optional<rope_config> rope = {};
    std::optional<rope_config> local_rope = {};  ///< of the layers with a window, where it differs
    alibi_rule alibi = alibi_rule::none;
    double alibi_max = 8;       ///< b
    bool alibi_scaled = false;  ///< slopes are multiplied by the scale of the scores, as Falcon's are
    std::optional<latent_attention> latent = {};
    std::vector<layer_config> pattern = {};  ///< layers take its entries in turn; empty: all are alike

    activation_kind activation = activation_kind::silu;
    bool gated =
        true;  ///< inner layer \f$\varphi(z) \circ z'\f$, z' another linear map; else \f$\varphi(z)\f$
    std::optional<experts_config> experts = {};
    bias_config biases = {};

    double logit_scale = 1;  ///< logits are multiplied by it
    double logit_cap = 0;    ///< C, and capped, \f$C \tanh(z/C)\f$; 0: no cap

    double initializer_range = 0.02;  ///< \f$\sigma\f$, deviation of the initial weights
    bool residual_init_by_depth =
        false;  ///< maps back to the residual stream: \f$\sigma/\sqrt{2\,\mathrm{layers}}\f$
    std::array<double, 8> initial_factors = {1, 1, 1, 1, 1, 1, 1, 1};  ///< by weight_kind, further factors

    /// What layer `l` has of its own.
    layer_config layer(Eigen::Index l) const {
        return pattern.empty() ? layer_config{} : pattern[std::size_t(l) % pattern.size()];
    }
    /// The window of a layer; 0: all of the past.
    Eigen::Index window(Eigen::Index l) const { return layer(l).window; }
    /// The rotations of a layer, or none.
    const rope_config* rope_of(Eigen::Index l) const {
        if (!rope || !layer(l).rope) return nullptr;
        return local_rope && window(l) > 0 ? &*local_rope : &*rope;
    }
    /// Rotated entries of each head; they are its first ones, but the last of latent attention.
    Eigen::Index rotated_width(const rope_config& r) const {
        return latent ? latent->rope_width : r.width > 0 ? r.width : head_width;
    }
    /// Whether the feed-forward branch of a layer is a mixture of experts.
    bool has_experts(Eigen::Index l) const { return experts.has_value() && layer(l).experts; }

    /// The scale of a layer's scores.
    double score_scale(Eigen::Index l) const {
        const double c = scores.scale > 0 ? scores.scale : 1 / std::sqrt(double(head_width));
        return scores.by_layer ? c / double(l + 1) : c;
    }

    Eigen::Index value_width() const { return latent ? latent->value_width : head_width; }
    Eigen::Index query_size() const { return heads * head_width; }
    Eigen::Index key_size() const { return kv_heads * head_width; }
    Eigen::Index value_size() const { return kv_heads * value_width(); }
    /// Rows of queries, keys and values together, as attention takes them.
    Eigen::Index qkv_size() const { return query_size() + key_size() + value_size(); }
    /// Rows of what the heads give to the map back to the residual stream.
    Eigen::Index attention_size() const { return heads * value_width(); }

    /// Rows of an inner layer before its activation: a gate has as many besides.
    Eigen::Index pre_activations(Eigen::Index inner) const { return gated ? 2 * inner : inner; }

    /// The standard deviation with which weights are drawn.
    double initial_deviation(weight_kind kind) const {
        const bool residual =
            kind == weight_kind::attention_output || kind == weight_kind::feed_forward_output;
        const double factor = initial_factors[std::size_t(kind)];
        return residual && residual_init_by_depth && layers > 0
                   ? initializer_range * factor / std::sqrt(2 * double(layers))
                   : initializer_range * factor;
    }

    void validate() const;
};

namespace detail {

/// The checks of decoder_config::validate(), member by member.
class config_check {
  public:
    static constexpr const char* function = "decoder_config";

    void size(std::string_view name, Eigen::Index value, Eigen::Index least) const {
        check_at_least(function, name, value, least);
        if (value > most)
            throw_domain_error(function, name, value, "must be at most " + std::to_string(most));
    }
    void real(std::string_view name, double value) const {
        if (!(std::isfinite(value) && value >= 0))
            throw_domain_error(function, name, value, "must be finite and not negative");
    }
    void positive(std::string_view name, double value) const {
        real(name, value);
        if (equals(value, 0)) throw_domain_error(function, name, value, "must be positive");
    }
    void multiple(std::string_view name, Eigen::Index value, std::string_view of,
                  Eigen::Index divisor) const {
        if (value % divisor != 0) {
            throw_invalid_argument(
                function, name, value,
                "must be a multiple of " + std::string(of) + " = " + std::to_string(divisor));
        }
    }
    void at_most(std::string_view name, Eigen::Index value, std::string_view limit,
                 Eigen::Index limit_value) const {
        if (value > limit_value) {
            throw_invalid_argument(
                function, name, value,
                "must be at most " + std::string(limit) + " = " + std::to_string(limit_value));
        }
    }

  private:
    static constexpr Eigen::Index most = Eigen::Index(1) << 30;  // products of two sizes then never overflow
};

inline void check_rope(const config_check& check, const decoder_config& c, const rope_config& r,
                       const std::string& name) {
    check.positive(name + ".theta", r.theta);
    check.size(name + ".width", r.width, 0);
    const Eigen::Index width = c.rotated_width(r);
    check.at_most(name + ".width", width, "head_width", c.head_width);
    if (width % 2 != 0) {
        const std::string_view what = c.latent      ? "latent.rope_width"
                                      : r.width > 0 ? "rope.width"
                                                    : "head_width";
        throw_invalid_argument(config_check::function, what, width, "must be even for RoPE");
    }
    check.positive(name + ".factor", r.factor);
    check.positive(name + ".attention_factor", r.attention_factor);
    check.real(name + ".original_positions", r.original_positions);
    check.real(name + ".low_frequency_factor", r.low_frequency_factor);
    check.real(name + ".high_frequency_factor", r.high_frequency_factor);
    check.positive(name + ".beta_fast", r.beta_fast);
    check.positive(name + ".beta_slow", r.beta_slow);
    const bool needs_context = r.scaling != rope_scaling::none && r.scaling != rope_scaling::linear;
    if (needs_context) check.positive(name + ".original_positions", r.original_positions);
    if (r.scaling == rope_scaling::longrope) {
        check_size(config_check::function, name + ".short_factors", Eigen::Index(r.short_factors.size()),
                   width / 2);
        check_size(config_check::function, name + ".long_factors", Eigen::Index(r.long_factors.size()),
                   width / 2);
        for (const auto* factors : {&r.short_factors, &r.long_factors})
            for (const double f : *factors)
                check.positive(name + (factors == &r.short_factors ? ".short_factors" : ".long_factors"), f);
    }
}

inline void check_experts(const config_check& check, const experts_config& e) {
    check.size("experts.count", e.count, 1);
    check.size("experts.chosen", e.chosen, 1);
    check.at_most("experts.chosen", e.chosen, "experts.count", e.count);
    check.size("experts.intermediate", e.intermediate, 1);
    check.size("experts.shared", e.shared, 0);
    check.real("experts.scale", e.scale);
    check.size("experts.groups", e.groups, 1);
    check.multiple("experts.count", e.count, "experts.groups", e.groups);
    check.size("experts.chosen_groups", e.chosen_groups, 1);
    check.at_most("experts.chosen_groups", e.chosen_groups, "experts.groups", e.groups);
    check.at_most("experts.chosen", e.chosen, "the experts of the chosen groups",
                  e.count / e.groups * e.chosen_groups);
}

}  // namespace detail

/// Throws unless the members make a decoder that can be built; the message names the member.
/// \throws std::domain_error when a size is below its least value or above \f$2^{30}\f$, or a real number is
///         negative or not finite.
/// \throws std::invalid_argument when members do not fit each other: heads no multiple of kv_heads, RoPE of
///         an odd number of entries, latent attention of shared heads, more experts chosen than there are.
inline void decoder_config::validate() const {
    const detail::config_check check;
    check.size("layers", layers, 0);
    check.size("width", width, 1);
    check.size("heads", heads, 1);
    check.size("kv_heads", kv_heads, 1);
    check.size("head_width", head_width, 1);
    check.size("intermediate", intermediate, 1);
    check.size("vocab_size", vocab_size, 1);
    check.size("max_positions", max_positions, 1);
    check.size("position_offset", position_offset, 0);
    check.multiple("heads", heads, "kv_heads", kv_heads);
    check.real("embedding_scale", embedding_scale);
    check.real("branch_scale", branch_scale);
    check.real("norm.epsilon", norm.epsilon);
    check.real("scores.scale", scores.scale);
    check.real("scores.cap", scores.cap);
    check.real("scores.clip", scores.clip);
    check.real("alibi_max", alibi_max);
    check.positive("logit_scale", logit_scale);
    check.real("logit_cap", logit_cap);
    check.real("initializer_range", initializer_range);
    for (const double factor : initial_factors)
        check.real("initial_factors", factor);
    for (const layer_config& l : pattern)
        check.size("pattern.window", l.window, 0);
    if (latent) {
        check.size("latent.query_rank", latent->query_rank, 0);
        check.size("latent.rank", latent->rank, 1);
        check.size("latent.rope_width", latent->rope_width, 0);
        check.at_most("latent.rope_width", latent->rope_width, "head_width", head_width);
        check.size("latent.value_width", latent->value_width, 1);
        check.real("latent.epsilon", latent->epsilon);
        if (kv_heads != heads) {
            detail::throw_invalid_argument(
                check.function, "kv_heads", kv_heads,
                "must be heads = " + std::to_string(heads) + " in latent attention");
        }
    }
    if (rope) detail::check_rope(check, *this, *rope, "rope");
    if (local_rope) detail::check_rope(check, *this, *local_rope, "local_rope");
    if (experts) detail::check_experts(check, *experts);
}

}  // namespace cesaro
