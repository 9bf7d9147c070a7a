// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "../catch.hpp"
#include "decoder_fixtures.hpp"

#include <cesaro/decoder/mean_field.hpp>
#include <cesaro/decoder/untrained_jacobian_norms.hpp>
#include <cesaro/profile_distance.hpp>
#include <cesaro/random_sign_profile.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>

#ifdef _OPENMP
#include <omp.h>
#endif

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace cesaro;
using namespace cesaro_test;

namespace {

Eigen::VectorXd measured(const decoder_config& config, Eigen::Index tokens, Eigen::Index draws) {
    jacobian_probes probes;
    probes.count = 4;
    return untrained_jacobian_norms(config, tokens, draws, probes).profile;
}

double worst_ratio(const Eigen::VectorXd& a, const Eigen::VectorXd& b) {
    return (a.array() / b.array() - 1).abs().maxCoeff();
}

/// The mean of f(z) g(z') over two normal variables of correlation rho, by a double sum of that step.
template <class F>
double double_integral(const F& f, double rho, double step) {
    double sum = 0;
    for (double x = -9; x <= 9; x += step) {
        for (double y = -9; y <= 9; y += step)
            sum += f(x, rho * x + std::sqrt(1 - rho * rho) * y) * std::exp(-(x * x + y * y) / 2);
    }
    return sum * step * step / boost::math::constants::two_pi<double>();
}

/// A kernel of two single positions whose correlation is rho.
detail::pair_kernel<double> pair_of(double rho) {
    return {Eigen::Matrix2d::Constant(rho), Eigen::Vector2d::Ones()};
}

/// A kernel over single positions from its dense matrix, and back.
detail::pair_kernel<double> kernel_of(const Eigen::MatrixXd& x) {
    return {x, x.diagonal()};
}
Eigen::MatrixXd dense(const detail::pair_kernel<double>& k) {
    Eigen::MatrixXd x = k.off();
    x.diagonal() = k.diagonal();
    return x;
}

}  // namespace

TEST_CASE("the Gaussian kernel is the double integral, of one variance and of two") {
    const auto phi = [](double x) { return nn::gelu_tanh(x); };
    const Eigen::Vector2d variances(0.6, 1.7);
    const detail::gaussian_kernel<double> kernel(phi, variances);
    for (const double rho : {0.0, 0.3, 0.9, 0.999}) {
        const auto product = [&](double x, double y) {
            return phi(std::sqrt(variances[0]) * x) * phi(std::sqrt(variances[1]) * y);
        };
        const auto value = kernel(pair_of(rho));
        CHECK(std::abs(value.off()(0, 1) / double_integral(product, rho, 0.0625) - 1) < 1e-9);
        const auto square = [&](double x, double) {
            return phi(std::sqrt(variances[1]) * x) * phi(std::sqrt(variances[1]) * x);
        };
        CHECK(std::abs(value.diagonal()[1] / double_integral(square, 0, 0.0625) - 1) < 1e-11);
    }
}

TEST_CASE("ReLU's kernels are the double integrals") {
    const Eigen::Vector2d variances(0.5, 2);
    for (const double rho : {-0.5, 0.0, 0.4, 0.95}) {
        const auto [value, slope] = detail::relu_kernels<double>(variances, pair_of(rho));
        const auto product = [&](double x, double y) { return std::max(x, 0.0) * std::max(y, 0.0); };
        const auto both = [&](double x, double y) { return x > 0 && y > 0 ? 1.0 : 0.0; };
        CHECK(value.off()(0, 1) == Approx(double_integral(product, rho, 0.01)).epsilon(1e-4));
        CHECK(slope.off()(0, 1) == Approx(double_integral(both, rho, 0.01)).epsilon(0.01));
        CHECK(value.diagonal()[1] == Approx(1));
        CHECK(slope.diagonal()[0] == Approx(0.5));
    }
}

