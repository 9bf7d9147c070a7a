// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "output.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace programs {

/// Points to draw, as a gnuplot data block `$name`.
std::string data_block(const std::string& name, const std::vector<std::pair<double, double>>& points);

/// A string as gnuplot quotes it.
std::string quoted(const std::string& text);

/// Draws a gnuplot script into a pending .svg or .png file; terminal and output are set here.
/// A usage_error says so when the ending is another, gnuplot is not installed, or it fails.
void draw(pending_file& file, const std::string& final_name, const std::string& script);

/// The text into `file`, or to standard output when that is empty, and the drawing of script() into `plot`
/// where one is named: both or neither.
void write_with_plot(const std::string& file, std::string_view text, const std::string& plot,
                     const std::function<std::string()>& script);

}  // namespace programs
