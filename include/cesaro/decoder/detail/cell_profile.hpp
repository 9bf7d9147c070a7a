// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/detail/position_cells.hpp>

#include <Eigen/Core>
#include <boost/math/interpolators/makima.hpp>
#include <boost/math/quadrature/gauss.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace cesaro::detail {

/// A non-negative function of the position, known at the middles of cells: between them interpolated, in the
/// logarithm where all values are positive. Of cells of one position each, the values themselves.
class cell_profile {
  public:
    cell_profile(position_cells cells, Eigen::VectorXd values)
        : cells_(std::move(cells)), values_(std::move(values)), positive_(values_.minCoeff() > 0) {
        if (cells_.are_single()) return;
        std::vector<double> x, y;
        for (Eigen::Index c = 0; c < cells_.size(); ++c) {
            x.push_back(cells_.middle(c));
            y.push_back(positive_ ? std::log(values_[c]) : values_[c]);
        }
        curve_ = std::make_shared<const interpolator>(std::move(x), std::move(y));
    }

    [[nodiscard]] const position_cells& cells() const { return cells_; }
    [[nodiscard]] const Eigen::VectorXd& values() const { return values_; }

    /// At a position, or between two.
    [[nodiscard]] double value(double m) const {
        if (curve_ == nullptr) return values_[Eigen::Index(m)];
        const Eigen::Index last = cells_.size() - 1;
        const double y = (*curve_)(std::clamp(m, cells_.middle(0), cells_.middle(last)));
        return positive_ ? std::exp(y) : std::max(y, 0.0);
    }

    /// The sum of f(m, value(m)) over the positions [from, to) of cell c.
    template <class Function>
    [[nodiscard]] double sum(Eigen::Index c, double from, double to, const Function& f) const {
        constexpr double few = 256;
        if (to - from <= few) {
            double sum = 0;
            for (double m = from; m < to; ++m)
                sum += f(m, value(m));
            return sum;
        }
        const auto integral = [&](double a, double b) {
            const auto at = [&](double m) { return f(m, value(m)); };
            return b > a ? boost::math::quadrature::gauss<double, 10>::integrate(at, a, b) : 0;
        };
        const double middle = std::clamp(cells_.middle(c), from - 0.5, to - 0.5);  // a knot
        return integral(from - 0.5, middle) + integral(middle, to - 0.5);
    }
    template <class Function>
    [[nodiscard]] double sum(Eigen::Index c, const Function& f) const {
        return sum(c, cells_.first[c], cells_.first[c] + cells_.width[c], f);
    }

    /// The values at every position.
    [[nodiscard]] Eigen::VectorXd expanded() const {
        if (curve_ == nullptr) return values_;
        return Eigen::VectorXd::NullaryExpr(Eigen::Index(cells_.tokens()),
                                            [this](Eigen::Index m) { return value(double(m)); });
    }

  private:
    using interpolator = boost::math::interpolators::makima<std::vector<double>>;

    position_cells cells_;
    Eigen::VectorXd values_;
    bool positive_;
    std::shared_ptr<const interpolator> curve_;
};

}  // namespace cesaro::detail
