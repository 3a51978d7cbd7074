// Examples beside a mapping, run as tests: given this opportunity, expect this referral; given this change in Partner
// Center, expect these columns. Pure: texts in, results out.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "mapping/mapping.h"

namespace cosell::mapping {

struct CaseResult {
  std::string name;
  std::string place;                     // "acme.cases.jsonc:4"
  std::vector<std::string> differences;  // in words; empty: as expected
};

// Runs every case of the text. The error names file, line and column of what is not understood in the file itself;
// a case without "today" is worked out for `today`.
Result<std::vector<CaseResult>> run_cases(const Mapping& mapping, const std::string& file, const std::string& text,
                                          Date today);

}  // namespace cosell::mapping
