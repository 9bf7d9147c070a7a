// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder.hpp>
#include <cesaro/decoder/streamed_decoder.hpp>
#include <cesaro/decoder/unembedding.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/equals.hpp>
#include <cesaro/detail/gaussian_stream.hpp>
#include <cesaro/profile_estimate.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cesaro {

/// Which cotangents u of the last position's final hidden state h are pulled back: independent standard
/// Gaussian vectors; all basis vectors; or one, the gradient of a number that h gives, which is then what is
/// differentiated by the embeddings:
///   ones                 the sum of its entries
///   norm                 \f$\|h\|\f$
///   logit                the logit of `token`
///   log_probability      the logarithm of the probability of `token` as the next one
///   argmax_probability   the probability of the likeliest next token
enum class probe_kind { gaussian, exact, ones, norm, logit, log_probability, argmax_probability };

/// How Jacobian norms are measured.
struct jacobian_probes {
    probe_kind kind = probe_kind::gaussian;
    Eigen::Index count = 8;  ///< Gaussian probes per forward pass, at least 1
    std::uint64_t seed = 0;  ///< of the Gaussian probes
    Eigen::Index token = 0;  ///< of logit and log_probability
    decoder_output output = decoder_output::normalized;
    Eigen::Index batch = 8;  ///< probes pulled back at once, at least 1; memory grows with it
    profile_average average = profile_average::root_mean_square;  ///< of several inputs or draws
    std::function<void(double)> progress = {};  ///< called with the fraction done, in (0, 1]
};

