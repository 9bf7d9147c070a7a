// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/alibi.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/detail/attention_kernels.hpp>
#include <cesaro/decoder/detail/cell_attention.hpp>
#include <cesaro/decoder/detail/cell_profile.hpp>
#include <cesaro/decoder/detail/feed_forward_kernels.hpp>
#include <cesaro/decoder/detail/gauss_rule.hpp>
#include <cesaro/decoder/detail/pair_kernel.hpp>
#include <cesaro/decoder/detail/participation_table.hpp>
#include <cesaro/decoder/detail/position_cells.hpp>
#include <cesaro/decoder/mean_field_terms.hpp>
#include <cesaro/decoder/rope.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/equals.hpp>
#include <cesaro/detail/interruption.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace cesaro::detail {

/// What the mean field of a configuration looks up, at any cells.
template <std::floating_point Real>
struct mean_field_tables {
    std::optional<participation_table<Real>> participation;
    std::optional<routing_kernels<Real>> routing;

    /// \throws std::domain_error when scores are beyond what is computed.
    static mean_field_tables of(std::string_view function, const decoder_config& config, double tokens,
                                const mean_field_terms& terms);
};

/// The mean field of one configuration: the recursions of two kernels over pairs of positions,
/// \f$C_{nm} = \mathbb E\langle x_n, x_m\rangle/d\f$ forward and \f$B_{nm} = \mathbb E\langle \bar x_n,
/// \bar x_m\rangle/d\f$ backward, at initialisation and large width.
template <std::floating_point Real>
class mean_field {
  public:
    /// \param tables are kept, not copied.
    mean_field(const decoder_config& config, position_cells cells, const mean_field_terms& terms,
               const mean_field_tables<Real>& tables)
        : config_(config), cells_(std::move(cells)), terms_(terms), tables_(&tables) {
        const Real deviation = config.initial_deviation(weight_kind::query_key_value);
        projected_ = Real(config.width) * deviation * deviation;
        const Real out = config.initial_deviation(weight_kind::attention_output);
        value_variance_ = config.latent ? Real(config.latent->rank) * deviation * deviation : projected_;
        output_variance_ = value_variance_ * Real(config.attention_size()) * out * out;
        std::vector<geometry_key> keys;
        for (Eigen::Index l = 0; l < config.layers; ++l) {
            const geometry_key key = geometry_key_of(l);
            const auto same = std::ranges::find(keys, key);
            geometry_of_.push_back(std::size_t(same - keys.begin()));
            if (same != keys.end()) continue;
            keys.push_back(key);
            geometries_.push_back({heads(key), rope_kernel(key)});
        }
    }

    /// C of the embeddings: independent between positions.
    [[nodiscard]] pair_kernel<Real> embeddings() const {
        const Eigen::Index size = cells_.size();
        return {Eigen::MatrixX<Real>::Zero(size, size),
                Eigen::VectorX<Real>::Constant(size, embedding_variance(config_))};
    }
    [[nodiscard]] static Real embedding_variance(const decoder_config& config) {
        const Real token = config.embedding_scale * config.initial_deviation(weight_kind::token_embedding);
        const Real position =
            config.learned_positions ? config.initial_deviation(weight_kind::position_embedding) : 0;
        const Real variance = token * token + position * position;
        return config.norm.embeddings ? variance / (variance + config.norm.epsilon) : variance;
    }

    /// A branch of a layer, for C before it: what it adds, and what its gradients are multiplied by on the way.
    struct branch {
        Eigen::VectorX<Real> in;   ///< factor between the residual stream and what the branch reads
        Eigen::VectorX<Real> out;  ///< and between its output and the residual stream
        pair_kernel<Real> added;   ///< to C
    };

    /// The attention branch of a layer.
    struct attention_branch : branch {
        attention_kernels<Real> kernels;
        Eigen::VectorX<Real> to_values, to_scores;  ///< factors of gradients, as `in`
    };

