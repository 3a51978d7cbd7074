// Deadlines as a calendar file (RFC 5545) that calendar programs read.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"

namespace cosell::cli {

struct CalendarEntry {
  std::string uid;  // the same from one time to the next, so that a calendar updates its entry
  Instant at{};
  std::string title;
  std::string text;
  std::string page;  // address of what it is about; may be ""
};

// Lines end with CR LF and are folded at 75 bytes, never inside a character.
std::string calendar_file(const std::vector<CalendarEntry>& entries, Instant now);

}  // namespace cosell::cli