namespace detail {

[[nodiscard]] inline Eigen::Index probe_count(const jacobian_probes& probes, Eigen::Index width) {
    return probes.kind == probe_kind::gaussian ? probes.count : probes.kind == probe_kind::exact ? width : 1;
}

/// The gradient by h of what a probe of the next token differentiates.
template <class Real>
[[nodiscard]] Eigen::VectorX<Real> next_token_gradient(std::string_view function, const decoder<Real>& model,
                                                       const jacobian_probes& probes,
                                                       const Eigen::VectorX<Real>& h) {
    Eigen::VectorX<Real> derivatives;
    const Eigen::VectorX<Real> z = logits_of(model, h, &derivatives);
    Eigen::Index likeliest = 0;
    const Real greatest = z.maxCoeff(&likeliest);
    const Eigen::Index token = probes.kind == probe_kind::argmax_probability ? likeliest : probes.token;
    if (token < 0 || token >= z.size()) {
        throw_domain_error(function, "probes.token", token,
                           "must lie in [0, vocab_size) with vocab_size = " + std::to_string(z.size()));
    }
    const auto& u = unembedding_of(model);
    if (probes.kind == probe_kind::logit) return derivatives[token] * u.row(token).transpose();
    Eigen::VectorX<Real> p = (z.array() - greatest).exp().matrix();
    p /= p.sum();
    const Real of_token = probes.kind == probe_kind::argmax_probability ? p[token] : Real(1);
    Eigen::VectorX<Real> z_bar = -p;
    z_bar[token] += Real(1);
    z_bar.array() *= of_token * derivatives.array();
    return u.transpose() * z_bar;
}
template <class Real>
[[nodiscard]] Eigen::VectorX<Real> next_token_gradient(std::string_view function,
                                                       const streamed_decoder<Real>&, const jacobian_probes&,
                                                       const Eigen::VectorX<Real>&) {
    throw_invalid_argument(function, "probes.kind", std::string("of the next token"),
                           "needs an unembedding, which a streamed_decoder does not hold");
}

/// Probes [first, first + count) as cotangents of the last position; zero at every other position.
/// \param h the final hidden state there.
template <class Model, class Real>
[[nodiscard]] Eigen::MatrixX<Real> last_position_cotangents(std::string_view function, const Model& model,
                                                            const jacobian_probes& probes, std::uint64_t pass,
                                                            const Eigen::VectorX<Real>& h,
                                                            Eigen::Index tokens, Eigen::Index first,
                                                            Eigen::Index count) {
    Eigen::MatrixX<Real> cotangents = Eigen::MatrixX<Real>::Zero(h.size(), count * tokens);
    for (Eigen::Index p = 0; p < count; ++p) {
        auto u = cotangents.col((p + 1) * tokens - 1);
        switch (probes.kind) {
            case probe_kind::gaussian:
                gaussian_stream(probes.seed, {probe_stream, pass, std::uint64_t(first + p)})
                    .fill(0, std::size_t(u.size()), 1, u.data());
                break;
            case probe_kind::exact:
                u[first + p] = Real(1);
                break;
            case probe_kind::ones:
                u.setOnes();
                break;
            case probe_kind::norm:
                u = h / h.norm();
                break;
            default:
                u = next_token_gradient(function, model, probes, h);
        }
    }
    return cotangents;
}

/// The sum of a LayerNorm's outputs is constant when its gains are equal, and so is, but for epsilon, the norm of
/// any normalisation's: their gradients are zero. The next token is read from what is normalised.
template <class Model>
void check_output_of_probes(std::string_view function, const Model& model, const jacobian_probes& probes) {
    const auto& gain = model.weights().final_norm.gain;
    const auto& bias = model.weights().final_norm.bias;
    const bool equal_gains = gain.size() == 0 || equals(gain.minCoeff(), gain.maxCoeff());
    const bool normalized = probes.output == decoder_output::normalized;
    const bool layer_norm = model.config().norm.kind == norm_kind::layer_norm;
    if (probes.kind == probe_kind::ones && normalized && layer_norm && equal_gains) {
        throw_invalid_argument(
            function, "probes.output", std::string("normalized"),
            "must be residual for the ones probe: the outputs of a LayerNorm with equal gains sum to a "
            "constant, whose gradient is zero");
    }
    if (probes.kind == probe_kind::norm && normalized && equal_gains &&
        (bias.size() == 0 || bias.isZero(0))) {
        throw_invalid_argument(
            function, "probes.output", std::string("normalized"),
            "must be residual for the norm probe: a normalisation with equal gains makes the "
            "norm constant, and its gradient zero");
    }
    const bool next_token = probes.kind == probe_kind::logit || probes.kind == probe_kind::log_probability ||
                            probes.kind == probe_kind::argmax_probability;
    if (next_token && !normalized) {
        throw_invalid_argument(function, "probes.output", std::string("residual"),
                               "must be normalized for probes of the next token");
    }
}

/// Checks the arguments of squared_norms().
template <class Model, class Real>
void check_measurement(std::string_view function, const Model& model, const Eigen::MatrixX<Real>& x,
                       const jacobian_probes& probes) {
    check_at_least(function, "tokens", x.cols(), 1);
    check_size(function, "rows of x", x.rows(), model.config().width);
    check_at_least(function, "probes.count", probes.count, 1);
    check_at_least(function, "probes.batch", probes.batch, 1);
    check_output_of_probes(function, model, probes);
}

/// Puts the squared norms of the columns of x_bar, one block per probe from `first` on, into the columns of probes.
template <class Real>
void put_squared_norms(const Eigen::MatrixX<Real>& x_bar, Eigen::Index first, Eigen::MatrixXd& squared) {
    const Eigen::Index tokens = squared.rows();
    for (Eigen::Index c = 0; c < x_bar.cols(); ++c)
        squared(c % tokens, first + c / tokens) = x_bar.col(c).template cast<double>().squaredNorm();
}

/// \f$\|J_m^T u_p\|^2\f$ for one forward pass, in the name of a function; see squared_jacobian_norms().
template <class Real>
[[nodiscard]] Eigen::MatrixXd squared_norms(std::string_view function, const decoder<Real>& model,
                                            const Eigen::MatrixX<Real>& x, const jacobian_probes& probes,
                                            std::uint64_t pass) {
    check_measurement(function, model, x, probes);
    const Eigen::Index tokens = x.cols();
    const Eigen::Index count = probe_count(probes, model.config().width);
    const Eigen::Index batches = (count + probes.batch - 1) / probes.batch;
    double done = 0;
    const double steps = double(model.config().layers) * double(batches + 1);
    const block_callback after_block = [&] {
        ++done;
        if (probes.progress) probes.progress(done / steps);
    };

    decoder_trace<Real> trace;
    const Eigen::VectorX<Real> h =
        decoder_forward(model, x, probes.output, &trace, after_block).col(tokens - 1);
    Eigen::MatrixXd squared(tokens, count);
    for (Eigen::Index first = 0; first < count; first += probes.batch) {
        const Eigen::Index size = std::min(probes.batch, count - first);
        const Eigen::MatrixX<Real> x_bar = decoder_vjp(
            model, trace, last_position_cotangents(function, model, probes, pass, h, tokens, first, size),
            probes.output, after_block);
        put_squared_norms(x_bar, first, squared);
    }
    if (probes.kind == probe_kind::exact) return squared.rowwise().sum();
    return squared;
}

/// The same of a streamed decoder: forward, keeping what enters each layer, then back, each layer's trace made
/// again from it. All probes go back together, so that a layer is fetched once each way.
template <class Real>
[[nodiscard]] Eigen::MatrixXd squared_norms(std::string_view function, const streamed_decoder<Real>& model,
                                            Eigen::MatrixX<Real> x, const jacobian_probes& probes,
                                            std::uint64_t pass) {
    check_measurement(function, model, x, probes);
    const decoder_config& config = model.config();
    const Eigen::Index tokens = x.cols();
    const Eigen::Index count = probe_count(probes, config.width);
    const Eigen::Index batches = (count + probes.batch - 1) / probes.batch;
    double done = 0;
    const auto progress = [&](double steps) {
        done += steps;
        if (probes.progress) probes.progress(done / (double(config.layers) * double(batches + 2)));
    };
    const layer_rotations<Real> rotations(config, tokens);
    std::vector<Eigen::MatrixX<Real>> entering;
    for (Eigen::Index l = 0; l < config.layers; ++l) {
        entering.push_back(x);
        block_forward(config, l, model.block(l), rotations, x);
        progress(1);
    }
    const auto final_norm = nn::normalize(config.norm.kind, config.norm.epsilon, x);
    const bool normalized = probes.output == decoder_output::normalized;
    if (normalized) x = nn::normalization_output(model.weights().final_norm, final_norm);
    const Eigen::VectorX<Real> h = x.col(tokens - 1);
    std::vector<Eigen::MatrixX<Real>> cotangents;
    for (Eigen::Index first = 0; first < count; first += probes.batch) {
        cotangents.push_back(last_position_cotangents(function, model, probes, pass, h, tokens, first,
                                                      std::min(probes.batch, count - first)));
        if (normalized) {
            cotangents.back() = nn::normalization_vjp(config.norm.kind, model.weights().final_norm,
                                                      final_norm, cotangents.back());
        }
    }
    for (Eigen::Index l = config.layers; l-- > 0;) {
        const nn::block_weights<Real> block = model.block(l);
        const block_trace<Real> trace = block_forward(config, l, block, rotations, entering.back());
        entering.pop_back();
        for (Eigen::MatrixX<Real>& x_bar : cotangents)
            block_vjp(config, l, block, rotations, trace, x_bar);
        progress(double(batches + 1));
    }
    Eigen::MatrixXd squared(tokens, count);
    for (std::size_t b = 0; b < cotangents.size(); ++b)
        put_squared_norms(cotangents[b], Eigen::Index(b) * probes.batch, squared);
    if (probes.kind == probe_kind::exact) return squared.rowwise().sum();
    return squared;
}

/// The average over passes of squared norms, positions x probes each. A pass, that is a draw of weights and an
/// input, gives one independent sample per position: its probes share the network. From one pass alone, the
/// standard error is that of its probes, given the network.
class pass_average {
  public:
    pass_average(Eigen::Index passes, profile_average average) : passes_(passes), average_(average) {}

