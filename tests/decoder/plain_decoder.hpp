// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// A decoder of any description, written from the definitions one scalar at a time: the oracle of the forward pass.
#include <cesaro/decoder/decoder.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

namespace cesaro_test {

class plain_decoder {
  public:
    using matrix = Eigen::MatrixXd;
    using vector = Eigen::VectorXd;

    explicit plain_decoder(const cesaro::decoder<double>& model)
        : c_(model.config()), weights_(model.weights()) {}

    matrix operator()(matrix x) const {
        for (Eigen::Index l = 0; l < c_.layers; ++l) {
            const auto& w = weights_.blocks[std::size_t(l)];
            const matrix before = x;
            const matrix h = c_.norm.before ? norm(w.attention_norm, x) : x;
            matrix a = attention(l, w, h);
            if (c_.norm.after) a = norm(w.attention_output_norm, a);
            x += c_.branch_scale * a;
            const matrix& source = c_.parallel ? before : x;
            const auto& second = c_.parallel && c_.norm.shared ? w.attention_norm : w.feed_forward_norm;
            matrix f = feed_forward(l, w, c_.norm.before ? norm(second, source) : source);
            if (c_.norm.after) f = norm(w.feed_forward_output_norm, f);
            x += c_.branch_scale * f;
        }
        return norm(weights_.final_norm, x);
    }

  private:
    using block = cesaro::nn::block_weights<double>;

    static double sigma(double x) { return 1 / (1 + std::exp(-x)); }

    static vector normalized(cesaro::norm_kind kind, double epsilon, const vector& x) {
        double mean = 0;
        if (kind == cesaro::norm_kind::layer_norm)
            for (const double value : x)
                mean += value / double(x.size());
        double square = 0;
        for (const double value : x)
            square += (value - mean) * (value - mean) / double(x.size());
        vector y = x;
        for (double& value : y)
            value = (value - mean) / std::sqrt(square + epsilon);
        return y;
    }
    /// The gain and bias of entry i; those of fewer entries repeat.
    static double affine_norm(const cesaro::nn::normalization_weights<double>& w, Eigen::Index i, double x) {
        if (w.gain.size() > 0) x *= w.gain[i % w.gain.size()];
        return w.bias.size() > 0 ? x + w.bias[i % w.bias.size()] : x;
    }
    matrix norm(const cesaro::nn::normalization_weights<double>& w, const matrix& x) const {
        matrix y = x;
        for (Eigen::Index t = 0; t < x.cols(); ++t) {
            y.col(t) = normalized(c_.norm.kind, c_.norm.epsilon, x.col(t));
            for (Eigen::Index i = 0; i < x.rows(); ++i)
                y(i, t) = affine_norm(w, i, y(i, t));
        }
        return y;
    }
    static vector affine(const cesaro::nn::linear_weights<double>& w, Eigen::Index first, Eigen::Index rows,
                         const vector& x) {
        vector y(rows);
        for (Eigen::Index i = 0; i < rows; ++i) {
            y[i] = w.bias.size() > 0 ? w.bias[first + i] : 0;
            for (Eigen::Index j = 0; j < x.size(); ++j)
                y[i] += w.matrix(first + i, j) * x[j];
        }
        return y;
    }
    static vector affine(const cesaro::nn::linear_weights<double>& w, const vector& x) {
        return affine(w, 0, w.matrix.rows(), x);
    }

