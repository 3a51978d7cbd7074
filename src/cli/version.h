// Which program this is.
#pragma once

#include <string>

namespace cosell::cli {

// "0.1.0 (2544596ab)": the version, and the commit that it was built from; without the commit where the sources were no
// clone.
std::string version();

}  // namespace cosell::cli
