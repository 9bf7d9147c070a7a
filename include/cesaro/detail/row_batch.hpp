// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/chebyshev_piece.hpp>
#include <cesaro/detail/complete_homogeneous.hpp>
#include <cesaro/detail/interruption.hpp>
#include <cesaro/detail/piecewise_row.hpp>
#include <cesaro/detail/position_walk.hpp>
#include <cesaro/detail/row_evaluator.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace cesaro::detail {

/// The rows of several networks over the same tokens, their deltas left out. What a position makes of k hops is the
/// same for all of them: where a row is known by values, and at the nodes of its pieces, the batch is a product of
/// matrices, w_k of each network times h_{k-1} of each position. Pieces are as narrow as the steepest row needs.
///
/// As piecewise_row, of which this is the walk; every row is accurate like one. Working is double; a parameter, so that
/// the header alone compiles no product of matrices.
template <class Real, class Working = double>
class row_batch {
  public:
    /// \param hops of each row. \param out row after row, of `tokens` positions each.
    row_batch(const std::vector<row_hops>& hops, std::int64_t tokens, Real* out)
        : hops_(hops),
          tokens_(tokens),
          walk_({1}, tokens),
          out_(out, Eigen::Index(hops.size()), Eigen::Index(tokens)) {
        const auto longest = std::max_element(hops.begin(), hops.end(), [](const auto& a, const auto& b) {
            return a.weights.size() < b.weights.size();
        });
        degrees_ = longest->weights.size();
        weights_.setZero(Eigen::Index(hops.size()), Eigen::Index(degrees_));
        for (std::size_t i = 0; i < hops.size(); ++i)
            for (std::size_t k = 0; k < hops[i].weights.size(); ++k)
                weights_(Eigen::Index(i), Eigen::Index(k)) = hops[i].weights[k];
        std::vector<double> h(degrees_, 0.);
        h[0] = 1;
        walk_ = position_walk<double>(std::move(h), tokens_);

        std::int64_t step = 32;
        while (walk_.position() > 0) {
            put_values(std::min(walk_.position(), step));
            if (walk_.position() == 0 || steepest_and_width(walk_.position(), walk_.h()).second > 0) break;
            step = std::max<std::int64_t>(32, (tokens_ - walk_.position()) / 8);
        }
        put_pieces(longest->weights);
        put_values(walk_.position());
    }

  private:
    template <class Number>
    using row_major_of = Eigen::Matrix<Number, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

    /// As many positions as keep a product in the cache.
    static constexpr std::int64_t together = 64;

    /// The largest rho at a position, and the width of the piece below it.
    std::pair<double, std::int64_t> steepest_and_width(std::int64_t position,
                                                       const std::vector<double>& h) const {
        double steepest = 0;
        for (const row_hops& row : hops_)
            steepest = std::max(steepest, row.rho(h));
        return {steepest, width_below(position, steepest, degrees_, unit_places())};
    }

    /// The next positions of the walk, by value. Of r that hardly differ the roundings do not either, and add up: it begins
    /// anew every 512 positions.
    void put_values(std::int64_t count) {
        while (count > 0) {
            interruption_point();
            if (walked_ >= 512) {
                std::vector<double> h(degrees_);
                complete_homogeneous(walk_.position() + 1, tokens_, h);
                walk_ = position_walk<double>(std::move(h), walk_.position());
                walked_ = 0;
            }
            const std::int64_t size = std::min(count, together);
            h_.setZero(Eigen::Index(degrees_), Eigen::Index(size));
            h_.row(0).setConstant(walk_.h()[0]);
            std::int64_t left = size;
            const auto step = [&]<std::size_t Steps>(const std::array<double, Steps>&) {
                walk_.step<Steps>(1, [&](std::size_t k, const std::array<double, Steps>& h) {
                    for (std::size_t j = 0; j < Steps; ++j)
                        h_(Eigen::Index(k), Eigen::Index(left - 1 - std::int64_t(j))) = h[j];
                });
            };
            for (; left >= 8; left -= 8)
                step(std::array<double, 8>());
            for (; left > 0; --left)
                step(std::array<double, 1>());
            values_.noalias() = weights_ * h_;
            out_.middleCols(Eigen::Index(walk_.position()), Eigen::Index(size)) =
                values_.template cast<Real>();
            count -= size;
            walked_ += size;
        }
    }

    /// Pieces from where the walk is to where it goes on.
    /// \param any weights of as many hops as there are.
    void put_pieces(const std::vector<double>& any) {
        row_evaluator<> evaluate(any, tokens_);
        std::vector<double> h = walk_.h();
        std::int64_t position = walk_.position();
        Eigen::VectorX<Working> upper = values_.col(0);
        while (position > 0) {
            const auto [steepest, w] = steepest_and_width(position, h);
            if (w == 0) break;
            interruption_point();
            evaluate(position, piece_points::get().below() * double(w), steepest);
            values_.noalias() = weights_ * evaluate.h().matrix().transpose();
            position -= w;
            for (Eigen::Index i = 0; i < values_.rows(); ++i) {
                piece_coefficients values;
                values[0] = upper[i];
                values.tail<piece_degree>() = values_.row(i).transpose();
                chebyshev_piece::through(values, position, w).fill(0, w, &out_(i, Eigen::Index(position)));
            }
            upper = values_.col(piece_degree - 1);
            h = evaluate.last_h();
        }
        if (position == walk_.position()) return;
        walk_ = position_walk<double>(std::move(h), position);
        walked_ = 512;
    }

    const std::vector<row_hops>& hops_;
    std::int64_t tokens_;
    position_walk<double> walk_;
    std::int64_t walked_ = 0;  // since it began anew
    Eigen::Map<row_major_of<Real>> out_;
    std::size_t degrees_ = 1;
    Eigen::MatrixX<Working> weights_;  // rows x hops
    Eigen::MatrixX<Working> h_;        // hops x positions
    row_major_of<Working> values_;     // rows x positions
};

/// The rows of the hops, without their deltas, row after row.
template <class Real>
void write_rows(const std::vector<row_hops>& hops, std::int64_t tokens, Real* out) {
    row_batch<Real>(hops, tokens, out);
}

}  // namespace cesaro::detail