    void add(const Eigen::MatrixXd& squared) {
        if (passes_ == 1) {
            for (Eigen::Index p = 0; p < squared.cols(); ++p)
                mean_.add(squared.col(p));
            return;
        }
        const Eigen::VectorXd over_probes = squared.rowwise().mean();
        if (average_ == profile_average::root_mean_square) return mean_.add(over_probes);
        const Eigen::VectorXd norms = over_probes.cwiseSqrt();
        mean_.add(norms / norms.sum());
    }
    [[nodiscard]] profile_estimate<double> estimate() const {
        if (average_ == profile_average::root_mean_square) return mean_.template estimate<double>();
        if (passes_ > 1) return mean_.template mean_estimate<double>();
        profile_estimate<double> e = mean_.template estimate<double>();
        const double sum = e.profile.sum();
        e.profile /= sum;
        e.standard_error /= sum;
        return e;
    }

  private:
    Eigen::Index passes_;
    profile_average average_;
    root_mean<double> mean_;
};

/// The average over passes, squared(probes, pass) each.
template <class Pass>
[[nodiscard]] profile_estimate<double> mean_over_passes(Eigen::Index passes, const jacobian_probes& probes,
                                                        const Pass& squared) {
    pass_average average(passes, probes.average);
    for (Eigen::Index pass = 0; pass < passes; ++pass) {
        jacobian_probes now = probes;
        if (probes.progress) {
            now.progress = [&](double done) { probes.progress((double(pass) + done) / double(passes)); };
        }
        average.add(squared(now, std::uint64_t(pass)));
    }
    return average.estimate();
}

/// jacobian_norms() of a decoder, stored or streamed.
template <class Real, class Model, class Input>
[[nodiscard]] profile_estimate<double> norms_over_inputs(const Model& model, Eigen::Index count,
                                                         const Input& input, const jacobian_probes& probes) {
    const char* const function = "jacobian_norms";
    check_at_least(function, "inputs", count, 1);
    const Eigen::MatrixX<Real> first = input(0);
    const auto is_first = [&](const Eigen::MatrixX<Real>& x) {
        return x.rows() == first.rows() && x.cols() == first.cols() && x == first;
    };
    bool differ = count == 1 || probes.kind == probe_kind::gaussian;
    for (Eigen::Index i = 1; i < count && !differ; ++i)
        differ = !is_first(input(std::uint64_t(i)));
    if (!differ) {
        throw_invalid_argument(function, "inputs", count,
                               "are the same; without Gaussian probes one says as much");
    }
    return mean_over_passes(count, probes, [&](const jacobian_probes& now, std::uint64_t pass) {
        const Eigen::MatrixX<Real>& x = input(pass);
        check_size(function, "columns of an input", x.cols(), first.cols());
        return squared_norms(function, model, x, now, pass);
    });
}

}  // namespace detail