TEST_CASE("two experts of which one is chosen: the arcsine law") {
    experts_config experts;
    experts.count = 2;
    experts.chosen = 1;
    experts.intermediate = 1;
    experts.routing = expert_routing::softmax_of_chosen;
    const detail::routing_kernels<double> one(experts, 0.3);
    for (const double rho : {0.0, 0.5, 0.9, 1.0})
        CHECK(one.weights(rho) ==
              Approx(1 - std::acos(rho) / boost::math::constants::pi<double>()).margin(0.03));
    CHECK(one.slopes(0.5) == Approx(0).margin(1e-12));
    // both: the logistic function of the difference of their scores, whose derivative is g (1 - g) for each
    experts.chosen = 2;
    const detail::routing_kernels<double> two(experts, 0.3);
    const auto logistic = [](double x) { return nn::logistic(std::sqrt(0.6) * x); };
    for (const double rho : {0.0, 0.5, 0.95}) {
        const double weights = double_integral(
            [&](double x, double y) { return logistic(x) * logistic(y) + logistic(-x) * logistic(-y); }, rho,
            0.0625);
        const double slopes = double_integral(
            [&](double x, double y) { return 4 * logistic(x) * logistic(-x) * logistic(y) * logistic(-y); },
            rho, 0.0625);
        CHECK(two.weights(rho) == Approx(weights).epsilon(0.02));
        CHECK(two.slopes(rho) == Approx(slopes).epsilon(0.02));
    }
}

TEST_CASE("attention of single positions acts as the dense matrix, with windows, slopes and sinks") {
    const Eigen::Index tokens = 12;
    Eigen::MatrixXd x(tokens, tokens);
    for (Eigen::Index n = 0; n < tokens; ++n)
        for (Eigen::Index m = 0; m < tokens; ++m)
            x(n, m) = 1 / double(1 + n + m) + (n == m ? 2 : 0);
    for (const detail::attention_pattern& p : {detail::attention_pattern{},
                                               {.window = 5},
                                               {.slope = 0.3},
                                               {.sink = 1.5},
                                               {.window = 4, .slope = 0.7, .sink = 0.2}}) {
        Eigen::MatrixXd a = Eigen::MatrixXd::Zero(tokens, tokens);
        for (Eigen::Index n = 0; n < tokens; ++n) {
            for (Eigen::Index j = 0; j <= n; ++j)
                a(n, j) = p.window > 0 && double(n - j) >= p.window ? 0 : std::exp(-p.slope * double(n - j));
            a.row(n) /= a.row(n).sum() + p.sink;
        }
        const detail::cell_attention<double> attention(detail::position_cells::single(tokens), p);
        const auto error = [&](const detail::pair_kernel<double>& k, const Eigen::MatrixXd& expected) {
            return (dense(k) - expected).cwiseAbs().maxCoeff();
        };
        CHECK(error(attention.mean(kernel_of(x)), a * x) < 1e-14);
        CHECK(error(attention.mean_of_pairs(kernel_of(x)), a * x * a.transpose()) < 1e-14);
        CHECK(error(attention.pull_back_pairs(kernel_of(x)), a.transpose() * x * a) < 1e-13);
        const Eigen::VectorXd y = Eigen::VectorXd::LinSpaced(tokens, 1, 3);
        CHECK(error(attention.overlap(y), a * y.asDiagonal() * a.transpose()) < 1e-14);
        CHECK((attention.participation() - a.cwiseAbs2().rowwise().sum()).cwiseAbs().maxCoeff() < 1e-14);
        CHECK((attention.pulled_diagonal(kernel_of(x)) - (a.transpose() * x * a).diagonal()).norm() < 1e-13);
        CHECK((attention.row_means(kernel_of(x)) - a.cwiseProduct(x).rowwise().sum()).norm() < 1e-14);
        CHECK((attention.row_sums() - a.rowwise().sum()).cwiseAbs().maxCoeff() < 1e-14);
        const Eigen::MatrixXd tilted = a.cwiseProduct(x);
        const auto reweighted = attention.reweighted(kernel_of(x));
        CHECK(error(reweighted.mean_of_pairs(kernel_of(x)), tilted * x * tilted.transpose()) < 1e-13);
    }
}