    /// The feed-forward branch.
    struct feed_forward_branch : branch {
        pair_kernel<Real> gain;
    };

    [[nodiscard]] attention_branch attention(Eigen::Index layer, const pair_kernel<Real>& c) const {
        branch b{reading_scale(c), {}, {}};
        const pair_kernel<Real> input = c.scaled(b.in);
        const Eigen::VectorX<Real> root = input.diagonal().cwiseMax(Real(1e-300)).cwiseSqrt().cwiseInverse();
        const pair_kernel<Real> correlation = input.scaled(root);
        const bool normalized = config_.latent || config_.scores.norm != query_key_norm::none;
        const geometry& g = geometry_of(layer);
        pair_kernel<Real> compared((normalized ? correlation : input).all * g.rope.all);
        const participation_table<Real>* const table =
            tables_->participation ? &*tables_->participation : nullptr;
        attention_kernels<Real> kernels(g.heads, table, score_variance(config_, layer), terms_.scores,
                                        config_.latent ? correlation : input, std::move(compared));
        b.added = kernels.take_output();
        b.added.all *= output_variance_;
        write(b);
        const Eigen::VectorX<Real> latent =
            config_.latent ? Eigen::VectorX<Real>(b.in.cwiseProduct(root)) : b.in;
        const Eigen::VectorX<Real> scores = normalized ? Eigen::VectorX<Real>(b.in.cwiseProduct(root)) : b.in;
        return {std::move(b), std::move(kernels), latent, scores};
    }

    [[nodiscard]] feed_forward_branch feed_forward(Eigen::Index layer, const pair_kernel<Real>& c) const {
        branch b{reading_scale(c), {}, {}};
        const routing_kernels<Real>* const routing = tables_->routing ? &*tables_->routing : nullptr;
        feed_forward_kernels<Real> kernels(config_, routing, config_.has_experts(layer), c.scaled(b.in));
        if (!terms_.feed_forward_correlations) {
            const Eigen::VectorX<Real> root = kernels.gain.diagonal().cwiseSqrt();
            kernels.gain = {root * root.transpose(), kernels.gain.diagonal()};
        }
        b.added = std::move(kernels.output);
        write(b);
        return {std::move(b), std::move(kernels.gain)};
    }

    /// B before a branch, of what comes through it alone, for B behind it.
    [[nodiscard]] pair_kernel<Real> pull_back(const attention_branch& a,
                                              const pair_kernel<Real>& back) const {
        pair_kernel<Real> g = back.scaled(a.out);
        g.all *= output_variance_;
        pair_kernel<Real> sum = a.kernels.pull_back_values(g).scaled(a.to_values);
        if (a.kernels.has_scores()) sum += a.kernels.pull_back_scores(g).scaled(a.to_scores);
        return sum;
    }
    [[nodiscard]] pair_kernel<Real> pull_back(const feed_forward_branch& f,
                                              const pair_kernel<Real>& back) const {
        pair_kernel<Real> before = back.scaled(f.out.cwiseProduct(f.in));
        before.all *= f.gain.all;
        return before;
    }

    /// Gains of the attention branch, at the source and at the query, and of the feed-forward branch.
    [[nodiscard]] Eigen::VectorX<Real> attention_gains(const attention_branch& a) const {
        return std::sqrt(output_variance_) * a.to_values;
    }
    [[nodiscard]] Eigen::VectorX<Real> feed_forward_gains(const feed_forward_branch& f) const {
        return f.in.cwiseProduct(f.out).cwiseProduct(f.gain.diagonal().cwiseSqrt());
    }

    /// \f$e^{-slope}\f$ of every head with ALiBi; of layer 0, where a scale that depends on layers enters.
    [[nodiscard]] Eigen::VectorX<Real> decays() const {
        if (config_.alibi == alibi_rule::none) return {};
        return slopes(geometry_key_of(0)).unaryExpr([](Real slope) { return std::exp(-slope); });
    }
    /// The share of a query's weight that goes to positions.
    [[nodiscard]] Eigen::VectorX<Real> kept_by_sinks(Eigen::Index layer) const {
        return geometry_of(layer).heads.front().attention.row_sums();
    }

