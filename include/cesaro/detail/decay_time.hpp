// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/key_places.hpp>
#include <cesaro/detail/scaled.hpp>
#include <cesaro/detail/unit_interval_law.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstdint>
#include <limits>

namespace cesaro::detail {

/// The time that a clock of slope lambda > 0 shows at the position x = 1 - delta,
///
///     u = ln((e^lambda - 1) / (e^{lambda x} - 1)),   e^{-u} = G(x) / G(1),
///
/// and the rate at which G rises there, lambda e^{-lambda delta} / (1 - e^{-lambda}). A slope so small that nothing
/// decays by a digit counts as 0, of which u is ln(1/x).
template <class Real>
class decay_time {
  public:
    using Number = working_number<Real>;
    using Wide = wide<Real>;

    decay_time(const Wide& slope, const unit_position<Real>& position)
        : slope_(slope), distance_(Number(0)), u_(position.precise_u()) {
        using std::expm1;
        using std::log;
        using std::log1p;
        const Wide epsilon = std::numeric_limits<Wide>::epsilon();
        if (slope < epsilon * epsilon) {
            slope_ = Wide(Number(0));
            return;
        }
        const Wide one(Number(1));
        const Wide x(Number(position.x()));
        const Wide delta =
            position.u() < Number(1) ? Wide(-expm1(Wide(-position.precise_u()))) : Wide(one - x);
        distance_ = slope * delta;
        const Wide all = -expm1(Wide(-slope));                   // 1 - e^{-lambda}
        const Wide gone = Wide(-expm1(Wide(-distance_))) / all;  // 1 - G(x) / G(1)
        if (gone + gone < one) {
            u_ = log1p(Wide(gone / Wide(one - gone)));
        } else {
            const Wide time = slope * x;
            if (time < epsilon)
                u_ += distance_ + log(Wide(all / slope));  // that over x is out of range
            else
                u_ = distance_ + log(Wide(all / Wide(-expm1(Wide(-time)))));
        }
    }

    Number u() const { return static_cast<Number>(u_); }
    const Wide& precise_u() const { return u_; }
    /// lambda delta.
    const Wide& distance() const { return distance_; }

    /// Whether e^{-u} leaves enough of the range of Number.
    bool in_range() const {
        using std::log;
        return Number(10) * u() < Number(-9) * Number(log((std::numeric_limits<Number>::min)()));
    }
    /// e^{-u}.
    Number share() const { return falling_exponential<Number>(u_); }
    /// e^{-lambda delta}.
    scaled<Wide> decay() const { return falling_exponential<scaled<Wide>>(distance_); }
    /// lambda / (1 - e^{-lambda}), the rate at x = 1, and that at x.
    Number most_rate() const {
        using std::expm1;
        return slope_ > Wide(Number(0)) ? static_cast<Number>(Wide(slope_ / Wide(-expm1(Wide(-slope_)))))
                                        : Number(1);
    }
    Number rate() const { return falling_exponential<Number>(distance_) * most_rate(); }

    /// sum_i c_i u^i / i! e^{-u}, where e^{-u} is out of range.
    Number scaled_series(const Eigen::VectorX<Number>& c) const {
        using Scaled = scaled<Wide>;
        Scaled sum(0);
        Scaled term = falling_exponential<Scaled>(u_);
        for (Eigen::Index i = 0; i < c.size(); ++i) {
            sum += Scaled(Wide(c[i])) * term;
            term *= Scaled(u_) / Scaled(std::int64_t(i) + 1);
        }
        return static_cast<Number>(sum);
    }

  private:
    Wide slope_, distance_, u_;
};

}  // namespace cesaro::detail
