// Times as people write them on the command line. Every time is UTC.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "base/time.h"

namespace cosell::cli {

// "2h" (two hours ago), "02:00" (the last time it was that late), "Sat 02:00", "Sat", "yesterday", "yesterday 14:30",
// "2026-11-20", "2026-11-20 14:30" or "2026-11-20T14:30:00Z". A weekday means the last one that is not in the future.
std::optional<Instant> parse_when(const std::string& written, Instant now);

// The same, with a sentence that says what `option` wants when it is none of these. Empty text: no time.
Result<std::optional<Instant>> when_of(const std::string& option, const std::string& written, Instant now);

}  // namespace cosell::cli