    /// 1/s of each position, \f$s^2 = C_{nn} + \epsilon\f$.
    [[nodiscard]] Eigen::VectorX<Real> inverse_scale(const pair_kernel<Real>& c) const {
        return (c.diagonal().array() + config_.norm.epsilon).rsqrt();
    }

    /// The same where it means something: a cell of one position has no two different ones, and what is kept
    /// of them must not grow by itself.
    [[nodiscard]] pair_kernel<Real> settled(pair_kernel<Real> x) const {
        for (Eigen::Index c = 0; c < cells_.size(); ++c)
            if (!(cells_.width[c] > 1)) x.below()[c] = x.above()[c] = x.diagonal()[c];
        return x;
    }

    /// \f$\tau\f$, the variance of a layer's scores.
    [[nodiscard]] static Real score_variance(const decoder_config& config, Eigen::Index layer) {
        const auto [plain, rotated] = score_variances(config, layer);
        const Real c = config.score_scale(layer);
        const Real tau = c * c * (plain + rotated);
        const Real cap = config.scores.cap;
        const Real capped =
            cap > 0 ? variance_through([cap](Real s) { return cap * std::tanh(s / cap); }, tau) : tau;
        const bool cosines =
            config.scores.norm != query_key_norm::none && config.scores.norm != query_key_norm::all_heads;
        return cosines ? variance_of_cosines(capped, Real(config.head_width)) : capped;
    }

  private:
    /// Where each head normalises its queries and keys, of w entries, scores are cosines, whose tails are thinner
    /// than Gaussian ones: the variance of Gaussian scores whose softmax over many keys has the same participation,
    /// \f$\ln \Lambda(2) - 2 \ln \Lambda(1)\f$ with \f$\Lambda(t) = \mathbb E e^{ts} =
    /// {}_0F_1(; w/2; t^2 w \tau / 4)\f$; \f$\tau - O(\tau^2 / w)\f$.
    [[nodiscard]] static Real variance_of_cosines(const Real& tau, const Real& width) {
        const auto logarithm = [&](const Real& square) {  // of Lambda, t^2 = square
            Real term = 1, sum = 1;
            for (int j = 1; term > sum * std::numeric_limits<Real>::epsilon(); ++j) {
                term *= square * width * tau / 4 / (Real(j) * (width / 2 + Real(j - 1)));
                sum += term;
            }
            return std::log(sum);
        };
        return logarithm(4) - 2 * logarithm(1);
    }

    [[nodiscard]] Eigen::VectorX<Real> reading_scale(const pair_kernel<Real>& c) const {
        if (config_.norm.before) return inverse_scale(c);
        return Eigen::VectorX<Real>::Ones(cells_.size());
    }
    /// The output of a branch, normalised where it is, on its way to the residual stream.
    void write(branch& b) const {
        b.out = config_.norm.after ? inverse_scale(b.added)
                                   : Eigen::VectorX<Real>(Eigen::VectorX<Real>::Ones(cells_.size()));
        b.out *= config_.branch_scale;
        b.added = b.added.scaled(b.out);
    }

    /// The variance of a layer's products of queries and keys, before they are scaled, from the entries of a head
    /// that are not rotated, and that are.
    [[nodiscard]] static std::pair<Real, Real> score_variances(const decoder_config& config,
                                                               Eigen::Index layer) {
        const Real deviation = config.initial_deviation(weight_kind::query_key_value);
        const rope_config* const rope = config.rope_of(layer);
        const Real rotated = rope != nullptr ? Real(config.rotated_width(*rope)) : 0;
        const Real projected = Real(config.width) * deviation * deviation;
        Real query = projected, key = projected, rotated_key = projected;
        if (config.scores.norm != query_key_norm::none) query = key = rotated_key = 1;
        if (config.latent && config.scores.norm == query_key_norm::none) {
            key = Real(config.latent->rank) * deviation * deviation;
            if (config.latent->query_rank > 0)
                query = Real(config.latent->query_rank) * deviation * deviation;
        }
        const Real apart = config.latent ? Real(config.latent->rope_width) : rotated;
        const Real factor = rope != nullptr ? std::pow(rope->attention_factor, 4) : 1;
        return {query * key * (Real(config.head_width) - apart), query * rotated_key * apart * factor};
    }

