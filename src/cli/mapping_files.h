// What the `cosell mapping` commands share: reading mapping files with every finding told, running a command on one
// file or on those of the configuration, and what a CRM has as a file.
#pragma once

#include <functional>
#include <string>

#include "cli/session.h"
#include "cli/workplace.h"
#include "connectors/connector.h"
#include "mapping/mapping.h"

namespace cosell::cli {

// The mapping in the file; an error lists every finding that keeps it from being used.
Result<mapping::Mapping> usable_mapping(const std::string& file);

// Runs `work` with FILE, without a configuration, or else with the mapping of each pair (or of the named one). `config`
// is null in the first case.
using WithMapping = std::function<PairAnswer(Session&, const PairConfig* config, const std::string& file)>;
int for_each_mapping(Output& output, const std::string& config, const std::string& file, const std::string& pair,
                     const WithMapping& work);

// What the CRM of a pair has now.
Result<Descriptor> ask_crm(Session& session, const PairConfig& config, Workplace::MappingUsed used);

// `cosell mapping snapshot`: what a CRM had at one time.
struct Snapshot {
  std::string system;
  std::string taken_at;
  Descriptor described;
};
std::string write_snapshot(const Snapshot& snapshot);
Result<Snapshot> read_snapshot(const std::string& file);

// Writes a file that must not be there yet.
Result<void> write_new_file(const std::string& file, const std::string& text, unsigned mode = 0644);

}  // namespace cosell::cli