TEST_CASE("sums over the positions of one cell are those of a kernel that is constant on its sides") {
    detail::position_cells cells{Eigen::VectorXd(3), Eigen::VectorXd(3)};
    cells.first << 0, 4, 7;
    cells.width << 4, 3, 5;
    const Eigen::Index tokens = 12;
    const auto cell = [&](Eigen::Index n) { return cells.cell_of(double(n)); };
    detail::pair_kernel<double> x(3);
    for (Eigen::Index i = 0; i < x.all.size(); ++i)
        x.all.data()[i] = 1 + std::sin(double(i));
    Eigen::MatrixXd a = Eigen::MatrixXd::Zero(tokens, tokens);
    Eigen::MatrixXd full = a;
    const auto column = [&](Eigen::Index n, Eigen::Index m) {  // of a pair_kernel's entries
        return n == m ? 3 : cell(n) == cell(m) && n < m ? 4 : cell(m);
    };
    for (Eigen::Index n = 0; n < tokens; ++n)
        for (Eigen::Index m = 0; m < tokens; ++m) {
            if (m <= n) a(n, m) = 1 / (cells.middle(cell(n)) + 1);
            full(n, m) = x.all(cell(n), column(n, m));
        }
    const auto check = [&](const detail::pair_kernel<double>& y, const Eigen::MatrixXd& expected) {
        Eigen::ArrayXXd sum = Eigen::ArrayXXd::Zero(3, 5);
        Eigen::ArrayXXd count = sum;
        for (Eigen::Index n = 0; n < tokens; ++n)
            for (Eigen::Index m = 0; m < tokens; ++m) {
                sum(cell(n), column(n, m)) += expected(n, m);
                count(cell(n), column(n, m)) += 1;
            }
        CHECK((y.all - sum / count).abs().maxCoeff() < 1e-14);
    };
    const detail::cell_attention<double> attention(cells, {});
    check(attention.mean(x), a * full);
    check(attention.pull_back(x), a.transpose() * full);
    const Eigen::Vector3d values(0.5, 2, 3);
    Eigen::VectorXd spread(tokens);
    for (Eigen::Index n = 0; n < tokens; ++n)
        spread[n] = values[cell(n)];
    check(attention.overlap(values), a * spread.asDiagonal() * a.transpose());
}

TEST_CASE("cells of several positions: counts are exact, kernels of second order in their width") {
    const Eigen::Index tokens = 4096;
    for (const detail::attention_pattern& p :
         {detail::attention_pattern{}, {.window = 700}, {.slope = 0.004}, {.window = 600, .slope = 0.002}}) {
        const auto covariance_at_end = [&](Eigen::Index width) {  // of means of independent tokens
            detail::position_cells cells{Eigen::VectorXd(tokens / width), Eigen::VectorXd(tokens / width)};
            for (Eigen::Index c = 0; c < cells.size(); ++c) {
                cells.first[c] = double(c * width);
                cells.width[c] = double(width);
            }
            const detail::cell_attention<double> a(cells, p);
            CHECK((a.row_sums().array() - 1).abs().maxCoeff() < 0.5);
            return a.mean_of_pairs(a.overlap(Eigen::VectorXd::Ones(cells.size())))
                .off()(3904 / width, 4000 / width);
        };
        const double fine = covariance_at_end(8), middle = covariance_at_end(16),
                     coarse = covariance_at_end(32);
        CAPTURE(p.window, p.slope, fine, middle, coarse);
        const double error = std::abs(coarse / middle - 1);
        CHECK(error < 0.03);
        CHECK(std::abs(middle / fine - 1) < error / 2);
    }
}

