// `cosell sandbox`: servers that stand in for the real systems on this machine, with a configuration that leads to
// them.
#pragma once

#include <string>
#include <vector>

#include "cli/output.h"

namespace cosell::cli {

struct SandboxOptions {
  std::string dir;
  int deals = 0;  // made-up deals in each CRM
  int port = 0;   // of the first server, the others follow; 0: free ones
  bool keep = false;
  std::string login = "secret";  // how the configuration logs in to the CRMs: secret or certificate
  std::string load;              // CSV export of a CRM
  std::string as;                // the CRM that it is loaded as, and the only one started; "" all
  std::vector<std::string> map;  // FIELD=COLUMN
  std::vector<std::string> set;  // FIELD=VALUE
};

// Runs until the process is asked to stop. Returns the exit code.
int run_sandbox(Output& output, const SandboxOptions& options);

}  // namespace cosell::cli
