// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

/// The greatest team_size() within a loop of four bodies that is written where there is no OpenMP.
int team_size_in_other_unit(int (*team_size)(), Eigen::Index least);