/// \f$\|J_m^T u_p\|^2\f$ for one forward pass. See jacobian_norms().
/// \param x input embeddings, width x tokens, at least one token.
/// \param pass numbers the streams of the Gaussian probes.
/// \return positions x probes; of exact probes their sum, one column.
/// \throws as jacobian_norms().
template <class Real>
[[nodiscard]] Eigen::MatrixXd squared_jacobian_norms(const decoder<Real>& model,
                                                     const Eigen::MatrixX<Real>& x,
                                                     const jacobian_probes& probes, std::uint64_t pass = 0) {
    return detail::squared_norms("squared_jacobian_norms", model, x, probes, pass);
}
/// Of a streamed decoder: the same bits as of the decoder whole.
template <class Real>
[[nodiscard]] Eigen::MatrixXd squared_jacobian_norms(const streamed_decoder<Real>& model,
                                                     const Eigen::MatrixX<Real>& x,
                                                     const jacobian_probes& probes, std::uint64_t pass = 0) {
    return detail::squared_norms("squared_jacobian_norms", model, x, probes, pass);
}

/// Norms of the Jacobian of the last position's final hidden state by the input embeddings,
///
/// \f[ \sqrt{\mathbb E \left\| \frac{\partial h_{out}[n]}{\partial x_{in}[m]} \right\|_F^2}, \qquad
///     \|J\|_F^2 = \mathbb E_u \|J^T u\|^2, \quad u \sim \mathcal N(0, I), \f]
///
/// for every source position m, averaged as probes.average says over inputs that are made one at a time. With a probe
/// that differentiates one number (probe_kind): the norm of its gradient.
///
/// \code
/// const auto prompt = [&](std::uint64_t i) { return cesaro::embed(model, prompts[i]); };
/// const auto norms = cesaro::jacobian_norms(model, prompts.size(), prompt);
/// \endcode
///
/// \param model a decoder, or a streamed_decoder, of which the bits are the same.
/// \param count inputs, at least one.
/// \param input input(i) are embeddings, width x tokens (see embed()); always the same of the same i, for
///        which it may be asked more than once.
/// \return one value per position, and its standard error by the delta method: between inputs, or, from one
///         input alone, between its probes; infinite from one input and one probe.
/// \throws std::domain_error when there is no input, no token or no probe, or no such token for a probe.
/// \throws std::invalid_argument when shapes do not fit; when a probe's gradient is identically zero, as that of the
///         sum or the norm behind a normalisation with equal gains: read the residual stream then; or when several
///         inputs are one and the same and the probes are not Gaussian, which tells nothing of an error.
/// Cost: one forward pass, and about one more per probe, for each input. Memory: two inputs, the trace, and
/// some 20 width x tokens scalars per probe of a batch; of a streamed decoder the trace of one layer, and the
/// residual stream before each. The same bits on any number of threads; another batch changes rounding only.
/// Accuracy: the squared norms are unbiased; rounding is that of the scalar.
template <class Real, class Input>
requires std::invocable<const Input&, std::uint64_t>
[[nodiscard]] profile_estimate<double> jacobian_norms(const decoder<Real>& model, Eigen::Index count,
                                                      const Input& input,
                                                      const jacobian_probes& probes = {}) {
    return detail::norms_over_inputs<Real>(model, count, input, probes);
}
template <class Real, class Input>
requires std::invocable<const Input&, std::uint64_t>
[[nodiscard]] profile_estimate<double> jacobian_norms(const streamed_decoder<Real>& model, Eigen::Index count,
                                                      const Input& input,
                                                      const jacobian_probes& probes = {}) {
    return detail::norms_over_inputs<Real>(model, count, input, probes);
}

/// As above, of inputs that are there: each width x tokens, at least one.
template <class Real>
[[nodiscard]] profile_estimate<double> jacobian_norms(const decoder<Real>& model,
                                                      const std::vector<Eigen::MatrixX<Real>>& inputs,
                                                      const jacobian_probes& probes = {}) {
    const auto input = [&](std::uint64_t i) -> const Eigen::MatrixX<Real>& { return inputs[std::size_t(i)]; };
    return detail::norms_over_inputs<Real>(model, Eigen::Index(inputs.size()), input, probes);
}
template <class Real>
[[nodiscard]] profile_estimate<double> jacobian_norms(const streamed_decoder<Real>& model,
                                                      const std::vector<Eigen::MatrixX<Real>>& inputs,
                                                      const jacobian_probes& probes = {}) {
    const auto input = [&](std::uint64_t i) -> const Eigen::MatrixX<Real>& { return inputs[std::size_t(i)]; };
    return detail::norms_over_inputs<Real>(model, Eigen::Index(inputs.size()), input, probes);
}

}  // namespace cesaro
