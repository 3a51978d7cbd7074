// An emulated Dynamics 365 Sales organisation behind the Dataverse Web API: tokens, rows, queries, change tracking,
// $batch, actions, metadata. Responsible for answering as Dataverse does, refusals included; the control API, faults
// and statistics around it are Sandboxed's (connectors/emulator/sandboxed.h).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "connectors/emulator/emulator.h"

namespace cosell::emulator {

// Who may log in. All of it is for one machine only; none of it opens anything real.
struct Dynamics365Options {
  std::string tenant = "5b1f2f0e-3c55-4a54-9f0e-0c05e1100d36";
  std::string client_id = "7d0c3a60-8f1e-4b8f-9a9d-c05e11000001";
  std::string client_secret = "cosell-sandbox-secret";
  // The organisation's own address; tokens are also given for the address under which the emulator is called.
  std::string organization_url = "https://cosell.crm.dynamics.com";
  // PEM of the certificate that client assertions are signed with; empty: none is registered, and they are refused.
  std::string client_certificate = {};
  Instant created = {1704067200000};  // when the organisation was set up (2024-01-01)
};

namespace dynamics365 {

struct SkippedRow {
  std::size_t line = 0;
  std::string reason;
};

struct LoadReport {
  std::size_t rows = 0;      // data rows in the file
  std::size_t loaded = 0;    // opportunities made
  std::size_t accounts = 0;  // accounts made
  std::size_t contacts = 0;
  std::size_t users = 0;
  std::size_t close_dates_assumed = 0;         // rows without estimatedclosedate, set to 90 days from today
  std::vector<std::string> stages = {};        // "Engaging (salesstage 0)", "Won (statuscode 3)": words of the file
  std::vector<std::string> fields_added = {};  // custom columns that did not exist
  std::vector<SkippedRow> skipped = {};
};

struct SeedOptions {
  std::vector<std::string> solutions = {};  // values for cosell_solution; empty: the column stays empty
};

}  // namespace dynamics365

class Dynamics365Emulator : public Emulator {
 public:
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  // Loads a CSV export as opportunities. `map` names FIELD=COLUMN, `set` FIELD=VALUE for every row (a mapped column
  // that is not empty wins). A malformed file is an error that names the line. FIELD is one of
  //   name, estimatedvalue, …       a column of opportunity, by logical name
  //   transactioncurrencyid         the ISO code of the currency; codes that the organisation lacks are added to it
  //   account.X, contact.X          a column of the customer or of the contact; contact.fullname is split at the last
  //   blank owner.fullname                the owner; users that do not exist are made prefix_word                   an
  //   unknown custom column becomes a text column of 250 characters prefix_word:picklist          an unknown custom
  //   column becomes a choice column
  // Values of choice columns are option numbers or labels. Labels that are new become options: of salesstage with the
  // numbers 0, 1, 2 … by first appearance (they replace the standard stages when there are no opportunities yet), of
  // other columns from 100000000 on.
  // A column of stages (salesstage, stepname, statuscode or a custom choice) also decides the state: a word with "won"
  // in it closes the deal as Won, one with "lost" as Lost. Such words never become options of salesstage or of a custom
  // choice, which stay empty then; in statuscode they become reasons of their state. statecode may be mapped too, with
  // the words open, won and lost, and goes first.
  virtual Result<dynamics365::LoadReport> load_csv(std::string_view csv, const Pairs& map, const Pairs& set,
                                                   Clock& clock, Random& random) = 0;
  // Makes `count` varied opportunities with accounts, contacts and owners, most of them opted in.
  virtual void seed(std::size_t count, Clock& clock, Random& random, const dynamics365::SeedOptions& options = {}) = 0;
};

std::unique_ptr<Dynamics365Emulator> make_dynamics365_emulator(Dynamics365Options options = {});

}  // namespace cosell::emulator