    /// Queries, keys and values of one position, before anything is done to them.
    vector project(const block& w, const vector& x) const {
        if (!c_.latent) return affine(w.query_key_value, x);
        const cesaro::latent_attention& m = *c_.latent;
        const auto rms = [&](const auto& n, const vector& z) {
            vector y = normalized(cesaro::norm_kind::rms_norm, m.epsilon, z);
            for (Eigen::Index i = 0; i < y.size(); ++i)
                y[i] = affine_norm(n, i, y[i]);
            return y;
        };
        vector qkv(c_.qkv_size());
        const vector source = m.query_rank > 0 ? rms(w.latent.query_norm, affine(w.latent.query_down, x)) : x;
        qkv.head(c_.query_size()) = affine(w.latent.query, source);
        const vector down = affine(w.latent.key_value_down, x);
        const vector up = affine(w.latent.key_value_up, rms(w.latent.key_value_norm, down.head(m.rank)));
        const Eigen::Index still = c_.head_width - m.rope_width;
        for (Eigen::Index h = 0; h < c_.heads; ++h) {
            for (Eigen::Index i = 0; i < c_.head_width; ++i)
                qkv[c_.query_size() + h * c_.head_width + i] =
                    i < still ? up[h * (still + m.value_width) + i] : down[m.rank + i - still];
            for (Eigen::Index i = 0; i < m.value_width; ++i)
                qkv[c_.query_size() + c_.key_size() + h * m.value_width + i] =
                    up[h * (still + m.value_width) + still + i];
        }
        return qkv;
    }
    void normalize_heads(const cesaro::nn::normalization_weights<double>& w, Eigen::Ref<vector> x) const {
        using cesaro::query_key_norm;
        if (c_.scores.norm == query_key_norm::none) return;
        const Eigen::Index size = c_.scores.norm == query_key_norm::all_heads ? x.size() : c_.head_width;
        for (Eigen::Index first = 0; first < x.size(); first += size)
            x.segment(first, size) = normalized(c_.norm.kind, c_.norm.epsilon, x.segment(first, size));
        for (Eigen::Index i = 0; i < x.size(); ++i)
            x[i] = affine_norm(w, i, x[i]);
    }
    /// By complex numbers: the pair (a, b) is a + ib.
    void rotate(Eigen::Index layer, Eigen::Index t, Eigen::Ref<vector> x) const {
        const cesaro::rope_config* const rope = c_.rope_of(layer);
        if (rope == nullptr) return;
        const Eigen::Index r = c_.rotated_width(*rope);
        for (Eigen::Index head = 0; head < x.size(); head += c_.head_width) {
            const Eigen::Index first = head + (c_.latent ? c_.head_width - r : 0);
            for (Eigen::Index i = 0; i < r / 2; ++i) {
                double& a = x[first + (rope->interleaved ? 2 * i : i)];
                double& b = x[first + (rope->interleaved ? 2 * i + 1 : i + r / 2)];
                const double f = cesaro::nn::rope_frequencies(*rope, r, tokens_)[i];
                const std::complex<double> turned =
                    std::complex<double>(a, b) * std::polar(rope->attention_factor, double(t) * f);
                a = turned.real();
                b = turned.imag();
            }
        }
    }
    matrix attention(Eigen::Index l, const block& w, const matrix& x) const {
        tokens_ = x.cols();
        std::vector<vector> qkv;
        for (Eigen::Index t = 0; t < x.cols(); ++t) {
            vector z = project(w, x.col(t));
            if (c_.scores.clip > 0)
                for (double& value : z)
                    value = std::clamp(value, -c_.scores.clip, c_.scores.clip);
            normalize_heads(w.query_norm, z.head(c_.query_size()));
            normalize_heads(w.key_norm, z.segment(c_.query_size(), c_.key_size()));
            rotate(l, t, z.head(c_.query_size()));
            rotate(l, t, z.segment(c_.query_size(), c_.key_size()));
            qkv.push_back(z);
        }
        matrix y(c_.width, x.cols());
        for (Eigen::Index t = 0; t < x.cols(); ++t)
            y.col(t) = affine(w.attention_output, mixed(l, w, qkv, t));
        return y;
    }
    /// What the heads give at position n.
    vector mixed(Eigen::Index l, const block& w, const std::vector<vector>& qkv, Eigen::Index n) const {
        const Eigen::Index v_width = c_.value_width();
        const Eigen::VectorXd slopes = cesaro::alibi_slopes(c_.alibi, c_.heads, c_.alibi_max);
        vector output = vector::Zero(c_.attention_size());
        for (Eigen::Index h = 0; h < c_.heads; ++h) {
            const Eigen::Index kv = h * c_.kv_heads / c_.heads;
            double sum = c_.scores.sinks ? std::exp(w.sinks[h]) : 0;
            vector mean = vector::Zero(v_width);
            for (Eigen::Index m = 0; m <= n; ++m) {
                if (c_.window(l) > 0 && n - m >= c_.window(l)) continue;
                double score = 0;
                for (Eigen::Index i = 0; i < c_.head_width; ++i)
                    score += qkv[std::size_t(n)][h * c_.head_width + i] *
                             qkv[std::size_t(m)][c_.query_size() + kv * c_.head_width + i];
                score *= c_.score_scale(l);
                if (c_.scores.cap > 0) score = c_.scores.cap * std::tanh(score / c_.scores.cap);
                if (slopes.size() > 0)
                    score -= slopes[h] * double(n - m) * (c_.alibi_scaled ? c_.score_scale(l) : 1);
                sum += std::exp(score);
                for (Eigen::Index i = 0; i < v_width; ++i)
                    mean[i] += std::exp(score) *
                               qkv[std::size_t(m)][c_.query_size() + c_.key_size() + kv * v_width + i];
            }
            output.segment(h * v_width, v_width) = mean / sum;
        }
        return output;
    }

