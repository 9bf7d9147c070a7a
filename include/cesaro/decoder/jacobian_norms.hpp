// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder.hpp>
#include <cesaro/decoder/initialization.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/random.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
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

/// Norms of the Jacobian of the last position's final hidden state by each source position, and the standard
/// error of each.
struct jacobian_norm_estimate {
    Eigen::VectorXd norms;
    Eigen::VectorXd standard_error;
};

/// The mean of squared norms over forward passes, and what is needed for its standard error.
///
/// A pass, that is a draw of weights and an input, gives one independent sample per position: its probes
/// share the network. From one pass alone, the standard error is that of its probes, given the network.
class jacobian_norm_statistics {
  public:
    /// Adds one pass: \f$\|J_m^T u_p\|^2\f$, positions x probes. Exact probes are added as their sum, one
    /// column. \throws std::invalid_argument when the number of positions differs from that of the first
    /// pass.
    void add(const Eigen::MatrixXd& squared_norms) {
        if (passes_ == 0) {
            mean_ = squares_ = Eigen::VectorXd::Zero(squared_norms.rows());
            within_.setConstant(squared_norms.rows(), std::numeric_limits<double>::infinity());
        }
        detail::check_size("jacobian_norm_statistics::add", "positions", squared_norms.rows(), mean_.size());
        const double probes = double(squared_norms.cols());
        const Eigen::VectorXd sample = squared_norms.rowwise().mean();
        if (passes_ == 0 && probes > 1) {
            within_ = (squared_norms.colwise() - sample).rowwise().squaredNorm() / (probes * (probes - 1));
        }
        ++passes_;
        const Eigen::VectorXd step = sample - mean_;  // Welford's update: no cancellation
        mean_ += step / double(passes_);
        squares_ += step.cwiseProduct(sample - mean_);
    }

    /// Square roots of the means; the standard errors by the delta method, infinite where one pass with one
    /// column gives none.
    jacobian_norm_estimate result() const {
        const double passes = double(passes_);
        const Eigen::VectorXd variance =
            passes_ > 1 ? Eigen::VectorXd(squares_ / (passes * (passes - 1))) : within_;
        jacobian_norm_estimate estimate{mean_.cwiseSqrt(), Eigen::VectorXd::Zero(mean_.size())};
        for (Eigen::Index m = 0; m < mean_.size(); ++m) {
            if (mean_[m] > 0 || std::isinf(variance[m]))
                estimate.standard_error[m] = std::sqrt(variance[m]) / (2 * estimate.norms[m]);
        }
        return estimate;
    }

  private:
    Eigen::Index passes_ = 0;
    Eigen::VectorXd mean_, squares_, within_;
};

namespace detail {

inline Eigen::Index probe_count(const jacobian_probes& probes, Eigen::Index width) {
    return probes.kind == probe_kind::gaussian ? probes.count : probes.kind == probe_kind::exact ? width : 1;
}

/// Probes [first, first + count) as cotangents of the last position; zero at every other position.
template <class Real>
Eigen::MatrixX<Real> last_position_cotangents(const jacobian_probes& probes, std::uint64_t pass,
                                              Eigen::Index width, Eigen::Index tokens, Eigen::Index first,
                                              Eigen::Index count) {
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
void check_ones_probe(const decoder<Real>& model, const jacobian_probes& probes) {
    const auto& gain = model.weights.final_norm.gain;
    if (probes.kind == probe_kind::ones && probes.output == decoder_output::normalized &&
        model.config.norm() == norm_kind::layer_norm && gain.minCoeff() == gain.maxCoeff()) {
        throw std::invalid_argument(
            "cesaro::jacobian_norms: probes.output = normalized must be residual for the ones probe: the "
            "outputs of a LayerNorm with equal gains sum to a constant, whose gradient is zero");
    }
}

}  // namespace detail

/// \f$\|J_m^T u_p\|^2\f$ for one forward pass: positions x probes (exact probes: their sum, one column).
/// `pass` numbers the streams of the Gaussian probes. See jacobian_norms().
template <class Real>
Eigen::MatrixXd squared_jacobian_norms(const decoder<Real>& model, const Eigen::MatrixX<Real>& x,
                                       const jacobian_probes& probes, std::uint64_t pass = 0) {
    const char* const function = "jacobian_norms";
    const Eigen::Index width = model.config.width;
    const Eigen::Index tokens = x.cols();
    detail::check_at_least(function, "tokens", tokens, 1);
    detail::check_at_least(function, "probes.count", probes.count, 1);
    detail::check_at_least(function, "probes.batch", probes.batch, 1);
    detail::check_ones_probe(model, probes);
    const Eigen::Index count = detail::probe_count(probes, width);
    const Eigen::Index batches = (count + probes.batch - 1) / probes.batch;
    double done = 0;
    const double steps = double(model.config.layers) * double(batches + 1);
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
            model, trace, detail::last_position_cotangents<Real>(probes, pass, width, tokens, first, size),
            probes.output, after_block);
        for (Eigen::Index c = 0; c < x_bar.cols(); ++c)
            squared(c % tokens, first + c / tokens) = x_bar.col(c).template cast<double>().squaredNorm();
    }
    if (probes.kind == probe_kind::exact) return squared.rowwise().sum();
    return squared;
}

/// Norms of the Jacobian of the last position's final hidden state by the input embeddings,
///
/// \f[ \sqrt{\mathbb E \left\| \frac{\partial h_{out}[n]}{\partial x_{in}[m]} \right\|_F^2}, \qquad
///     \|J\|_F^2 = \mathbb E_u \|J^T u\|^2, \quad u \sim \mathcal N(0, I), \f]
///
/// for every source position m, averaged over inputs. With the ones probe: the norm of the gradient of the
/// sum of h_out[n]. \param inputs input embeddings, each width x tokens (see embed()), at least one. \throws
/// std::domain_error when there is no token or no probe. \throws std::invalid_argument when shapes do not
/// fit; or when the ones probe meets a LayerNorm with equal
///         gains, for which that gradient is identically zero: read the residual stream then.
/// Cost: one forward pass, and about one more per probe, for each input. Memory: the trace, and some 20 width
/// x tokens scalars per probe of a batch. The same bits on any number of threads;
/// another batch changes rounding only.
/// Accuracy: the squared norms are unbiased; rounding is that of the scalar.
template <class Real>
jacobian_norm_estimate jacobian_norms(const decoder<Real>& model,
                                      const std::vector<Eigen::MatrixX<Real>>& inputs,
                                      const jacobian_probes& probes = {}) {
    detail::check_at_least("jacobian_norms", "inputs", Eigen::Index(inputs.size()), 1);
    jacobian_norm_statistics statistics;
    for (std::size_t i = 0; i < inputs.size(); ++i)
        statistics.add(squared_jacobian_norms(model, inputs[i], probes, i));
    return statistics.result();
}

}  // namespace cesaro
