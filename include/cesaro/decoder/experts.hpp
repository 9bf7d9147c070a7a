// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/detail/check_probes.hpp>
#include <cesaro/decoder/feed_forward.hpp>
#include <cesaro/decoder/linear.hpp>
#include <cesaro/detail/check.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace cesaro {

namespace nn {

/// Which tokens chose an expert, and with which weights.
template <class Real>
struct expert_routes {
    Eigen::MatrixX<Real> scores;                     ///< p, experts x tokens
    Eigen::MatrixX<Real> weights;                    ///< g, experts x tokens; 0 where not chosen
    std::vector<std::vector<Eigen::Index>> choices;  ///< of each token, best first
};

}  // namespace nn

namespace detail {

/// The positions of the greatest entries, greatest first; of equals the first.
template <class Real>
[[nodiscard]] std::vector<Eigen::Index> greatest(const Eigen::VectorX<Real>& values,
                                                 std::vector<Eigen::Index> candidates, Eigen::Index count) {
    const auto before = [&values](Eigen::Index a, Eigen::Index b) {
        return values[a] > values[b] || (!(values[b] > values[a]) && a < b);
    };
    std::ranges::partial_sort(candidates, candidates.begin() + count, before);
    candidates.resize(std::size_t(count));
    return candidates;
}

[[nodiscard]] inline std::vector<Eigen::Index> all_of(Eigen::Index count) {
    std::vector<Eigen::Index> positions(static_cast<std::size_t>(count));
    std::iota(positions.begin(), positions.end(), Eigen::Index(0));
    return positions;
}

/// The experts of the best groups. A group is as good as its best expert; with the logistic function, as its
/// two best.
template <class Real>
[[nodiscard]] std::vector<Eigen::Index> experts_of_best_groups(const experts_config& config,
                                                               const Eigen::VectorX<Real>& values) {
    const Eigen::Index size = config.count / config.groups;
    const Eigen::Index counted =
        config.routing == expert_routing::sigmoid ? std::min<Eigen::Index>(2, size) : 1;
    Eigen::VectorX<Real> goodness(config.groups);
    for (Eigen::Index group = 0; group < config.groups; ++group) {
        const Eigen::VectorX<Real> members = values.segment(group * size, size);
        goodness[group] = Real(0);
        for (const Eigen::Index best : greatest(members, all_of(size), counted))
            goodness[group] += members[best];
    }
    std::vector<Eigen::Index> experts;
    for (const Eigen::Index group : greatest(goodness, all_of(config.groups), config.chosen_groups))
        for (Eigen::Index i = 0; i < size; ++i)
            experts.push_back(group * size + i);
    return experts;
}

/// The softmax of the entries at some positions; 0 elsewhere.
template <class Real>
[[nodiscard]] Eigen::VectorX<Real> softmax_over(const Eigen::VectorX<Real>& values,
                                                const std::vector<Eigen::Index>& positions) {
    using std::exp;
    Real most = values[positions.front()];
    for (const Eigen::Index i : positions)
        most = values[i] > most ? values[i] : most;
    Eigen::VectorX<Real> p = Eigen::VectorX<Real>::Zero(values.size());
    for (const Eigen::Index i : positions)
        p[i] = exp(Real(values[i] - most));
    return p / p.sum();
}

/// What is added to the sum that weights are divided by, so that scores that are all zero divide by no zero.
template <class Real>
[[nodiscard]] Real least_sum() {
    return Real(1e-20);
}

}  // namespace detail

