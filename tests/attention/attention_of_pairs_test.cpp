// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "../catch.hpp"

#include <cesaro/attention/attention_of_pairs.hpp>

#include <Eigen/Core>

TEST_CASE("attention of pairs is the dense product on both sides, with a window and without") {
    for (const Eigen::Index tokens : {1, 5, 70}) {
        for (const Eigen::Index window : {0, 1, 3, 70, 200}) {
            CAPTURE(tokens, window);
            Eigen::MatrixXd a = Eigen::MatrixXd::Zero(tokens, tokens);
            for (Eigen::Index n = 0; n < tokens; ++n) {
                const Eigen::Index seen = window > 0 ? std::min(window, n + 1) : n + 1;
                a.row(n).segment(n + 1 - seen, seen).setConstant(1 / double(seen));
            }
            Eigen::MatrixXd x(tokens, tokens);  // symmetric, as kernels are
            for (Eigen::Index n = 0; n < tokens; ++n)
                for (Eigen::Index m = 0; m < tokens; ++m)
                    x(n, m) = 1 / double(1 + n + m) + (n == m ? 2 : 0);
            const cesaro::attention_of_pairs<double> pairs(tokens, window);
            CHECK((pairs.mean(x) - a * x).cwiseAbs().maxCoeff() < 1e-14);
            CHECK((pairs.pull_back(x) - a.transpose() * x).cwiseAbs().maxCoeff() < 1e-14);
            CHECK((pairs.mean_of_pairs(x) - a * x * a.transpose()).cwiseAbs().maxCoeff() < 1e-14);
            CHECK((pairs.pull_back_pairs(x) - a.transpose() * x * a).cwiseAbs().maxCoeff() < 1e-13);
            CHECK((pairs.apply_transpose(x.col(0)) - a.transpose() * x.col(0)).cwiseAbs().maxCoeff() < 1e-14);
        }
    }
}

TEST_CASE("arguments of attention of pairs") {
    CHECK_THROWS_AS(cesaro::attention_of_pairs<double>(5, -1), std::domain_error);
    CHECK_THROWS_AS(cesaro::attention_of_pairs<double>(-1, 3), std::domain_error);
}

TEST_CASE("the example of attention_of_pairs") {
    const cesaro::attention_of_pairs<double> attention(200, 16);
    const Eigen::MatrixXd independent = Eigen::MatrixXd::Identity(200, 200);
    const Eigen::MatrixXd covariance = attention.mean_of_pairs(independent);
    // covariance(199, 199) is 1/16, and covariance(199, 191), of windows that share half, 1/32
    CHECK((covariance(199, 199) == 1.0 / 16 && covariance(199, 191) == 1.0 / 32));
}
