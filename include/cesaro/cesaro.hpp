// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

/// The whole library. Every header also stands alone.

#include <cesaro/apply_power.hpp>
#include <cesaro/cesaro_operator.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/continuum_influence.hpp>
#include <cesaro/depth_limit_influence.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/landmarks.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/power_sum.hpp>
#include <cesaro/profile.hpp>
#include <cesaro/sensitivity.hpp>
#include <cesaro/version.hpp>