TEST_CASE("scores of any size: the kernels are those of softmax over correlated Gaussian scores") {
    const Eigen::Index tokens = 24;
    Eigen::MatrixXd c(tokens, tokens);  // earlier tokens resemble the others more
    for (Eigen::Index n = 0; n < tokens; ++n) {
        for (Eigen::Index m = 0; m < tokens; ++m) {
            const double both = 0.5 / std::sqrt((1 + 0.1 * double(n)) * (1 + 0.1 * double(m)));
            c(n, m) = n == m ? 1 : both;
        }
    }
    const Eigen::MatrixXd root = c.llt().matrixL();
    const auto back = Eigen::MatrixXd(Eigen::MatrixXd::Constant(tokens, tokens, 0.2) +
                                      Eigen::MatrixXd::Identity(tokens, tokens));
    const Eigen::MatrixXd both = back.cwiseProduct(c);
    for (const double tau : {1.0, 10.0}) {
        std::mt19937_64 engine(1);
        std::normal_distribution<double> normal;
        const int samples = 2000;
        Eigen::MatrixXd output = Eigen::MatrixXd::Zero(tokens, tokens);
        Eigen::MatrixXd values = output;
        Eigen::MatrixXd scores = output;
        for (int i = 0; i < samples; ++i) {
            const Eigen::MatrixXd noise =
                Eigen::MatrixXd::NullaryExpr(tokens, tokens, [&] { return normal(engine); });
            Eigen::MatrixXd a = (std::sqrt(tau) * root * noise * root.transpose()).array().exp();
            a = a.triangularView<Eigen::Lower>().toDenseMatrix();
            for (Eigen::Index n = 0; n < tokens; ++n)
                a.row(n) /= a.row(n).sum();
            const Eigen::MatrixXd rows = a * c;
            const Eigen::MatrixXd pairs = rows * a.transpose();
            output += pairs / samples;
            values += a.transpose() * back * a / samples;
            // gradients of scores are A_nj (u_nj - sum_i A_ni u_ni), u of covariance B_nm C_jj': by keys
            const Eigen::MatrixXd crossed = (a.transpose() * both).cwiseProduct(rows.transpose()) * a;
            scores += tau / samples *
                      ((a.transpose() * both * a).cwiseProduct(c) - crossed - crossed.transpose() +
                       a.transpose() * both.cwiseProduct(pairs) * a);
            // and by queries; keys and values are as correlated
            const Eigen::MatrixXd of_rows = a * rows.cwiseAbs2().transpose();
            scores += tau / samples *
                      back.cwiseProduct(a * c.cwiseAbs2() * a.transpose() - of_rows - of_rows.transpose() +
                                        pairs.cwiseAbs2());
        }
        const detail::participation_table<double> table(tau, double(tokens));
        const std::vector<detail::weighted_head<double>> heads{
            {{detail::position_cells::single(tokens), {}}}};
        struct errors {
            double output, values, scores;
        };
        const auto of = [&](score_terms terms) {
            const detail::attention_kernels<double> k(heads, &table, tau, terms, kernel_of(c), kernel_of(c));
            // of variances and of all pairs
            const auto error = [](const detail::pair_kernel<double>& x, const Eigen::MatrixXd& expected) {
                return (dense(x) - expected).diagonal().norm() / expected.diagonal().norm() +
                       (dense(x) - expected).norm() / expected.norm();
            };
            return errors{error(k.output(), output), error(k.pull_back_values(kernel_of(back)), values),
                          error(k.pull_back_scores(kernel_of(back)), scores)};
        };
        const errors full = of(score_terms::full);
        const errors first = of(score_terms::first_order);
        CAPTURE(tau, full.output, full.values, full.scores, first.output, first.values, first.scores);
        CHECK(full.output < (tau > 1 ? 0.1 : 0.01));
        CHECK(full.values < (tau > 1 ? 0.25 : 0.06));
        CHECK(full.scores < (tau > 1 ? 0.25 : 0.1));
        CHECK(first.output > 2 * full.output);
        CHECK(first.values > 2 * full.values);
        CHECK(first.scores > 2 * full.scores);
    }
}

