// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Every template that takes a real_scalar is compiled here with types that can do what the concept says and
// nothing else: the exact archetype stands for what needs + - * / only, the other for what needs <cmath>.
#include "archetype.hpp"
#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/apply_power.hpp>
#include <cesaro/attention/collapse_rate.hpp>
#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/full_operator.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/matrix_operator.hpp>
#include <cesaro/attention/prefix_operator.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/attention/sink_operator.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/cesaro_operator.hpp>
#include <cesaro/collapse.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/hop_law.hpp>
#include <cesaro/influence_blocks.hpp>
#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/jacobian_profile.hpp>
#include <cesaro/landmarks.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/position_gains.hpp>
#include <cesaro/power_sum.hpp>
#include <cesaro/profile.hpp>
#include <cesaro/profile_distance.hpp>

#include <complex>
#include <cstdint>
#include <type_traits>
#include <vector>

using namespace cesaro;
using cesaro_test::archetype;
using cesaro_test::float50;
using cesaro_test::rational;

static_assert(real_scalar<float> && real_scalar<double> && real_scalar<long double>);
static_assert(real_scalar<float50> && real_scalar<rational>);
static_assert(real_scalar<archetype<rational>> && real_scalar<archetype<double>>);
static_assert(!real_scalar<int> && !real_scalar<std::complex<double>> && !real_scalar<const double*>);
static_assert(!real_scalar<const double> && !real_scalar<double&>);
static_assert(!real_scalar<boost::multiprecision::cpp_int>);

namespace {

/// The values in order: what an archetype computed must be what the number it stands for computes.
template <class Real>
class record {
  public:
    void operator()(const Real& value) { values_.push_back(value); }
    template <class Derived>
    void operator()(const Eigen::DenseBase<Derived>& block) {
        for (Eigen::Index j = 0; j < block.cols(); ++j)
            for (Eigen::Index i = 0; i < block.rows(); ++i)
                values_.push_back(block.derived().coeff(i, j));
    }
    const std::vector<Real>& values() const { return values_; }

