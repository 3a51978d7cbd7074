// The business process of an opportunity: its active stage stands on another table, one row (instance) for each process
// that runs on the opportunity. The instance counts that is active, else the one that changed last.
//
// A move of the stage need not change the opportunity, so moves are looked for by themselves; and a stage can only be
// moved to one beside it, so a longer move is several steps.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_settings.h"
#include "connectors/dynamics365/dynamics365_wire.h"

namespace cosell::dynamics365 {

// The table of a process's instances.
struct ProcessTable {
  std::string name;         // "opportunitysalesprocess": how the process is called in settings and mappings
  std::string set;          // "opportunitysalesprocesses"
  std::string opportunity;  // its lookup to the opportunity
  std::string schema_name;  // "OpportunitySalesProcess": as its privileges are named
};

struct ProcessInstance {
  std::string table;  // name of its process
  std::string set;
  std::string id;
  std::string version;
  std::string opportunity;
  std::string stage;  // id of the active one
  bool active = true;
  Instant changed_at{};
};
using ProcessInstances = std::map<std::string, ProcessInstance>;  // by opportunity

// Until when moves are known. Some are read twice, because the platform dates a write before it shows it.
struct MovesKnown {
  Instant since{};
  std::map<std::string, std::string> seen = {};  // instance -> version, of those that changed later than `since`
  std::vector<std::string> pending = {};         // opportunities that moved and were not told yet
};

struct ProcessStage {
  std::string id;
  std::string label;
};
struct Process {
  std::string name;   // of its table
  std::string label;  // for people
  std::vector<ProcessStage> stages;
};

class Dynamics365Processes {
 public:
  Dynamics365Processes(const Dynamics365Settings& settings, Dynamics365Client& client);

  bool in_use() const { return settings_.stage_column == kProcessColumn; }
  void forget() { tables_.reset(); }
  // The tables of the processes that the settings name; asks once.
  Result<const std::vector<ProcessTable>*> tables(Call& call);

  // The processes that the settings name, with their stages in the order of the sales categories. `config` when the
  // organisation does not have one of them.
  Result<std::vector<Process>> describe(Call& call);

  Result<ProcessInstances> instances_of(Call& call, const std::vector<std::string>& opportunities);
  // Completes the rows of a shape that shows_process(); `known` learns what was read.
  Result<void> fill(Call& call, const RowShape& shape, std::vector<Row>& rows, MovesKnown* known = nullptr);
  static void fill_from(const ProcessInstances& instances, const RowShape& shape, Row& row);

  // The position before everything that happens from now on.
  Result<MovesKnown> now_known(Call& call);
  // Adds the opportunities whose process changed since then to those pending.
  Result<void> find_moved(Call& call, MovesKnown& known);

  struct Move {
    ProcessInstance instance;
    std::string to;  // stage
  };
  // The writes of each move, in order; the first one under the instance's version. `rejected` where the process of the
  // opportunity does not lead there.
  std::vector<Result<std::vector<BatchRequest>>> steps_of(Call& call, const std::vector<Move>& moves);

 private:
  // The stages of all processes of opportunities, by the unique name of the process; of each stage its category too.
  struct Met {
    std::string label;
    std::vector<std::pair<std::int64_t, ProcessStage>> stages;
  };
  Result<std::map<std::string, Met>> processes_met(Call& call);
  // The settings name a process that is not there.
  Error missing(const std::string& name, const std::map<std::string, Met>& met) const;
  Result<std::vector<ProcessTable>> find_tables(Call& call);
  Result<std::vector<ProcessInstance>> read_instances(Call& call, const ProcessTable& table,
                                                      Result<http::Response> answer);
  Result<std::vector<BatchRequest>> steps(const Move& move, const Result<http::Response>& path) const;

  const Dynamics365Settings settings_;
  Dynamics365Client& client_;
  std::optional<std::vector<ProcessTable>> tables_;
};

}  // namespace cosell::dynamics365