    /// What of a layer does not depend on what it reads, the same in many layers: who attends to whom, and what RoPE
    /// leaves of correlations.
    struct geometry {
        std::vector<weighted_head<Real>> heads;
        pair_kernel<Real> rope;
    };
    /// What decides on it.
    struct geometry_key {
        Eigen::Index window;
        Real slope_scale;
        const rope_config* rope;
        Real rotated;  // share of the scores' variance

        bool operator==(const geometry_key& other) const {
            return window == other.window && equals(slope_scale, other.slope_scale) && rope == other.rope &&
                   equals(rotated, other.rotated);
        }
    };
    [[nodiscard]] geometry_key geometry_key_of(Eigen::Index layer) const {
        const auto [plain, rotated] = score_variances(config_, layer);
        return {config_.window(layer), Real(config_.alibi_scaled ? config_.score_scale(layer) : 1),
                config_.rope_of(layer), rotated > 0 ? rotated / (plain + rotated) : 0};
    }
    [[nodiscard]] const geometry& geometry_of(Eigen::Index layer) const {
        return geometries_[geometry_of_[std::size_t(layer)]];
    }

    /// What RoPE leaves of the correlation of two keys (or queries): 1 for the share that is not rotated, the
    /// mean of \f$\cos(\theta_i (n - m))\f$ for the one that is.
    [[nodiscard]] pair_kernel<Real> rope_kernel(const geometry_key& key) const {
        const Eigen::Index size = cells_.size();
        const Eigen::VectorX<Real> ones = Eigen::VectorX<Real>::Ones(size);
        const rope_config* const rope = key.rope;
        if (rope == nullptr || terms_.scores != score_terms::full) return {ones * ones.transpose(), ones};
        const Eigen::VectorX<Real> f =
            nn::rope_frequencies(*rope, config_.rotated_width(*rope), stored_tokens()).template cast<Real>();
        Eigen::MatrixX<Real> cosine(size, f.size()), sine(size, f.size());  // means over a cell
        for (Eigen::Index i = 0; i < f.size(); ++i)
            for (Eigen::Index n = 0; n < size; ++n) {
                const Real w = cells_.width[n];
                const Real mean = w > 1 ? std::sin(w * f[i] / 2) / (w * std::sin(f[i] / 2)) : 1;
                cosine(n, i) = mean * std::cos(f[i] * cells_.middle(n));
                sine(n, i) = mean * std::sin(f[i] * cells_.middle(n));
            }
        Eigen::MatrixX<Real> mean = (cosine * cosine.transpose() + sine * sine.transpose()) / Real(f.size());
        for (Eigen::Index n = 0; n < size; ++n) {  // of different positions
            const Real w = cells_.width[n];
            if (w > 1) mean(n, n) = (w * mean(n, n) - 1) / (w - 1);
        }
        return {((1 - key.rotated) + key.rotated * mean.array()).matrix(), ones};
    }
    /// Tokens, as many as there can be.
    [[nodiscard]] Eigen::Index stored_tokens() const {
        constexpr Eigen::Index most = (std::numeric_limits<Eigen::Index>::max)() / 2;
        return Eigen::Index(std::min(cells_.tokens(), double(most)));
    }

    [[nodiscard]] Eigen::VectorX<Real> slopes(const geometry_key& key) const {
        return key.slope_scale *
               alibi_slopes(config_.alibi, config_.heads, config_.alibi_max).template cast<Real>();
    }

