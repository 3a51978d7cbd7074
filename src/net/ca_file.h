// A file with certificate authorities that are trusted beside the system's, looked at before libcurl does.
#pragma once

#include <string>

#include "base/error.h"

namespace cosell::net {

// How many certificates the file holds in PEM form, at least one. The error (config) names the file, what is wrong with
// it, and what to do.
Result<int> certificates_in_file(const std::string& path);

}  // namespace cosell::net