namespace nn {

/// The experts of each token and their weights \f$g_e\f$, from the router's scores r:
///
/// \f[ p = \mathrm{softmax}(r),\; \mathrm{softmax}(r_{chosen}) \text{ or } \sigma(r), \qquad
///     g_e = s\,p_e \;\text{ or }\; s\,p_e / \textstyle\sum_{chosen} p \;\text{(normalized)} \f]
///
/// for the `chosen` experts of the greatest p + correction (or r, before its softmax), in the best groups.
/// \param logits r, experts x tokens.
/// \param correction one per expert, or empty.
/// \throws std::invalid_argument when the shapes do not fit.
///
/// Sources: Jiang et al., arXiv 2401.04088 (Mixtral); DeepSeek-V2, arXiv 2405.04434, and V3, arXiv
/// 2412.19437.
template <class Real>
[[nodiscard]] expert_routes<Real> route_to_experts(const experts_config& config,
                                                   const Eigen::VectorX<Real>& correction,
                                                   const Eigen::MatrixX<Real>& logits) {
    const char* const function = "nn::route_to_experts";
    detail::check_size(function, "rows of logits", logits.rows(), config.count);
    if (correction.size() > 0) detail::check_size(function, "correction", correction.size(), config.count);
    expert_routes<Real> routes{logits, Eigen::MatrixX<Real>::Zero(logits.rows(), logits.cols()), {}};
    const std::vector<Eigen::Index> all = detail::all_of(config.count);
    for (Eigen::Index t = 0; t < logits.cols(); ++t) {
        Eigen::VectorX<Real> p = logits.col(t);
        if (config.routing == expert_routing::softmax_of_all) p = detail::softmax_over(p, all);
        if (config.routing == expert_routing::sigmoid)
            p = p.unaryExpr([](const Real& x) { return logistic(x); }).eval();
        const Eigen::VectorX<Real> values = correction.size() > 0 ? Eigen::VectorX<Real>(p + correction) : p;
        const auto candidates = config.groups > 1 ? detail::experts_of_best_groups(config, values) : all;
        const auto chosen = detail::greatest(values, candidates, config.chosen);
        if (config.routing == expert_routing::softmax_of_chosen) p = detail::softmax_over(p, chosen);
        Real sum = detail::least_sum<Real>();
        for (const Eigen::Index e : chosen)
            sum += p[e];
        const Real factor = config.normalized ? Real(Real(config.scale) / sum) : Real(config.scale);
        for (const Eigen::Index e : chosen)
            routes.weights(e, t) = factor * p[e];
        routes.scores.col(t) = p;
        routes.choices.push_back(chosen);
    }
    return routes;
}

/// The vector-Jacobian product of route_to_experts(); which experts are chosen is constant.
/// \param g_bar experts x (probes · tokens), one block of tokens columns per probe; read where chosen.
/// \return the cotangent of the logits, of the shape of g_bar.
/// \throws std::invalid_argument when the shapes do not fit.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> route_to_experts_vjp(const experts_config& config,
                                                        const expert_routes<Real>& routes,
                                                        const Eigen::MatrixX<Real>& g_bar) {
    const char* const function = "nn::route_to_experts_vjp";
    const Eigen::Index tokens = routes.scores.cols();
    detail::check_size(function, "rows of g_bar", g_bar.rows(), config.count);
    detail::check_probes(function, "g_bar", g_bar.cols(), tokens);
    Eigen::MatrixX<Real> logits_bar(g_bar.rows(), g_bar.cols());
    for (Eigen::Index c = 0; c < g_bar.cols(); ++c) {
        const auto p = routes.scores.col(c % tokens);
        const auto& chosen = routes.choices[std::size_t(c % tokens)];
        Real sum = detail::least_sum<Real>();
        Real along(0);
        for (const Eigen::Index e : chosen) {
            sum += p[e];
            along += p[e] * g_bar(e, c);
        }
        Eigen::VectorX<Real> p_bar = Eigen::VectorX<Real>::Zero(config.count);
        for (const Eigen::Index e : chosen) {
            p_bar[e] = Real(config.scale) *
                       (config.normalized ? Real((g_bar(e, c) - along / sum) / sum) : g_bar(e, c));
        }
        if (config.routing == expert_routing::sigmoid) {
            logits_bar.col(c) = p_bar.array() * p.array() * (Real(1) - p.array());
        } else {
            const Real mean = p.dot(p_bar);
            logits_bar.col(c) = p.array() * (p_bar.array() - mean);
        }
    }
    return logits_bar;
}

/// A router and its experts. The rows of the maps of all experts are stacked, expert after expert.
template <class Real>
struct expert_weights {
    linear_weights<Real> router = {};         ///< count x width
    Eigen::VectorX<Real> correction = {};     ///< of the sigmoid's choice, count, or empty
    linear_weights<Real> input = {};          ///< count · rows of an inner layer x width
    linear_weights<Real> output = {};         ///< count · width x intermediate
    linear_weights<Real> shared_input = {};   ///< what is always used, or empty
    linear_weights<Real> shared_output = {};  ///< width x shared
    linear_weights<Real> shared_gate = {};    ///< 1 x width, or empty
};