    /// The attention patterns of a layer: one, or with ALiBi some that stand for all of its heads. What a head
    /// does is smooth in the logarithm of its slope, so that the mean over heads is taken by Gauss's rule:
    /// with eight nodes, kernels are within 1e-3 of their greatest entry.
    [[nodiscard]] std::vector<weighted_head<Real>> heads(const geometry_key& key) const {
        attention_pattern pattern{.window = double(key.window)};
        if (config_.scores.sinks) {
            const Real deviation = config_.initial_deviation(weight_kind::sink);
            pattern.sink = double(std::exp(deviation * deviation / 2));
        }
        if (config_.alibi == alibi_rule::none) return {{cell_attention<Real>(cells_, pattern)}};
        const Eigen::VectorX<Real> logarithms = slopes(key).array().max(Real(1e-300)).log();
        const auto rule = gauss_rule_of(logarithms, 8);
        std::vector<weighted_head<Real>> heads;
        for (Eigen::Index i = 0; i < rule.nodes.size(); ++i) {
            pattern.slope = double(std::exp(rule.nodes[i]));
            heads.push_back({cell_attention<Real>(cells_, pattern), rule.weights[i]});
        }
        return heads;
    }

    decoder_config config_;
    position_cells cells_;
    mean_field_terms terms_;
    Real projected_;        // variance of what a map of the normalised stream gives: d sigma^2
    Real value_variance_;   // of the values
    Real output_variance_;  // of the attention branch's output for uncorrelated heads of unit variance
    const mean_field_tables<Real>* tables_;
    std::vector<geometry> geometries_;      // those that differ
    std::vector<std::size_t> geometry_of_;  // by layer
};

template <std::floating_point Real>
mean_field_tables<Real> mean_field_tables<Real>::of(std::string_view function, const decoder_config& config,
                                                    double tokens, const mean_field_terms& terms) {
    Real most = 0;
    for (Eigen::Index l = 0; l < config.layers; ++l)
        most = std::max(most, mean_field<Real>::score_variance(config, l));
    // The kernels of scores are those of a stream of unit size; queries and keys may grow with theirs.
    const bool grows = !config.norm.before && config.norm.after && config.scores.norm == query_key_norm::none;
    const Real size = mean_field<Real>::embedding_variance(config) +
                      2 * Real(config.layers) * config.branch_scale * config.branch_scale;
    const Real last = most * size * size;
    if (grows && terms.scores != score_terms::none && last > 10)
        throw_domain_error(
            function, "variance of the last layer's scores", last,
            "must be at most 10 where norms stand behind branches alone and queries and keys have none");
    mean_field_tables<Real> tables;
    if (terms.scores == score_terms::full) {
        const bool alibi =
            config.alibi != alibi_rule::none;  // beyond 5, steep heads are off by tens of per cent
        const Real limit = alibi ? 5 : 400;
        if (most > limit)
            throw_domain_error(function, "variance of scores", most,
                               alibi ? "must be at most 5 with ALiBi" : "must be at most 400");
        if (most > 0) tables.participation.emplace(most, Real(tokens));
    }
    if (config.experts) {
        const Real router = config.initial_deviation(weight_kind::router);
        tables.routing.emplace(*config.experts, Real(config.width) * router * router);
    }
    return tables;
}

/// One layer: its branches, without what they add to C, and C at its output.
template <std::floating_point Real>
struct mean_field_layer {
    typename mean_field<Real>::attention_branch attention;
    typename mean_field<Real>::feed_forward_branch feed_forward;
    pair_kernel<Real> output;
    /// What attention adds to the last position, as a share of it and of what is there.
    Real attention_share;

