// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The influence of every position on the last, in an untrained decoder, from its configuration alone, at any
/// context length.

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/detail/cell_profile.hpp>
#include <cesaro/decoder/detail/mean_field.hpp>
#include <cesaro/decoder/mean_field.hpp>
#include <cesaro/decoder/mean_field_terms.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/detail/profile_accumulator.hpp>
#include <cesaro/profile.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cesaro {

/// What predict() gives: the share of every position in the Jacobian norms of the last position's output, a
/// probability distribution over positions 0, ..., tokens - 1 that takes the memory of some hundred numbers.
class predicted_profile {
  public:
    explicit predicted_profile(detail::mean_field_solution solution)
        : norms_(std::move(solution.norms)),
          alphas_(std::move(solution.alphas)),
          seen_(std::move(solution.seen)),
          error_(solution.error) {
        const detail::position_cells& cells = norms_.cells();
        before_.assign(1, 0);
        for (Eigen::Index c = 0; c < cells.size(); ++c)
            before_.push_back(before_.back() + norms_.sum(c, of_norm));
        total_ = before_.back();
        if (!(total_ > 0 && std::isfinite(total_)))
            detail::throw_domain_error("predict", "sum of norms", total_, "must be positive and finite");
    }

    /// Positions, the last one's own included.
    [[nodiscard]] std::int64_t tokens() const { return std::int64_t(norms_.cells().tokens()); }

    /// The share of one position: \f$\|\partial h_n / \partial x_m\|_F\f$, over the sum of all.
    /// \throws std::domain_error when the position is not one of the context's.
    [[nodiscard]] double share(std::int64_t position) const {
        check("share", position);
        return norms_.value(double(position)) / total_;
    }

    /// The share of all positions up to this one, it included.
    /// \throws std::domain_error when the position is not one of the context's.
    [[nodiscard]] double cdf(std::int64_t position) const {
        check("cdf", position);
        if (position == tokens() - 1) return 1;
        return up_to(double(position)) / total_;
    }

