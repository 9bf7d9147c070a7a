// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Hop laws, distributions and landmarks,
// compiled with every warning that a user's project may have turned on: nothing is run.
#include <cesaro/cesaro.hpp>

#include <cstdint>
#include <vector>

namespace {

using namespace cesaro;

template <class Real>
void use_schedules() {
    const auto schedule = mixing_schedule<Real>::power_decay(4, Real(1) / 2, Real(1));
    (void)mixing_schedule<Real>::constant(4, schedule.recency_delta());
    (void)mixing_schedule<Real>::attention_only(2).hop_distribution();
    const hop_law<Real> hops(schedule);
    (void)(hops * hops == hops);
    (void)hops.mean();
    (void)power_sum<Real>(1, std::int64_t(1) << 40, 2);
}

template <class Law, class Point, class Real>
void use_law(const Law& law, const Point& x, const Real& p) {
    (void)pdf(law, x);
    (void)logpdf(law, x);
    (void)cdf(law, x);
    (void)cdf(complement(law, x));
    (void)quantile(law, p);
    (void)quantile(complement(law, p));
    (void)mean(law);
    (void)variance(law);
    (void)standard_deviation(law);
    (void)skewness(law);
    (void)kurtosis(law);
    (void)kurtosis_excess(law);
    (void)median(law);
    (void)range(law);
    (void)support(law);
}

template <class Real>
void use_laws(const mixing_schedule<Real>& schedule) {
    const Real half = Real(1) / 2;
    use_law(discrete_influence<Real>(std::int64_t(1) << 40, schedule), std::int64_t(7), half);
    use_law(discrete_influence<Real>(99, schedule, uniform_keys<Real>{half}), 7, half);
    const discrete_influence<Real> far(std::int64_t(1) << 40, schedule, decaying_keys<Real>{half});
    use_law(far, 7, half);
    (void)sink_influence(far);
    (void)pdf(far, std::vector<int>{7}), (void)pdf(last_row(100, schedule), Eigen::VectorXi(9));
    const window_influence<Real> window(64, schedule);
    (void)pdf(window, 7), (void)logpdf(window, 7), (void)cdf(window, 7), (void)cdf(complement(window, 7));
    (void)quantile(window, half), (void)quantile(complement(window, half)), (void)median(window);
    (void)mean(window), (void)variance(window), (void)standard_deviation(window), (void)support(window);
    use_law(continuum_influence<Real>(schedule), half, half);
    use_law(continuum_influence<Real>(schedule, decay_clock<Real>{half}), half, half);
    use_law(depth_limit_influence<Real>(half), half, half);
    (void)pdf_sensitivity(std::int64_t(9), schedule, 3);
    (void)logpdf_sensitivity(std::int64_t(9), schedule, 3);
    (void)primacy_tail(schedule, half);
    (void)recency_delta(schedule);
    (void)dead_zone(4, half);
    (void)valley(schedule, half);
    (void)valley_asymptotic(4, half, half);
    (void)first_token_influence(9, schedule);
    (void)collapse_bound(9, schedule);
    (void)collapse_depth(9, half, half);
    (void)stochastic_depth(schedule, schedule.alphas());
    (void)global_layers(schedule, std::vector<bool>(4, true));
    (void)value_residual(schedule, half, half);
    (void)mean_hops(mean_over_depth<Real>(4));
    (void)bent_share(flattest_schedule(4, half));
    const retrieval_parameters<Real> modes;
    (void)retrieval_profile(modes, half, half), (void)log_retrieval_profile(modes, half, half);
    (void)retrieval_critical_time(modes);
    (void)over_squashing_bound(9, 3, 4, half);
    (void)receptive_field_correction(influence_row(9, schedule), schedule);
    (void)distance_decay_maximum(4, half);
}

template <class Real>
void use_both() {
    use_schedules<Real>();
    use_laws(mixing_schedule<Real>::constant(4, Real(1) / 2));
}

}  // namespace

void use_every_law();

void use_every_law() {
    use_both<float>();
    use_both<double>();
    use_both<long double>();
}
