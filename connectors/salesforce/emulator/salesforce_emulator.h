// An emulated Salesforce org behind its REST API: tokens, SOQL, records, collections, composite, describe.
// Responsible for answering as Salesforce does, refusals included; the control API, faults and statistics around
// it are Sandboxed's (connectors/emulator/sandboxed.h).
//
// Control verbs (POST /_sandbox/<verb>, JSON; ids of 15 or 18 characters):
//   edit      {"id":"006…","fields":{…}}             a person changes a record; "HasOpportunityLineItem" may be set
//             {"object":"Opportunity","fields":{…}}  a person creates one; "user":"name or id" says who
//             {"id":"006…","delete":true}            a person deletes one
//             {"edits":[…]}                          several in one call; answers {"results":[…]}
//   undelete  {"id":"006…"}
//   empty_bin {}                    empties the recycle bin: what was deleted shows nowhere any more (in a real org it
//                                   may show for some time yet, "typically 24 hours")
//   begin     {}                    opens a transaction, answers {"transaction":"1"}. Edits that follow are stamped at
//                                   once and become visible at `commit`; {"transaction":null} in an edit keeps it out.
//                                   Writes through the API never join it.
//   commit    {"transaction":"1"}   without an id: the newest open one
//   rollback  {"transaction":"1"}
//   field {"object":"Opportunity","name":"Region__c","kind":"text|longtext|checkbox|number|date|datetime|url|picklist",
//              "values":[…],"external_id":false,"unique":false}
//   stages    {"stages":[{"name":"…","probability":20,"forecast_category":"Pipeline","closed":false,"won":false}]}
//   expire    {}                    ends every session: the next call answers 401
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
struct SalesforceOptions {
  std::string client_id = "cosell-sandbox-app";
  std::string client_secret = "cosell-sandbox-secret";
  std::string refresh_token = "cosell-sandbox-refresh-token";
  std::string username = "integration@cosell.example";
  std::string password = "cosell-sandbox-password";
  // PEM of the certificate or public key that JWT assertions are signed with; empty: none is registered, and they are
  // refused.
  std::string jwt_public_key = {};
  Instant created = {1704067200000};  // when the org was set up (2024-01-01)
};

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
  std::size_t close_dates_assumed = 0;         // rows without CloseDate, set to 90 days from today
  std::vector<std::string> stages = {};        // the picklist after the load
  std::vector<std::string> record_types = {};  // those of the file
  std::vector<std::string> fields_added = {};  // custom fields that did not exist
  std::vector<SkippedRow> skipped = {};
};

struct SeedOptions {
  std::vector<std::string> solutions = {};  // values for Cosell_Solution__c; empty: the column stays empty
};

class SalesforceEmulator : public Emulator {
 public:
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  // Loads a CSV export as opportunities. `map` names FIELD=COLUMN, `set` FIELD=VALUE for every row (a mapped column
  // that is not empty wins). FIELD is an Opportunity field, Account.X, Contact.X or Owner.Name; an unknown name ending
  // in __c becomes a text field. Stages of the file become the picklist. A malformed file is an error that names the
  // line.
  virtual Result<LoadReport> load_csv(std::string_view csv, const Pairs& map, const Pairs& set, Clock& clock,
                                      Random& random) = 0;
  // Makes `count` varied opportunities with accounts, contacts and owners, most of them opted in.
  virtual void seed(std::size_t count, Clock& clock, Random& random, const SeedOptions& options = {}) = 0;
};

std::unique_ptr<SalesforceEmulator> make_salesforce_emulator(SalesforceOptions options = {});

}  // namespace cosell::emulator
