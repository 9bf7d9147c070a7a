// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

/// The whole library. Every header also stands alone.

#include <cesaro/cesaro_operator.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/profile.hpp>
#include <cesaro/version.hpp>