TEST_CASE("without correlations and scores the prediction is the Jacobian profile of its gains") {
    std::vector<decoder_config> configs;
    for (const char* const family : {"gpt2", "llama"})
        configs.push_back(narrow_config(family));
    for (const Eigen::Index window : {5, 16}) {
        configs.push_back(narrow_config("llama"));
        configs.back().pattern = {layer_config{}, layer_config{.window = window}};
    }
    configs.push_back(narrow_config("llama"));  // branches normalised on their way out, sinks
    configs.back().norm.after = true;
    configs.back().scores.sinks = true;
    configs.push_back(narrow_config("gpt2"));  // parallel, ALiBi
    configs.back().parallel = true;
    configs.back().alibi = alibi_rule::bloom;
    for (const decoder_config& config : configs) {
        const Eigen::Index tokens = 30;
        const mean_field_terms terms{false, score_terms::none};
        const auto gains = mean_field_gains(config, tokens, terms);
        const Eigen::VectorXd profile = jacobian_profile(gains);
        const Eigen::VectorXd predicted = mean_field_profile(config, tokens, terms);
        // common factor: the final normalisation
        const double factor = predicted[tokens - 1] / profile[tokens - 1];
        for (Eigen::Index m = 0; m < tokens; ++m)
            CHECK(std::abs(predicted[m] / (factor * profile[m]) - 1) < 1e-13);
        const auto estimate = random_sign_profile(gains, 4000, 1);
        for (Eigen::Index m = 0; m < tokens; ++m)
            CHECK(std::abs(estimate.profile[m] - profile[m]) < 5 * estimate.standard_error[m] + 1e-12);
    }
    const auto gains = mean_field_gains(configs.front(), 30);
    CHECK(gains.attention(0, 1) < gains.attention(29, 1));  // early positions keep more variance
}

TEST_CASE("a position that no window reaches has no gradient, in either theory") {
    decoder_config config = narrow_config("llama");
    config.pattern = {layer_config{.window = 4}};  // four layers: 12 positions back
    const mean_field_terms terms{false, score_terms::none};
    const auto gains = mean_field_gains(config, 20, terms);
    const Eigen::VectorXd profile = jacobian_profile(gains);
    CHECK(profile.head(7).isZero(0));
    CHECK(mean_field_profile(config, 20, terms).head(7).isZero(0));
    CHECK(profile.tail(13).minCoeff() > 0);
    const auto estimate = random_sign_profile(gains, 2000, 1);
    CHECK(estimate.profile.head(7).isZero(0));
    for (Eigen::Index m = 7; m < 20; ++m)
        CHECK(std::abs(estimate.profile[m] - profile[m]) < 4.5 * estimate.standard_error[m]);
}

namespace {

/// Softmax attention of three tokens whose scores s(n, j), j <= n, are Gaussian of covariance
/// tau C(n, n') C(j, j'): what is of first order in tau, from the definition.
struct three_tokens {
    Eigen::Matrix3d correlation;
    Eigen::Index window;

    bool sees(Eigen::Index n, Eigen::Index j) const { return j <= n && n - j < window; }

    double weight(const Eigen::Matrix3d& scores, Eigen::Index n, Eigen::Index j) const {
        double sum = 0;
        for (Eigen::Index i = 0; i < 3; ++i)
            sum += sees(n, i) ? std::exp(scores(n, i)) : 0;
        return sees(n, j) ? std::exp(scores(n, j)) / sum : 0;
    }

    /// d/dtau of the mean of f(scores) at 0: half the sum of its second derivatives times the covariances.
    template <class Function>
    double first_order(const Function& f) const {
        const double step = 1e-3;
        const auto moved = [&](Eigen::Index a, double x, Eigen::Index b, double y) {
            Eigen::Matrix3d scores = Eigen::Matrix3d::Zero();
            scores(a) += x;
            scores(b) += y;
            return f(scores);
        };
        double sum = 0;
        for (Eigen::Index a = 0; a < 9; ++a) {
            for (Eigen::Index b = 0; b < 9; ++b) {
                const double second = (moved(a, step, b, step) - moved(a, step, b, -step) -
                                       moved(a, -step, b, step) + moved(a, -step, b, -step)) /
                                      (4 * step * step);
                sum += second * correlation(a % 3, b % 3) * correlation(a / 3, b / 3) / 2;
            }
        }
        return sum;
    }

    /// The covariance of two weights.
    double spread(Eigen::Index n, Eigen::Index j, Eigen::Index n2, Eigen::Index j2) const {
        const Eigen::Matrix3d equal = Eigen::Matrix3d::Zero();
        return first_order([&](const Eigen::Matrix3d& s) {
            return (weight(s, n, j) - weight(equal, n, j)) * (weight(s, n2, j2) - weight(equal, n2, j2));
        });
    }

