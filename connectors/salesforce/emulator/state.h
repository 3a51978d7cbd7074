// What an emulated org consists of besides its records: settings, sessions, open cursors, usage of the API.
// The parts of the emulator that answer requests share one State.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectors/emulator/emulator.h"
#include "connectors/salesforce/emulator/model.h"
#include "connectors/salesforce/emulator/salesforce_emulator.h"

namespace cosell::emulator::salesforce {

// One entry of the array that Salesforce answers with when a request fails.
struct ApiError {
  std::string code;
  std::string message;
  std::vector<std::string> fields = {};
  int status = 400;
};
using ApiErrors = std::vector<ApiError>;
template <class T>
using Outcome = tl::expected<T, ApiErrors>;

inline tl::unexpected<ApiErrors> fail(std::string code, std::string message, std::vector<std::string> fields = {},
                                      int status = 400) {
  ApiError e;
  e.code = std::move(code);
  e.message = std::move(message);
  e.fields = std::move(fields);
  e.status = status;
  return tl::unexpected<ApiErrors>(ApiErrors{std::move(e)});
}

// "A write with `field operator value` is refused with `message`."
struct ValidationRule {
  std::string field;
  std::string op;
  Json value;
  std::string message;
};

struct Settings {
  std::int64_t page_size = 2000;
  std::int64_t session_seconds = 7200;
  std::int64_t locator_hours = 48;
  bool rotate_refresh_tokens = false;
  bool shares_sessions = false;
  bool restricted_picklists = true;
  bool multi_currency = true;
  std::string corporate_currency = "USD";
  std::vector<std::string> currencies = {"USD", "EUR", "GBP", "CHF", "SEK", "DKK", "NOK", "JPY", "AUD", "CAD"};
  std::vector<std::string> missing_columns = {};
  std::vector<std::string> read_only_columns = {};
  std::vector<std::string> missing_permissions = {};
  std::vector<std::string> hidden_rows = {};
  std::vector<ValidationRule> validation_rules = {};
  std::string duplicate_rule = "off";  // off, alert (may be saved when the request says so), block
  std::vector<std::string> duplicate_rule_objects = {"Account", "Contact"};
  std::string picklist_member = "both";     // both, fullName, valueName: what names a value of a picklist that is made
  std::string wrong_type_refuses = "call";  // call, record: what a value of another type refuses in a collection
  std::int64_t lock_next_writes = 0;
  bool locks_in_automations = false;
  std::vector<std::string> locked_ids = {};
  std::int64_t daily_api_limit = 100'000;
  std::int64_t api_used = 0;
  std::int64_t bulk_polls = 0;
  std::string precondition_field = "LastModifiedDate";
  std::string jwt_public_key = {};
  std::string permitted_users = "admin_approved";  // or self_authorized
  std::vector<std::string> unapproved_users = {};
};

struct Session {
  std::string user;  // 15 characters
  Instant expires{};
};

struct ResultSet;  // query.h

// The rest of a query result, kept for the calls that fetch the next pages.
struct OpenCursor {
  std::shared_ptr<const ResultSet> result;
  std::size_t page_size = 0;
  Instant opened{};
};

// A job of the Bulk API, with its results once it is worked off.
struct BulkJob {
  std::string id;  // 18 characters
  bool query = false;
  std::string operation;
  std::string object;
  std::string external_id_field;
  std::string state;  // Open, UploadComplete, JobComplete, Aborted, Failed
  std::string error;
  std::string user;
  Instant created{};
  std::int64_t polls_left = 0;
  std::int64_t done = 0;
  std::int64_t failed = 0;
  std::string upload;      // ingest: what was sent
  std::string successful;  // ingest: results as CSV
  std::string unsuccessful;
  std::string unprocessed;
  std::string header;             // query: the first line of every page
  std::vector<std::string> rows;  // query: one line each
};

struct State {
  explicit State(SalesforceOptions o) : options(std::move(o)) {}

  SalesforceOptions options;
  Settings settings;
  Model model;
  std::map<std::string, Session> sessions;
  std::map<std::string, std::string> refresh_tokens;  // token -> user
  std::map<std::string, OpenCursor> cursors;          // by locator, without the offset
  std::vector<std::string> cursor_order;              // oldest first
  std::vector<BulkJob> bulk_jobs;                     // oldest first
  Instant usage_since{};
  Instant schema_changed{};  // what conditional describes compare with
  std::uint64_t cursors_opened = 0;
  std::uint64_t transactions_begun = 0;

  // Record type (developer name) -> the stages that its sales process offers. One that is not here offers all.
  std::map<std::string, std::vector<std::string>> offered_stages;

  std::string organization;      // 15 characters
  std::string integration_user;  // whom API tokens act as
  std::string person;            // who edits through the control API
};

// Fills a new org: its users, stages, record types, currencies.
void furnish(State& state, Instant now);
// Whether the API user lacks the permission ("CustomizeApplication", "AssignPermissionSets").
bool lacks_permission(const State& state, std::string_view permission);
// The same for the records of an object; `right` is "Read", "Create" or "Edit".
bool lacks_permission(const State& state, const std::string& object, const char* right);
// Whether the record (15 characters) is not shared with the API user.
bool is_hidden(const State& state, const std::string& id15);
// Makes the schema show what the settings and the permission sets say.
void apply_visibility(State& state, Instant now);
// The stages as the org has them, replaced as a whole.
struct Stage {
  std::string name;
  double probability = 0;
  std::string forecast_category;  // "Best Case"
  bool closed = false;
  bool won = false;
  std::string was = {};  // its name until now, when it is renamed: it keeps its id
};
void set_stages(State& state, const std::vector<Stage>& stages, Instant now);
std::vector<Stage> stages_of(const State& state);
// The record type of that API name; "" when there is none.
std::string record_type_id(const State& state, std::string_view name);
// Makes an active record type of opportunities when there is none of this developer name.
void add_record_type(State& state, const std::string& name, Instant now);
// The active record types of opportunities and the stages that each offers; others that were there become inactive.
void set_record_types(State& state, std::map<std::string, std::vector<std::string>> offered, Instant now);
// Puts a row straight into a table, without the rules that writes through the API obey.
RowPtr put_row(State& state, std::string_view object, const std::vector<std::pair<std::string, Value>>& cells,
               Instant now);
// The user of that name, made when there is none.
std::string user_named(State& state, const std::string& name, Instant now);

std::vector<Setting> list_settings(const State& state);
std::string change_setting(State& state, const std::string& name, const Json& value, Instant now);

Json save_state(const State& state);
void load_state(State& state, const Json& saved);

}  // namespace cosell::emulator::salesforce
