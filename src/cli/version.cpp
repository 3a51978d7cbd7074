// Compiled apart: the commit is another one with each build.
#include "cli/version.h"

#include <string_view>

#include "cli/built_from.h"

namespace cosell::cli {

std::string version() {
  const std::string_view commit = COSELL_COMMIT;
  return commit.empty() ? COSELL_VERSION : COSELL_VERSION " (" + std::string(commit) + ")";
}

}  // namespace cosell::cli