    /// The derivatives of the weights of query n by its scores, at equal scores.
    Eigen::Matrix3d softmax_jacobian(Eigen::Index n) const {
        Eigen::Vector3d a;
        for (Eigen::Index j = 0; j < 3; ++j)
            a[j] = weight(Eigen::Matrix3d::Zero(), n, j);
        return Eigen::Matrix3d(a.asDiagonal()) - a * a.transpose();
    }
};

}  // namespace

TEST_CASE("scores of three tokens: the first order in their variance, from the definition") {
    Eigen::Matrix3d kernel, back;
    kernel << 1.3, 0.4, -0.2, 0.4, 0.9, 0.5, -0.2, 0.5, 1.1;
    back << 0.7, 0.3, 0.1, 0.3, 1.2, -0.4, 0.1, -0.4, 0.8;
    for (const Eigen::Index window : {0, 2}) {
        decoder_config config = narrow_config("llama");
        config.pattern = {layer_config{.window = window}};
        const auto cells = detail::position_cells::single(3);
        const detail::mean_field_tables<double> none;
        const detail::mean_field<double> with_scores(config, cells, {true, score_terms::first_order}, none);
        const detail::mean_field<double> without(config, cells, {true, score_terms::none}, none);
        const Eigen::Vector3d inverse = with_scores.inverse_scale(kernel_of(kernel));
        const three_tokens softmax{inverse.asDiagonal() * kernel * inverse.asDiagonal(),
                                   window == 0 ? Eigen::Index(3) : window};
        const Eigen::Matrix3d& c = softmax.correlation;
        const double v = 64 * 0.07 * 0.07;
        const double gain = v * 64 * 0.07 * 0.07;  // of the output; scores have variance v²

        const auto scored = with_scores.attention(0, kernel_of(kernel));
        const auto plain = without.attention(0, kernel_of(kernel));
        const Eigen::MatrixXd forward = dense(scored.added);
        const Eigen::MatrixXd uniform = dense(plain.added);
        const Eigen::MatrixXd backward = dense(with_scores.pull_back(scored, kernel_of(back)));
        const Eigen::MatrixXd uniform_back = dense(without.pull_back(plain, kernel_of(back)));
        for (Eigen::Index j = 0; j < 3; ++j) {
            for (Eigen::Index i = 0; i < 3; ++i) {
                double output = 0, values = 0, keys = 0, queries = 0;
                const Eigen::Matrix3d at_j = softmax.softmax_jacobian(j) * c * softmax.softmax_jacobian(i);
                for (Eigen::Index n = 0; n < 3; ++n) {
                    for (Eigen::Index m = 0; m < 3; ++m) {
                        const Eigen::Matrix3d both =
                            softmax.softmax_jacobian(n) * c * softmax.softmax_jacobian(m);
                        output += softmax.spread(j, n, i, m) * c(n, m);
                        values += back(n, m) * softmax.spread(n, j, m, i);
                        keys += back(n, m) * c(n, m) * both(j, i);
                        queries += back(j, i) * at_j(n, m) * c(n, m);
                    }
                }
                CAPTURE(window, j, i, values, keys, queries);
                CHECK((forward - uniform)(j, i) / (gain * v * v) ==
                      Approx(output).epsilon(1e-5).margin(1e-7));
                CHECK((backward - uniform_back)(j, i) / (gain * v * v * inverse[j] * inverse[i]) ==
                      Approx(values + keys + queries).epsilon(1e-5).margin(1e-7));
            }
        }
    }
}

TEST_CASE("a network without position mixing is solved in closed form") {
    // window 1: each token sees itself only; the value path and both feed-forward branches multiply.
    decoder_config config = narrow_config("llama");
    config.pattern = {layer_config{.window = 1}};
    config.layers = 1;
    const double v = 64 * 0.07 * 0.07;
    const double range2 = 0.07 * 0.07;
    const double embedding = range2 + config.norm.epsilon;
    const double attended = range2 + v * 64 * range2 * range2 / embedding;
    const double read = attended / (attended + config.norm.epsilon);  // of unit variance but for epsilon
    const auto mean_square = [&](const auto& f) {
        return double_integral([&](double x, double) { return std::pow(f(std::sqrt(v * read) * x), 2); }, 0,
                               0.0625);
    };
    const double activation = mean_square([](double x) { return nn::silu(x); });
    const double derivative = mean_square([](double x) { return nn::silu_derivative(x); });
    const double output = attended + 256 * range2 * v * read * activation;
    const double feed_forward_gain =
        v * 256 * range2 * (v * read * derivative + activation) / (attended + config.norm.epsilon);
    const double expected =
        64 / (output + config.norm.epsilon) * (1 + feed_forward_gain) * (1 + v * 64 * range2 / embedding);
    const Eigen::VectorXd profile = mean_field_profile(config, 5);
    CHECK(std::abs(profile[4] / std::sqrt(expected) - 1) < 1e-12);
    CHECK(profile.head(4).isZero(0));
}

