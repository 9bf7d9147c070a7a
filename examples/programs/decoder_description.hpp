// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "common/report.hpp"
#include "decoder_experiment.hpp"

namespace programs {

/// The description of a decoder: as a table of what is not at its default, or all of it as JSON.
void prepare(destinations& files, const chosen_decoder& decoder, const output_options& output);

}  // namespace programs
