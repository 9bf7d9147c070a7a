// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "arrays.hpp"

#include <cesaro/position_gains.hpp>
#include <cesaro/profile.hpp>
#include <cesaro/profile_estimate.hpp>