TEST_CASE("the prediction agrees with measured norms, and needs its terms") {
    const Eigen::Index tokens = 48;
    for (const char* const family : {"gpt2", "llama"}) {
        for (const Eigen::Index window : {0, 10}) {
            decoder_config config = narrow_config(family);
            config.pattern = {layer_config{.window = window}};
            const Eigen::VectorXd norms = measured(config, tokens, 60);
            const Eigen::VectorXd predicted = mean_field_profile(config, tokens);
            // width 64, 240 probes: a few per cent of each
            CAPTURE(family, window, norms.cwiseQuotient(predicted).transpose());
            const Eigen::Index first = window == 0 ? 0 : 12;  // further back than (layers) windows: no path
            CHECK(worst_ratio(norms.tail(tokens - first), predicted.tail(tokens - first)) < 0.25);
            const double ratio = norms.head(tokens - 1).sum() / predicted.head(tokens - 1).sum();
            CHECK(std::abs(ratio - 1) < 0.1);
            const auto error = [&](const mean_field_terms& terms) {
                const Eigen::VectorXd other = mean_field_profile(config, tokens, terms);
                return (norms / norms.sum() - other / other.sum()).cwiseAbs().sum() / 2;
            };
            CHECK(error({true, score_terms::full}) < 0.02);
            CHECK(error({false, score_terms::full}) > error({true, score_terms::full}));
            CHECK(error({true, score_terms::none}) > error({true, score_terms::full}));
        }
    }
}

namespace {

/// Narrow decoders that differ from a Llama in one respect each.
std::vector<std::pair<std::string, decoder_config>> variants() {
    std::vector<std::pair<std::string, decoder_config>> all;
    const auto add = [&](const char* name, const auto& change) {
        decoder_config config = narrow_config("llama");
        change(config);
        all.emplace_back(name, config);
    };
    add("queries and keys normalised", [](decoder_config& c) { c.scores.norm = query_key_norm::per_head; });
    add("normalised behind the branches", [](decoder_config& c) {
        c.norm.before = false;
        c.norm.after = true;
        c.scores.norm = query_key_norm::all_heads;
    });
    add("normalised around the branches", [](decoder_config& c) { c.norm.after = true; });
    add("parallel", [](decoder_config& c) { c.parallel = true; });
    add("multipliers", [](decoder_config& c) {
        c.embedding_scale = 3;
        c.branch_scale = 0.5;
        c.scores.scale = 0.5;
    });
    add("ALiBi", [](decoder_config& c) {
        c.rope.reset();
        c.alibi = alibi_rule::bloom;
    });
    add("sinks", [](decoder_config& c) { c.scores.sinks = true; });
    add("ReLU", [](decoder_config& c) {
        c.gated = false;
        c.activation = activation_kind::relu;
    });
    add("clamped swish", [](decoder_config& c) { c.activation = activation_kind::clamped_swish; });
    add("latent attention", [](decoder_config& c) {
        c.latent = latent_attention{.query_rank = 40, .rank = 48, .rope_width = 8, .value_width = 24};
    });
    add("latent attention, queries and keys normalised", [](decoder_config& c) {
        c.latent = latent_attention{.query_rank = 40, .rank = 48, .rope_width = 8, .value_width = 24};
        c.scores.norm = query_key_norm::per_head;
    });
    add("normalised behind the branches alone, small scores", [](decoder_config& c) {
        c.norm.before = false;
        c.norm.after = true;
        c.initializer_range = 0.03;
    });
    add("experts", [](decoder_config& c) {
        c.pattern = {layer_config{.experts = true}};
        c.experts = experts_config{.count = 8, .chosen = 2, .intermediate = 256, .normalized = true};
    });
    add("a shared expert with a gate", [](decoder_config& c) {
        c.pattern = {layer_config{.experts = true}};
        c.experts =
            experts_config{.count = 6, .chosen = 2, .intermediate = 128, .shared = 200, .shared_gate = true};
    });
    return all;
}

}  // namespace

