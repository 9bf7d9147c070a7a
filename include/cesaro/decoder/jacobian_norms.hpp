// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/equals.hpp>
#include <cesaro/detail/random.hpp>
#include <cesaro/profile_estimate.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cesaro {

/// Which cotangents u of the last position's final hidden state are pulled back: independent standard
/// Gaussian vectors, all basis vectors, or the vector of ones (the gradient of the summed output).
enum class probe_kind { gaussian, exact, ones };

/// How Jacobian norms are measured.
struct jacobian_probes {
    probe_kind kind = probe_kind::gaussian;
    Eigen::Index count = 8;  ///< Gaussian probes per forward pass, at least 1
    std::uint64_t seed = 0;  ///< of the Gaussian probes
    decoder_output output = decoder_output::normalized;
    Eigen::Index batch = 8;  ///< probes pulled back at once, at least 1; memory grows with it
    std::function<void(double)> progress = {};  ///< called with the fraction done, in (0, 1]
};

namespace detail {

[[nodiscard]] inline Eigen::Index probe_count(const jacobian_probes& probes, Eigen::Index width) {
    return probes.kind == probe_kind::gaussian ? probes.count : probes.kind == probe_kind::exact ? width : 1;
}

/// Probes [first, first + count) as cotangents of the last position; zero at every other position.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> last_position_cotangents(const jacobian_probes& probes, std::uint64_t pass,
                                                            Eigen::Index width, Eigen::Index tokens,
                                                            Eigen::Index first, Eigen::Index count) {
    Eigen::MatrixX<Real> cotangents = Eigen::MatrixX<Real>::Zero(width, count * tokens);
    for (Eigen::Index p = 0; p < count; ++p) {
        auto u = cotangents.col((p + 1) * tokens - 1);
        if (probes.kind == probe_kind::exact) {
            u[first + p] = Real(1);
        } else if (probes.kind == probe_kind::ones) {
            u.setOnes();
        } else {
            auto engine = random_stream(probes.seed, {probe_stream, pass, std::uint64_t(first + p)});
            boost::random::normal_distribution<double> normal;
            for (Real& entry : u)
                entry = Real(normal(engine));
        }
    }
    return cotangents;
}

/// The gradient of the sum of a LayerNorm's outputs is zero when its gains are equal: the outputs sum to a
/// constant.
template <class Real>
void check_ones_probe(std::string_view function, const decoder<Real>& model, const jacobian_probes& probes) {
    const auto& gain = model.weights().final_norm.gain;
    const bool equal_gains = gain.size() == 0 || equals(gain.minCoeff(), gain.maxCoeff());
    if (probes.kind == probe_kind::ones && probes.output == decoder_output::normalized &&
        model.config().norm.kind == norm_kind::layer_norm && equal_gains) {
        throw_invalid_argument(
            function, "probes.output", std::string("normalized"),
            "must be residual for the ones probe: the outputs of a LayerNorm with equal gains sum to a "
            "constant, whose gradient is zero");
    }
}

/// \f$\|J_m^T u_p\|^2\f$ for one forward pass, in the name of a function; see squared_jacobian_norms().
template <class Real>
[[nodiscard]] Eigen::MatrixXd squared_norms(std::string_view function, const decoder<Real>& model,
                                            const Eigen::MatrixX<Real>& x, const jacobian_probes& probes,
                                            std::uint64_t pass) {
    const Eigen::Index width = model.config().width;
    const Eigen::Index tokens = x.cols();
    check_at_least(function, "tokens", tokens, 1);
    check_size(function, "rows of x", x.rows(), width);
    check_at_least(function, "probes.count", probes.count, 1);
    check_at_least(function, "probes.batch", probes.batch, 1);
    check_ones_probe(function, model, probes);
    const Eigen::Index count = probe_count(probes, width);
    const Eigen::Index batches = (count + probes.batch - 1) / probes.batch;
    double done = 0;
    const double steps = double(model.config().layers) * double(batches + 1);
    const block_callback after_block = [&] {
        ++done;
        if (probes.progress) probes.progress(done / steps);
    };

    decoder_trace<Real> trace;
    decoder_forward(model, x, probes.output, &trace, after_block);
    Eigen::MatrixXd squared(tokens, count);
    for (Eigen::Index first = 0; first < count; first += probes.batch) {
        const Eigen::Index size = std::min(probes.batch, count - first);
        const Eigen::MatrixX<Real> x_bar = decoder_vjp(
            model, trace, last_position_cotangents<Real>(probes, pass, width, tokens, first, size),
            probes.output, after_block);
        for (Eigen::Index c = 0; c < x_bar.cols(); ++c)
            squared(c % tokens, first + c / tokens) = x_bar.col(c).template cast<double>().squaredNorm();
    }
    if (probes.kind == probe_kind::exact) return squared.rowwise().sum();
    return squared;
}