    static mean_field_layer of(const mean_field<Real>& field, const decoder_config& config,
                               Eigen::Index layer, const pair_kernel<Real>& c) {
        interruption_point();
        auto attention = field.attention(layer, c);
        const pair_kernel<Real> attended = std::exchange(attention.added, {});
        const pair_kernel<Real> between = field.settled(c + attended);
        auto feed_forward = field.feed_forward(layer, config.parallel ? c : between);
        pair_kernel<Real> output = field.settled(between + std::exchange(feed_forward.added, {}));
        const Eigen::Index last = c.size() - 1;
        const Real added = std::sqrt(attended.diagonal()[last]);
        const Real share = equals(added, 0) ? 0 : added / (std::sqrt(c.diagonal()[last]) + added);
        return {std::move(attention), std::move(feed_forward), std::move(output), share};
    }
    /// How many layers of so many heads, on so many cells, take 256 MiB.
    static double in_memory(std::size_t heads, Eigen::Index cells) {
        const double kernels = 9 * double(heads) + 3;
        return double(std::size_t(1) << 28) / (kernels * double(cells * (cells + 2)) * sizeof(Real));
    }

    /// B at the input, for B at the output.
    [[nodiscard]] pair_kernel<Real> pull_back(const mean_field<Real>& field, const decoder_config& config,
                                              const pair_kernel<Real>& back) const {
        const pair_kernel<Real> between = field.settled(back + field.pull_back(feed_forward, back));
        return field.settled(between + field.pull_back(attention, config.parallel ? back : between));
    }
};

/// What the mean field says of the last of a context's positions.
struct mean_field_solution {
    cell_profile norms;      ///< of the Jacobian, without the factor that the width makes
    Eigen::VectorXd alphas;  ///< by layer, the share of attention in what it writes to
    Eigen::VectorXd seen;    ///< by layer, the number of positions that a head sees in effect
    double error = 0;        ///< of the shares of norms, in total variation
};

/// Has the allocator keep what a layer's kernels take, some hundred of them, instead of returning it to the
/// system each time: glibc's keeps twice the largest block that was ever released.
inline void keep_memory_of_kernels(Eigen::Index cells) {
    constexpr Eigen::Index largest =
        (Eigen::Index(1) << 25) / Eigen::Index(sizeof(double));  // that raises it
    Eigen::ArrayXd block(std::min(64 * cells * (cells + 2), largest) - 16);
    *const_cast<volatile double*>(block.data()) = 0;  // it is allocated even though nothing uses it
}

/// The mean field with its kernels on the given cells.
template <std::floating_point Real>
mean_field_solution solve_mean_field(const position_cells& cells, const decoder_config& config,
                                     const mean_field_terms& terms, const mean_field_tables<Real>& tables) {
    keep_memory_of_kernels(cells.size());
    const mean_field<Real> field(config, cells, terms, tables);
    std::vector<pair_kernel<Real>> kernels(1, field.embeddings());
    std::vector<mean_field_layer<Real>> last;  // those of the last layers that are kept for the way back
    Eigen::VectorX<Real> alphas(config.layers), seen(config.layers);
    for (Eigen::Index l = 0; l < config.layers; ++l) {
        auto layer = mean_field_layer<Real>::of(field, config, l, kernels.back());
        alphas[l] = layer.attention_share;
        seen[l] = layer.attention.kernels.seen_from_last();
        kernels.push_back(std::move(layer.output));
        const double in_memory =
            mean_field_layer<Real>::in_memory(layer.attention.kernels.heads(), cells.size());
        if (double(config.layers - l) <= in_memory) {
            last.push_back(std::move(layer));
        } else {
            last.clear();
        }
    }
    const Eigen::Index size = cells.size();
    const Real last_scale = field.inverse_scale(kernels.back())[size - 1];
    pair_kernel<Real> back(Eigen::MatrixX<Real>::Zero(size, size), Eigen::VectorX<Real>::Zero(size));
    back.diagonal()[size - 1] = last_scale * last_scale;  // the final normalisation
    for (Eigen::Index l = config.layers; l-- > 0;) {
        if (last.empty())
            last.push_back(mean_field_layer<Real>::of(field, config, l, kernels[std::size_t(l)]));
        back = last.back().pull_back(field, config, back);
        last.pop_back();
        kernels.pop_back();
    }
    const Eigen::VectorX<Real> norms = back.diagonal().cwiseMax(0).cwiseSqrt();
    return {
        {cells, norms.template cast<double>()}, alphas.template cast<double>(), seen.template cast<double>()};
}