    double inner(double z) const {
        using cesaro::activation_kind;
        switch (c_.activation) {
            case activation_kind::gelu:
                return z / 2 * (1 + std::erf(z / std::sqrt(2.0)));
            case activation_kind::gelu_tanh:
                return z / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (z + 0.044715 * z * z * z)));
            case activation_kind::relu:
                return std::max(z, 0.0);
            case activation_kind::silu:
                return z * sigma(z);
            case activation_kind::clamped_swish:
                return std::min(z, 7.0) * sigma(1.702 * std::min(z, 7.0));
        }
        return 0;
    }
    vector activated(const vector& z) const {
        if (!c_.gated) return z.unaryExpr([this](double value) { return inner(value); });
        const Eigen::Index size = z.size() / 2;
        vector h(size);
        for (Eigen::Index i = 0; i < size; ++i) {
            const double up = c_.activation == cesaro::activation_kind::clamped_swish
                                  ? std::clamp(z[size + i], -7.0, 7.0) + 1
                                  : z[size + i];
            h[i] = inner(z[i]) * up;
        }
        return h;
    }
    matrix feed_forward(Eigen::Index l, const block& w, const matrix& x) const {
        matrix y(c_.width, x.cols());
        for (Eigen::Index t = 0; t < x.cols(); ++t) {
            y.col(t) = c_.has_experts(l)
                           ? mixture(w.experts, x.col(t))
                           : affine(w.feed_forward_output, activated(affine(w.feed_forward_input, x.col(t))));
        }
        return y;
    }
    vector mixture(const cesaro::nn::expert_weights<double>& w, const vector& x) const {
        using cesaro::expert_routing;
        const cesaro::experts_config& e = *c_.experts;
        const vector r = affine(w.router, x);
        const bool logistic = e.routing == expert_routing::sigmoid;
        vector p = r;
        for (double& value : p)
            value = logistic ? sigma(value) : std::exp(value);
        if (e.routing == expert_routing::softmax_of_all) p /= p.sum();
        const vector goodness = logistic ? vector(p + w.correction) : p;
        // an expert is chosen when it is in one of the best groups and fewer than `chosen` there are better
        const Eigen::Index size = e.count / e.groups;
        const auto group_score = [&](Eigen::Index g) {
            std::vector<double> members(goodness.data() + g * size, goodness.data() + (g + 1) * size);
            std::sort(members.rbegin(), members.rend());
            return members[0] + (logistic && size > 1 ? members[1] : 0);
        };
        const auto group_rank = [&](Eigen::Index g) {
            Eigen::Index better = 0;
            for (Eigen::Index other = 0; other < e.groups; ++other)
                better += group_score(other) > group_score(g);
            return better;
        };
        const auto allowed = [&](Eigen::Index i) { return group_rank(i / size) < e.chosen_groups; };
        const auto chosen = [&](Eigen::Index i) {
            Eigen::Index better = 0;
            for (Eigen::Index other = 0; other < e.count; ++other)
                better += allowed(other) && goodness[other] > goodness[i];
            return allowed(i) && better < e.chosen;
        };
        double sum = 0;
        for (Eigen::Index i = 0; i < e.count; ++i)
            sum += chosen(i) ? p[i] : 0;
        vector y = vector::Zero(c_.width);
        const Eigen::Index rows = (c_.gated ? 2 : 1) * e.intermediate;
        for (Eigen::Index i = 0; i < e.count; ++i) {
            if (!chosen(i)) continue;
            const bool divided = e.normalized || e.routing == expert_routing::softmax_of_chosen;
            y += e.scale * p[i] / (divided ? sum : 1) *
                 affine(w.output, i * c_.width, c_.width, activated(affine(w.input, i * rows, rows, x)));
        }
        if (e.shared > 0) {
            const double gate = e.shared_gate ? sigma(affine(w.shared_gate, x)[0]) : 1;
            y += gate * affine(w.shared_output, activated(affine(w.shared_input, x)));
        }
        return y;
    }

    cesaro::decoder_config c_;
    cesaro::decoder_weights<double> weights_;
    mutable Eigen::Index tokens_ = 0;
};

}  // namespace cesaro_test