/// What mixture_of_experts() keeps for its derivative.
template <class Real>
struct expert_trace {
    expert_routes<Real> routes = {};
    std::vector<std::vector<Eigen::Index>> tokens = {};  ///< that chose an expert
    std::vector<Eigen::MatrixX<Real>> inner = {};        ///< pre-activations of an expert for its tokens
    std::vector<Eigen::MatrixX<Real>> outputs = {};      ///< of an expert for its tokens
    Eigen::MatrixX<Real> shared_inner = {};
    Eigen::MatrixX<Real> shared_output = {};  ///< before its gate
    Eigen::VectorX<Real> shared_gate = {};    ///< of each token, or empty
};

}  // namespace nn

namespace detail {

/// The column, in blocks of `tokens`, that is column c of gathered().
[[nodiscard]] inline Eigen::Index gathered_from(Eigen::Index c, Eigen::Index tokens,
                                                const std::vector<Eigen::Index>& columns) {
    const Eigen::Index count = Eigen::Index(columns.size());
    return c / count * tokens + columns[std::size_t(c % count)];
}

/// Some columns of every block of `tokens` columns of x.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> gathered(const Eigen::MatrixX<Real>& x, Eigen::Index tokens,
                                            const std::vector<Eigen::Index>& columns) {
    const Eigen::Index blocks = tokens > 0 ? x.cols() / tokens : 0;
    Eigen::MatrixX<Real> y(x.rows(), blocks * Eigen::Index(columns.size()));
    for (Eigen::Index c = 0; c < y.cols(); ++c)
        y.col(c) = x.col(gathered_from(c, tokens, columns));
    return y;
}

}  // namespace detail

namespace nn {

/// A mixture of experts, \f$y = \sum_{e\,chosen} g_e(x) F_e(x) + \gamma(x) F_{shared}(x)\f$, each F an affine
/// map, an activation (gated or not) and an affine map; \f$\gamma = \sigma(w^T x)\f$ or 1.
/// \param x width x tokens.
/// \return width x tokens.
/// \throws std::invalid_argument when the shapes do not fit.
/// Cost: the chosen experts and the shared one; the same bits on any number of threads.
///
/// Sources: Shazeer et al., arXiv 1701.06538; those of route_to_experts().
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> mixture_of_experts(const experts_config& config, activation_kind kind,
                                                      bool gated, const expert_weights<Real>& weights,
                                                      const Eigen::MatrixX<Real>& x,
                                                      expert_trace<Real>& trace) {
    const std::size_t count = std::size_t(config.count);
    const Eigen::Index rows = (gated ? 2 : 1) * config.intermediate;
    trace.routes = route_to_experts(config, weights.correction, linear(weights.router, x));
    trace.tokens.assign(count, {});
    for (std::size_t t = 0; t < trace.routes.choices.size(); ++t)
        for (const Eigen::Index e : trace.routes.choices[t])
            trace.tokens[std::size_t(e)].push_back(Eigen::Index(t));
    trace.inner.resize(count);
    trace.outputs.resize(count);

    Eigen::MatrixX<Real> y = Eigen::MatrixX<Real>::Zero(x.rows(), x.cols());
    for (Eigen::Index e = 0; e < config.count; ++e) {
        const auto& tokens = trace.tokens[std::size_t(e)];
        auto& inner = trace.inner[std::size_t(e)];
        auto& outputs = trace.outputs[std::size_t(e)];
        inner = linear_rows(weights.input, e * rows, rows, detail::gathered(x, x.cols(), tokens));
        outputs =
            linear_rows(weights.output, e * x.rows(), x.rows(), feed_forward_activation(kind, gated, inner));
        for (std::size_t i = 0; i < tokens.size(); ++i)
            y.col(tokens[i]) += trace.routes.weights(e, tokens[i]) * outputs.col(Eigen::Index(i));
    }
    if (config.shared > 0) {
        trace.shared_inner = linear(weights.shared_input, x);
        Eigen::MatrixX<Real> shared =
            linear(weights.shared_output, feed_forward_activation(kind, gated, trace.shared_inner));
        if (config.shared_gate) {
            trace.shared_output = shared;
            trace.shared_gate = linear(weights.shared_gate, x).transpose().unaryExpr([](const Real& z) {
                return logistic(z);
            });
            shared.array().rowwise() *= trace.shared_gate.transpose().array();
        }
        y += shared;
    }
    return y;
}

}  // namespace nn

