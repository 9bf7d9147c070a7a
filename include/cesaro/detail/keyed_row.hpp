// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/complete_homogeneous.hpp>
#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/key_places.hpp>
#include <cesaro/detail/number_kinds.hpp>
#include <cesaro/detail/scaled.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

/// Rows of influence, and matrices of them, under keys that are known in closed form.
namespace cesaro::detail {

/// A row from position to position, from a start in closed form every few thousand of them: with
/// c_k = h_k(r_{m+1} .. r_n) times the weight of the last position of the block over G_n,
///
///     c_k <- c_k + r_m c_{k-1},   entry m = g_m / g_last sum_k w_k c_{k-1}.
///
/// `Number` is a scalar; hop laws give their weights as any number.
template <class Number, class Places, class Hops>
class keyed_row {
    using Range = std::conditional_t<std::numeric_limits<Number>::is_exact, Number, scaled<wide<Number>>>;

  public:
    /// \param tokens the length of the row, >= 1.
    keyed_row(const Places& places, const Hops& hops, std::int64_t tokens)
        : places_(places), w_(hops.template weights_as<Number>()), tokens_(tokens) {
        if constexpr (std::numeric_limits<Number>::is_exact)
            block_ = tokens;
        else if constexpr (Places::decays)
            block_ = places.template reach<Number>(block_);
    }

    /// The entries of positions first .. first + count - 1. The result does not depend on how a row is cut.
    template <class Real>
    void fill(std::int64_t first, std::int64_t count, Real* out) const {
        std::vector<Number> block(static_cast<std::size_t>(std::min(block_, tokens_)));
        const std::int64_t end = first + count;
        // Blocks are counted from the query.
        for (std::int64_t i = (tokens_ - end) / block_;; ++i) {
            const std::int64_t last = tokens_ - i * block_;
            const std::int64_t begin = std::max<std::int64_t>(0, last - block_);
            fill_block(begin, last, block.data());
            for (std::int64_t m = std::max(first, begin); m < std::min(end, last); ++m)
                out[m - first] = static_cast<Real>(block[std::size_t(m - begin)]);
            if (begin <= first) return;
        }
    }

  private:
    void fill_block(std::int64_t begin, std::int64_t end, Number* out) const {
        const Number zero = from_integer<Number>(0);
        const auto size = std::size_t(w_.size()) - 1;
        std::fill(out, out + (end - begin), zero);
        if (size > 0 && !underflows(tokens_ - end)) {
            std::vector<Range> start(size);
            complete_homogeneous<Range>(places_, end + 1, tokens_, start);
            std::vector<Number> c;
            for (const Range& h : start)
                c.push_back(static_cast<Number>(places_.of_weight(h, end - 1, tokens_ - 1)));
            for (std::int64_t m = end; m-- > begin;) {
                const Number seen = places_.template seen<Number>(m + 1);
                Number above = c[0];
                Number sum = w_[1] * above;
                for (std::size_t k = 1; k < size; ++k) {
                    above = c[k] + above / seen;
                    c[k] = above;
                    sum += w_[Eigen::Index(k) + 1] * above;
                }
                out[m - begin] = sum * places_.template decay<Number>(end - 1 - m);
            }
        }
        if (end == tokens_) out[end - 1 - begin] += w_[0];
    }

    bool underflows(std::int64_t distance) const {
        if constexpr (Places::decays)
            return places_.template underflows<Number>(distance, w_.size());
        else
            return false;
    }

    Places places_;
    Eigen::VectorX<Number> w_;
    std::int64_t tokens_;
    std::int64_t block_ = 4096;
};

/// The network operator, row by row from the last one up: with s(t) = seen(t) and the decay g_0 / g_m,
///
///     s(n+1) p(m|n) = s(m+1) p(m+1|n+1) + (g_0 / g_m) s'(n+1-m) p(m|n+1),
///
/// s' being s without the sink. Of decaying keys: A has the eigenvectors prod_{i<p} (q^{i-n} - 1), q = e^{-s},
/// with the eigenvalues of the rows, and both sides agree on every one of them. An exact row every 1024.
template <class Real, class Places, class Hops, class Out>
void fill_keyed_matrix(const Places& places, const Hops& hops, Out& out) {
    using Number = working_number<Real>;
    const Eigen::Index tokens = out.rows();
    std::vector<Number> seen;     // s(t), t = 0 .. tokens
    std::vector<Number> counted;  // s'(t)
    std::vector<Number> decay;
    for (Eigen::Index t = 0; t <= tokens; ++t) {
        seen.push_back(places.template seen<Number>(t));
        counted.push_back(places.template counted<Number>(t));
        decay.push_back(places.template decay<Number>(t));
    }
    constexpr Eigen::Index panel = 1024;
    std::vector<Number> row(static_cast<std::size_t>(tokens));
    for (Eigen::Index n = tokens; n-- > 0;) {
        if ((tokens - 1 - n) % panel == 0) {
            keyed_row<Number, Places, Hops>(places, hops, n + 1).fill(0, n + 1, row.data());
        } else {
            for (std::size_t m = 0; m <= std::size_t(n); ++m) {
                const Number moved = seen[m + 1] * row[m + 1];
                const Number stayed = decay[m] * counted[std::size_t(n) + 1 - m] * row[m];
                row[m] = (moved + stayed) / seen[std::size_t(n) + 1];
            }
        }
        for (Eigen::Index m = 0; m <= n; ++m)
            out.coeffRef(n, m) = static_cast<Real>(row[std::size_t(m)]);
    }
}

}  // namespace cesaro::detail