TEST_CASE("predictions of every kind of block agree with measured norms") {
    const Eigen::Index tokens = 40;
    for (const auto& [name, config] : variants()) {
        jacobian_probes probes;
        probes.count = 4;
        const auto estimate = untrained_jacobian_norms(config, tokens, 40, probes);
        const Eigen::VectorXd p = estimate.profile / estimate.profile.sum();
        const double noise = 0.4 * estimate.standard_error.sum() / estimate.profile.sum();
        const Eigen::VectorXd norms = mean_field_profile(config, tokens);
        const Eigen::VectorXd q = norms / norms.sum();
        CAPTURE(name, noise, total_variation(p, q), wasserstein(p, q));
        CHECK(wasserstein(p, q) < 0.015);
        CHECK(total_variation(p, q) < noise + 0.02);
        CHECK(std::abs(estimate.profile.sum() / norms.sum() - 1) < 0.12);
    }
}

TEST_CASE("predictions: one token, no layers, and what is rejected") {
    decoder_config config = narrow_config("gpt2");
    CHECK(mean_field_profile(config, 1).size() == 1);
    CHECK_THROWS_AS(mean_field_profile(config, 0), std::domain_error);
    CHECK_THROWS_AS(mean_field_profile(config, Eigen::Index(1) << 40), std::length_error);
    config.pattern = {layer_config{.attends = false}};
    CHECK_THROWS_AS(mean_field_profile(config, 3), std::invalid_argument);
    config.pattern.clear();
    config.scores.clip = 0.5;
    CHECK_THROWS_AS(mean_field_profile(config, 3), std::invalid_argument);
    config.scores.clip = 0;
    // Queries and keys that grow with the stream, which the kernels of scores do not describe.
    decoder_config grows = narrow_config("llama");
    grows.norm.before = false;
    grows.norm.after = true;
    grows.initializer_range = 0.1;
    CHECK_THROWS_AS(mean_field_profile(grows, 3), std::domain_error);
    CHECK_NOTHROW(mean_field_profile(grows, 3, {.scores = score_terms::none}));
    grows.scores.norm = query_key_norm::per_head;
    CHECK_NOTHROW(mean_field_profile(grows, 3));
    grows.scores.norm = query_key_norm::none;
    grows.initializer_range = 0.03;
    CHECK_NOTHROW(mean_field_profile(grows, 3));
    grows.embedding_scale = 1000;
    CHECK_THROWS_AS(mean_field_profile(grows, 3), std::domain_error);
    config.layers = 0;
    const Eigen::VectorXd identity = mean_field_profile(config, 3);
    CHECK(identity[0] == 0);
    CHECK(std::abs(identity[2] - std::sqrt(64 / (2 * 0.0049 + 1e-5))) < 1e-10);
    config.heads = 0;
    CHECK_THROWS_AS(mean_field_profile(config, 3), std::domain_error);
}

#ifdef _OPENMP
TEST_CASE("predictions do not depend on the number of threads") {
    decoder_config config = narrow_config("llama");
    config.pattern = {layer_config{}, layer_config{}, layer_config{.window = 70}, layer_config{.window = 70}};
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    const Eigen::VectorXd predicted = mean_field_profile(config, 150);
    const Eigen::VectorXd profile = jacobian_profile(mean_field_gains(config, 150));
    for (const int other : {2, 3}) {
        omp_set_num_threads(other);
        CHECK(mean_field_profile(config, 150) == predicted);
        CHECK(jacobian_profile(mean_field_gains(config, 150)) == profile);
    }
    omp_set_num_threads(threads);
}
#endif
