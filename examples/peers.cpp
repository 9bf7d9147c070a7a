// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// What other theories of position bias say, as functions of this one: the retrieval profile of the kinetic theory,
// and where distance decay and depth balance.
#include <cesaro/influence_row.hpp>
#include <cesaro/keys.hpp>
#include <cesaro/peer_formulas.hpp>

#include <cstdio>

int main() {
    for (const double beta : {1.0, 2.0, 3.0}) {
        const cesaro::retrieval_parameters<> p{.inverse_temperature = beta};
        std::printf("inverse temperature %g: rises towards the query until t = %.6f\n", beta,
                    cesaro::retrieval_critical_time(p));
    }
    const cesaro::retrieval_parameters<> p;
    std::printf("\n%8s %10s %10s %10s %10s\n", "x", "t = 0.25", "t = 0.5", "t = 1", "t = 3");
    const auto print = [&](double x) {
        std::printf("%8g", x);
        for (const double t : {0.25, 0.5, 1.0, 3.0})
            std::printf(" %10.6f", cesaro::retrieval_profile(p, t, x));
        std::printf("\n");
    };
    for (const double x : {0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.500601, 0.6, 0.7, 0.8, 0.9, 1.0})
        print(x);

    std::printf("\n%6s %6s %16s %16s\n", "layers", "slope", "most at distance", "of 5000 tokens");
    for (const int layers : {4, 12, 32}) {
        for (const double slope : {0.5, 0.0625}) {
            const auto alibi = cesaro::influence_row(5000, cesaro::mixing_schedule<>::constant(layers, 1.0),
                                                     cesaro::decaying_keys<>{.slope = slope});
            Eigen::Index mode = 0;
            alibi.maxCoeff(&mode);
            std::printf("%6d %6g %16.2f %16td\n", layers, slope,
                        cesaro::distance_decay_maximum(layers - 1, slope), 4999 - mode);
        }
    }
}
