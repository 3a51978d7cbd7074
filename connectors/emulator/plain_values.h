// Texts, numbers and times as both CRMs compare and round them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace cosell::emulator {

// Lower case of every letter, not only of ASCII ones: texts compare without case.
std::string fold(std::string_view text);
int compare_text(std::string_view a, std::string_view b);

// A number as written ("25000", "1e3", "+5" refused); empty when it is not one.
std::optional<double> parse_number(std::string_view text);
double round_to(double value, int scale);
Instant whole_seconds(Instant t);

}  // namespace cosell::emulator