/// The root of the mean of squared norms over passes, squared(probes, pass) each, positions x probes. A pass,
/// that is a draw of weights and an input, gives one independent sample per position: its probes share the
/// network. From one pass alone, the standard error is that of its probes, given the network.
template <class Pass>
[[nodiscard]] profile_estimate<double> mean_over_passes(Eigen::Index passes, const jacobian_probes& probes,
                                                        const Pass& squared) {
    root_mean<double> mean;
    for (Eigen::Index pass = 0; pass < passes; ++pass) {
        jacobian_probes now = probes;
        if (probes.progress) {
            now.progress = [&](double done) { probes.progress((double(pass) + done) / double(passes)); };
        }
        const Eigen::MatrixXd norms = squared(now, std::uint64_t(pass));
        if (passes > 1) mean.add(norms.rowwise().mean());
        for (Eigen::Index p = 0; p < norms.cols() && passes == 1; ++p)
            mean.add(norms.col(p));
    }
    return mean.template estimate<double>();
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

/// Norms of the Jacobian of the last position's final hidden state by the input embeddings,
///
/// \f[ \sqrt{\mathbb E \left\| \frac{\partial h_{out}[n]}{\partial x_{in}[m]} \right\|_F^2}, \qquad
///     \|J\|_F^2 = \mathbb E_u \|J^T u\|^2, \quad u \sim \mathcal N(0, I), \f]
///
/// for every source position m, averaged over inputs that are made one at a time. With the ones probe: the
/// norm of the gradient of the sum of h_out[n].
///
/// \code
/// const auto prompt = [&](std::uint64_t i) { return cesaro::embed(model, prompts[i]); };
/// const auto norms = cesaro::jacobian_norms(model, prompts.size(), prompt);
/// \endcode
///
/// \param count inputs, at least one.
/// \param input input(i) are embeddings, width x tokens (see embed()); always the same of the same i, for
///        which it may be asked more than once.
/// \return one value per position, and its standard error by the delta method: between inputs, or, from one
///         input alone, between its probes; infinite from one input and one probe.
/// \throws std::domain_error when there is no input, no token or no probe.
/// \throws std::invalid_argument when shapes do not fit; when the ones probe meets a LayerNorm with equal
///         gains, for which that gradient is identically zero: read the residual stream then; or when several
///         inputs are one and the same and the probes are not Gaussian, which tells nothing of an error.
/// Cost: one forward pass, and about one more per probe, for each input. Memory: two inputs, the trace, and
/// some 20 width x tokens scalars per probe of a batch. The same bits on any number of threads; another batch
/// changes rounding only.
/// Accuracy: the squared norms are unbiased; rounding is that of the scalar.
template <class Real, class Input>
requires std::invocable<const Input&, std::uint64_t>
[[nodiscard]] profile_estimate<double> jacobian_norms(const decoder<Real>& model, Eigen::Index count,
                                                      const Input& input,
                                                      const jacobian_probes& probes = {}) {
    const char* const function = "jacobian_norms";
    detail::check_at_least(function, "inputs", count, 1);
    const Eigen::MatrixX<Real> first = input(0);
    const auto is_first = [&](const Eigen::MatrixX<Real>& x) {
        return x.rows() == first.rows() && x.cols() == first.cols() && x == first;
    };
    bool differ = count == 1 || probes.kind == probe_kind::gaussian;
    for (Eigen::Index i = 1; i < count && !differ; ++i)
        differ = !is_first(input(std::uint64_t(i)));
    if (!differ) {
        detail::throw_invalid_argument(function, "inputs", count,
                                       "are the same; without Gaussian probes one says as much");
    }
    return detail::mean_over_passes(count, probes, [&](const jacobian_probes& now, std::uint64_t pass) {
        const Eigen::MatrixX<Real>& x = input(pass);
        detail::check_size(function, "columns of an input", x.cols(), first.cols());
        return detail::squared_norms(function, model, x, now, pass);
    });
}

/// As above, of inputs that are there: each width x tokens, at least one.
template <class Real>
[[nodiscard]] profile_estimate<double> jacobian_norms(const decoder<Real>& model,
                                                      const std::vector<Eigen::MatrixX<Real>>& inputs,
                                                      const jacobian_probes& probes = {}) {
    const auto input = [&](std::uint64_t i) -> const Eigen::MatrixX<Real>& { return inputs[std::size_t(i)]; };
    return jacobian_norms(model, Eigen::Index(inputs.size()), input, probes);
}

}  // namespace cesaro