    /// The first position whose cdf() reaches p.
    /// \throws std::domain_error when p is not in [0, 1].
    [[nodiscard]] std::int64_t quantile(double p) const {
        detail::check_unit_interval("predicted_profile::quantile", "p", p);
        const detail::position_cells& cells = norms_.cells();
        const double wanted = p * total_;
        const auto past = std::lower_bound(before_.begin() + 1, before_.end() - 1, wanted);
        const auto cell = Eigen::Index(std::size_t(past - before_.begin())) - 1;
        auto low = std::int64_t(cells.first[cell]);
        auto high = std::int64_t(cells.first[cell] + cells.width[cell]) - 1;
        while (low < high) {
            const std::int64_t middle = low + (high - low) / 2;
            if (up_to(double(middle)) < wanted) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /// By layer, \f$\lambda_l = \|a_l\| / (\|x_l\| + \|a_l\|)\f$ at the last position, x what a layer reads
    /// and a what its attention adds: the coefficients of a mixing_schedule for this decoder and context.
    [[nodiscard]] const Eigen::VectorXd& alphas() const { return alphas_; }

    /// By layer, the number of tokens that a head really sees from the last position,
    /// \f$1 / \mathbb E \sum_j A_j^2\f$: all of them when attention is uniform, fewer the more its scores vary
    /// (softmax_participation.hpp), and where a window, ALiBi or a sink has its part.
    [[nodiscard]] const Eigen::VectorXd& tokens_seen() const { return seen_; }

    /// An estimate of the error of the shares in total variation, that comes of gathering positions in cells: a
    /// third of what halving the cells changed, four times that where windows end within the context, six times with
    /// ALiBi; 0 where every position is by itself.
    [[nodiscard]] double error_estimate() const { return error_; }

    /// The shares of all positions.
    /// \throws std::length_error when they do not fit in memory.
    [[nodiscard]] Eigen::VectorXd expand() const {
        detail::check_fits_in_memory<double>("predicted_profile::expand", tokens(), 1);
        return norms_.expanded() / total_;
    }

    /// The sum of \f$f(m, p_m)\f$ over the positions, for f smooth in both.
    template <class Function>
    [[nodiscard]] double sum(const Function& f) const {
        double sum = 0;
        for (Eigen::Index c = 0; c < norms_.cells().size(); ++c)
            sum += norms_.sum(c, [&](double m, double norm) { return f(m, norm / total_); });
        return sum;
    }

    /// Positions on which the profile is kept: the middles of its cells, every position where they are few.
    [[nodiscard]] std::vector<std::int64_t> nodes() const {
        std::vector<std::int64_t> nodes;
        for (Eigen::Index c = 0; c < norms_.cells().size(); ++c)
            nodes.push_back(std::int64_t(norms_.cells().middle(c)));
        return nodes;
    }

  private:
    static double of_norm(double, double norm) { return norm; }

    void check(const char* function, std::int64_t position) const {
        if (position >= 0 && position < tokens()) return;
        detail::throw_domain_error(std::string("predicted_profile::") + function, "position", position,
                                   "must be one of " + std::to_string(tokens()) + " positions, from 0");
    }
    /// The sum of the norms to a position, it included.
    [[nodiscard]] double up_to(double position) const {
        const Eigen::Index cell = norms_.cells().cell_of(position);
        return before_[std::size_t(cell)] +
               norms_.sum(cell, norms_.cells().first[cell], position + 1, of_norm);
    }

    detail::cell_profile norms_;
    std::vector<double> before_;  // sums of the norms before each cell
    double total_;
    Eigen::VectorXd alphas_, seen_;
    double error_;
};

/// The influence of every position on the last of so many tokens, in a decoder at initialisation: its mean
/// field, as mean_field_profile() describes it, for contexts of any length.
///
/// \code
/// const auto config = cesaro::parse_decoder_config(R"({"model_type": "gpt2", "n_layer": 12})");
/// const auto profile = cesaro::predict(config, 1024);
/// const double of_the_first = profile.share(0);
/// const auto half_lies_before = profile.quantile(0.5);
/// \endcode
///
/// \tparam Real the type in which kernels are computed, double or a wider one; shares are doubles.
/// \param tokens from 1 to \f$2^{53}\f$.
/// \param accuracy wanted of the shares, in total variation: cells are made narrower until error_estimate()
///        is no greater, or until there are some hundreds. At most 256 tokens are taken one by one.
/// \throws as mean_field_profile() does; also std::domain_error when the accuracy is not positive, or tokens
///         are more than \f$2^{53}\f$.
/// Cost: that of mean_field_profile(); grows with the logarithm of the number of tokens.
/// Accuracy of the mean field itself: docs/step0.md.
template <std::floating_point Real = double>
[[nodiscard]] predicted_profile predict(const decoder_config& config, std::int64_t tokens,
                                        double accuracy = detail::mean_field_accuracy,
                                        const mean_field_terms& terms = {}) {
    constexpr std::int64_t most = std::int64_t(1) << 53;  // positions are doubles
    detail::check_mean_field("predict", config, std::min<std::int64_t>(tokens, 1));
    if (tokens > most) detail::throw_domain_error("predict", "tokens", tokens, "must be at most 2^53");
    if (!(accuracy > 0)) detail::throw_domain_error("predict", "accuracy", accuracy, "must be positive");
    return predicted_profile(
        detail::solve_mean_field<Real>("predict", config, double(tokens), terms, accuracy));
}

/// The summary of a predicted profile, as that of its shares, with the least of the shares at nodes() for the valley; see
/// profile.hpp.
/// Cost: that of evaluating the profile some thousand times. Accuracy: that of the profile.
[[nodiscard]] inline profile_summary<double> summarize(const predicted_profile& profile) {
    const std::int64_t tokens = profile.tokens();
    const profile_tenths split = tenths(tokens);
    const auto up_to = [&](std::int64_t end) { return end > 0 ? profile.cdf(end - 1) : 0; };
    profile_summary<double> s;
    s.primacy = up_to(split.primacy_end);
    s.recency = 1 - up_to(split.recency_begin);
    s.middle = std::max(0.0, 1 - s.primacy - s.recency);
    s.first_token = profile.share(0);
    s.last_token = profile.share(tokens - 1);
    const std::vector<std::int64_t> nodes = profile.nodes();
    s.valley_position = *std::min_element(nodes.begin(), nodes.end(), [&](std::int64_t a, std::int64_t b) {
        return profile.share(a) < profile.share(b);
    });
    s.valley = profile.share(s.valley_position);
    s.valley_depth = detail::decades(std::min(s.first_token, s.last_token), s.valley);
    s.mean_position = profile.sum([](double m, double p) { return m * p; });
    s.entropy = profile.sum([](double, double p) { return p > 0 ? -p * std::log(p) : 0; });
    return s;
}

}  // namespace cesaro