/// Cells for a context: where kernels vary, as wide as `ratio` times the scale on which they do.
inline position_cells mean_field_cells(const decoder_config& config, double tokens, double ratio) {
    const double most_in_windows = 38 / ratio;  // cells
    double widest = tokens;
    std::vector<double> ends;  // of what the last position sees
    for (Eigen::Index l = 0; l < config.layers; ++l) {
        const auto window = double(config.window(l));
        if (!(window > 0 && window < tokens)) continue;
        widest = std::min(widest, std::max(window * ratio, tokens / most_in_windows));
        if (std::ranges::find(ends, tokens - window) == ends.end()) ends.push_back(tokens - window);
    }
    return position_cells::graded(tokens, ratio, std::max(1.0, widest), std::move(ends));
}

/// The mean field of a context. Few positions are taken one by one; more in cells, of two widths, one twice
/// the other: the error is of second order in it, so that the difference gives a third of itself to both the
/// result and its error. Ends of windows, and steep heads with ALiBi, lie inside of cells, where the error is of first
/// order: 3.4 and 5.1 times a third of the difference were seen, and 4 and 6 times it are stated. Widths are halved
/// until that is small enough, or the cells too many, or single positions, which leave no error.
template <std::floating_point Real>
mean_field_solution solve_mean_field(std::string_view function, const decoder_config& config, double tokens,
                                     const mean_field_terms& terms, double accuracy) {
    constexpr double few = 256;
    const auto tables = mean_field_tables<Real>::of(function, config, tokens, terms);
    if (tokens <= few)
        return solve_mean_field(position_cells::single(Eigen::Index(tokens)), config, terms, tables);
    const auto window_of = [&](Eigen::Index l) { return double(config.window(l)); };
    bool windows_end = false;  // within the context
    for (Eigen::Index l = 0; l < config.layers; ++l)
        windows_end = windows_end || (window_of(l) > 0 && window_of(l) < tokens);
    double ratio = 0.3;
    auto coarse = solve_mean_field(mean_field_cells(config, tokens, ratio), config, terms, tables);
    while (true) {
        ratio /= 2;
        auto fine = solve_mean_field(mean_field_cells(config, tokens, ratio), config, terms, tables);
        const position_cells& cells = fine.norms.cells();
        if (cells.are_single()) return fine;
        Eigen::VectorXd values = fine.norms.values();
        for (Eigen::Index c = 0; c < values.size(); ++c) {
            const double before = coarse.norms.value(cells.middle(c));
            if (values[c] > 0 && before > 0) values[c] *= std::cbrt(values[c] / before);
        }
        const auto extrapolated = [&](Eigen::VectorXd mean_field_solution::*x) {
            return Eigen::VectorXd(fine.*x + (fine.*x - coarse.*x) / 3);
        };
        const auto share = [&](const Eigen::VectorXd& x) {
            return Eigen::VectorXd(x.cwiseProduct(cells.width) / x.dot(cells.width));
        };
        const double moved = (share(values) - share(fine.norms.values())).cwiseAbs().sum() / 2;
        const double error = moved * (config.alibi != alibi_rule::none ? 6 : windows_end ? 4 : 1);
        const Eigen::Index most = windows_end ? 200 : 240;
        if (error <= accuracy || cells.size() > most)
            return {{cells, values},
                    extrapolated(&mean_field_solution::alphas),
                    extrapolated(&mean_field_solution::seen),
                    error};
        coarse = std::move(fine);
    }
}

}  // namespace cesaro::detail