  private:
    std::vector<Real> values_;
};

template <class Held>
const Held& held(const archetype<Held>& value) {
    return value.held();
}
template <class Real>
const Real& held(const Real& value) {
    return value;
}

/// Everything that + - * / are enough for.
template <class Real>
std::vector<Real> rational_functions() {
    const auto ratio = [](int a, int b) { return Real(Real(a) / Real(b)); };
    record<Real> seen;

    Eigen::VectorX<Real> alphas(3);
    alphas << ratio(1, 3), ratio(1, 2), ratio(2, 5);
    const mixing_schedule<Real> schedule(alphas);
    seen(schedule.recency_delta());
    seen(schedule.hop_distribution());
    seen(mixing_schedule<Real>::constant(2, ratio(1, 7)).alphas());
    seen(mixing_schedule<Real>::attention_only(2).alphas());
    const hop_law<Real> hops(schedule);
    seen((hops * hops).weights());
    seen(hops.mean());
    CHECK(hops * hops == hop_law<Real>(schedule) * hops);
    seen(power_sum<Real>(2, 9, 3));

    const Eigen::Index size = 6;
    Eigen::VectorX<Real> x(size);
    for (Eigen::Index n = 0; n < size; ++n)
        x[n] = ratio(int(n * n) - 3, 2);
    const cesaro_operator<Real> causal(size);
    const prefix_operator<Real> prefix(size, 2);
    const sliding_window_operator<Real> window(size, 3);
    const sink_operator<Real> sink(window, ratio(1, 4));
    const head_mixture<Real> heads({prefix, full_operator<Real>(size), sink},
                                   {Real(1), Real(2), ratio(1, 3)});
    const matrix_operator<Real> dense(prefix.matrix());
    for (const any_operator<Real>& op :
         std::vector<any_operator<Real>>{causal, prefix, window, sink, heads, dense}) {
        seen(op.apply(x));
        seen(op.apply_transpose(x));
        seen(op.apply(op.matrix()));
        seen(op.diagonal());
    }
    seen(collapse_rate(causal));
    seen(collapse_rate(sink));
    const std::vector<any_operator<Real>> layers{causal, heads};
    const std::vector<Real> lambdas{ratio(1, 2), ratio(2, 3)};
    seen(rollout_row(layers, lambdas));
    seen(rollout_rows(layers, lambdas, {1, 4}));
    seen(rollout_matrix(layers, lambdas));

    seen(apply_power(schedule, x));
    seen(apply_power_transpose(schedule, x));
    const Eigen::VectorX<Real> row = influence_row(size, schedule);
    seen(row);
    seen(influence_matrix(size, schedule));
    Eigen::VectorX<Eigen::Index> queries(2);
    queries << 2, 5;
    seen(influence_rows(queries, schedule));
    for_each_influence_block(9, schedule, 4, [&](std::int64_t, const auto& block) { seen(block); });
    seen(total_variation(row, Eigen::VectorX<Real>(row.reverse())));
    seen(wasserstein(row, Eigen::VectorX<Real>(row.reverse())));

    const discrete_influence<Real> d(9, schedule);
    seen(pdf(d, 4));
    seen(cdf(d, 4));
    seen(cdf(complement(d, 4)));
    seen(Real(quantile(d, ratio(1, 3))));
    seen(Real(quantile(complement(d, ratio(1, 3)))));
    seen(Real(median(d)));
    seen(mean(d));
    seen(variance(d));
    seen(kurtosis(d));
    seen(kurtosis_excess(d));
    return seen.values();
}

/// What calls functions of <cmath>, too.
template <class Real>
std::vector<Real> other_functions() {
    record<Real> seen;
    const auto schedule = mixing_schedule<Real>::power_decay(4, Real(1) / 2, Real(1) / 3);
    const discrete_influence<Real> d(19, schedule);
    seen(logpdf(d, 4));
    seen(standard_deviation(d));
    seen(skewness(d));
    const Eigen::VectorX<Real> row = influence_row(12, schedule);
    seen(row);
    seen(spearman(row, Eigen::VectorX<Real>(row.reverse())));
    const auto summary = summarize(row);
    seen(summary.entropy);
    seen(summary.mean_position);
    seen(recency_delta(schedule));
    seen(primacy_tail(schedule, Real(1) / 2));
    seen(dead_zone(3, Real(1) / 2));
    seen(valley(schedule, Real(1) / 2));
    seen(first_token_influence(10, schedule));
    seen(collapse_bound(10, schedule));
    seen(power_sum<Real>(2, 9, 3));
    const Eigen::VectorX<Real> gains = Eigen::VectorX<Real>::Constant(3, Real(1) / 3);
    seen(jacobian_profile(5, gains));
    seen(jacobian_profile(position_gains<Real>{gains.transpose().replicate(5, 1), {}}));
    const decay_operator<Real> decay(6, {Real(1) / 3, Real(0), Real(1), 4});
    seen(decay.apply(decay.matrix()));
    seen(decay.diagonal());
    return seen.values();
}

template <class Real, class Held>
void check_same(const std::vector<archetype<Held>>& actual, const std::vector<Real>& expected) {
    REQUIRE(actual.size() == expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
        CAPTURE(i);
        // A double has numbers of twice its precision to go through, what merely behaves like one has not;
        // the skewness, from cancelling moments, shows it most.
        const double most = std::numeric_limits<Real>::is_exact ? 0 : 16;
        CHECK(cesaro_test::error_in_epsilons(held(actual[i]), held(expected[i])) <= most);
    }
}

}  // namespace

TEST_CASE("what is said to need + - * / needs no more") {
    check_same(rational_functions<archetype<rational>>(), rational_functions<rational>());
}

TEST_CASE("what needs functions finds them by argument-dependent lookup") {
    check_same(rational_functions<archetype<double>>(), rational_functions<double>());
    check_same(other_functions<archetype<double>>(), other_functions<double>());
}
