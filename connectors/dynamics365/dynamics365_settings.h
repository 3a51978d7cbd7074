// What an administrator can set about the Dynamics 365 side, typed and checked.
// Secrets and the login are not here: they reach the connector as a TokenSource.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace cosell {

// An amount written to an opportunity whose revenue is calculated from its product lines would be overwritten at once.
enum class CalculatedRevenue : std::uint8_t {
  refuse,    // the write is rejected before it is sent
  take_over  // the opportunity's revenue is switched to "user provided" together with the amount
};

// Some organisations lock won and lost opportunities.
enum class ClosedRecords : std::uint8_t {
  as_is,  // a write that the organisation refuses is rejected
  reopen  // such a write reopens, writes and closes again, as one step; each leaves one more closing activity
};

struct Dynamics365Settings {
  std::string instance;              // "https://contoso.crm.dynamics.com": API and pages
  std::string api_version = "v9.2";  // as it stands in paths
  int page_size = 5000;              // rows per answer, 1..5000: fewer take less memory; the server may send fewer
  int batch_start = 100;             // writes in the first batch; later ones adapt
  int batch_max = 1000;              // writes in one batch, 1..1000
  // The choice that holds the stage of open opportunities: salesstage, statuscode or a choice of the organisation's
  // own; or "process": the active stage of the business process.
  std::string stage_column = "salesstage";
  // The business processes of opportunities that the bridge knows, by the tables of their instances.
  std::vector<std::string> processes = {"opportunitysalesprocess"};
  std::map<std::string, std::string> process_places;  // where each was written, "line:column"
  std::string file;                                   // in which; "" without one. For messages
  std::string key_column = "cosell_referralid";       // text with an alternate key of its own on opportunity
  CalculatedRevenue calculated_revenue = CalculatedRevenue::refuse;
  ClosedRecords closed_records = ClosedRecords::as_is;
  bool duplicate_detection = true;  // new records must pass the organisation's duplicate rules
  std::string app_id;               // the model-driven app that pages are opened in; "": the user's default

  bool operator==(const Dynamics365Settings&) const = default;
};

// Reads the settings object of a configuration file. Members in `keys_of_others` belong to somebody else and are
// passed over; any other unknown name is an error (`config`) with line, column and the nearest valid name.
Result<Dynamics365Settings> read_dynamics365_settings(const json::Value& object,
                                                      const std::vector<std::string>& keys_of_others = {});

}  // namespace cosell