namespace detail {

/// The part of mixture_of_experts_vjp() that goes through what is always used.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> shared_expert_vjp(const experts_config& config, activation_kind kind,
                                                     bool gated, const nn::expert_weights<Real>& weights,
                                                     const nn::expert_trace<Real>& trace,
                                                     const Eigen::MatrixX<Real>& y_bar) {
    const Eigen::Index tokens = trace.shared_inner.cols();
    Eigen::MatrixX<Real> output_bar = y_bar;
    Eigen::MatrixX<Real> score_bar(1, config.shared_gate ? y_bar.cols() : 0);
    for (Eigen::Index c = 0; c < score_bar.cols(); ++c) {
        const Real gate = trace.shared_gate[c % tokens];
        score_bar(0, c) = gate * (Real(1) - gate) * trace.shared_output.col(c % tokens).dot(y_bar.col(c));
        output_bar.col(c) *= gate;
    }
    Eigen::MatrixX<Real> x_bar =
        nn::linear_vjp(weights.shared_input,
                       nn::feed_forward_activation_vjp(kind, gated, trace.shared_inner,
                                                       nn::linear_vjp(weights.shared_output, output_bar)));
    if (config.shared_gate) x_bar += nn::linear_vjp(weights.shared_gate, score_bar);
    return x_bar;
}

}  // namespace detail

namespace nn {

/// The vector-Jacobian product of mixture_of_experts(); which experts are chosen is constant.
/// \param y_bar width x (probes · tokens), one block of tokens columns per probe.
/// \return the cotangent of x, of the shape of y_bar.
/// \throws std::invalid_argument when the shapes do not fit.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> mixture_of_experts_vjp(const experts_config& config, activation_kind kind,
                                                          bool gated, const expert_weights<Real>& weights,
                                                          const expert_trace<Real>& trace,
                                                          const Eigen::MatrixX<Real>& y_bar) {
    const Eigen::Index all = trace.routes.scores.cols();
    const Eigen::Index rows = (gated ? 2 : 1) * config.intermediate;
    detail::check_probes("nn::mixture_of_experts_vjp", "y_bar", y_bar.cols(), all);
    Eigen::MatrixX<Real> g_bar = Eigen::MatrixX<Real>::Zero(config.count, y_bar.cols());
    Eigen::MatrixX<Real> x_bar = Eigen::MatrixX<Real>::Zero(y_bar.rows(), y_bar.cols());
    for (Eigen::Index e = 0; e < config.count; ++e) {
        const auto& tokens = trace.tokens[std::size_t(e)];
        if (tokens.empty()) continue;
        const Eigen::Index count = Eigen::Index(tokens.size());
        Eigen::MatrixX<Real> output_bar = detail::gathered(y_bar, all, tokens);
        for (Eigen::Index c = 0; c < output_bar.cols(); ++c) {
            const Eigen::Index from = detail::gathered_from(c, all, tokens);
            g_bar(e, from) = trace.outputs[std::size_t(e)].col(c % count).dot(output_bar.col(c));
            output_bar.col(c) *= trace.routes.weights(e, from % all);
        }
        const Eigen::MatrixX<Real> inner_bar = feed_forward_activation_vjp(
            kind, gated, trace.inner[std::size_t(e)],
            linear_rows_vjp(weights.output, e * y_bar.rows(), y_bar.rows(), output_bar));
        const Eigen::MatrixX<Real> input_bar = linear_rows_vjp(weights.input, e * rows, rows, inner_bar);
        for (Eigen::Index c = 0; c < input_bar.cols(); ++c)
            x_bar.col(detail::gathered_from(c, all, tokens)) += input_bar.col(c);
    }
    x_bar += linear_vjp(weights.router, route_to_experts_vjp(config, trace.routes, g_bar));
    if (config.shared > 0) x_bar += detail::shared_expert_vjp(config, kind, gated, weights, trace, y_bar);
    return x_bar;
}

}  // namespace nn

}  // namespace cesaro
