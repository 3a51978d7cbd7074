// What an emulated organisation consists of besides its rows: settings, sessions, usage. The parts of the emulator
// that answer requests share one State.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectors/dynamics365/emulator/dynamics365_emulator.h"
#include "connectors/dynamics365/emulator/model.h"
#include "connectors/emulator/emulator.h"

namespace cosell::emulator::dynamics365 {

// The error object of a refused request.
struct ApiError {
  int status = 400;
  std::string code;  // "0x80040217"
  std::string message;
};
template <class T>
using Outcome = tl::expected<T, ApiError>;

inline tl::unexpected<ApiError> fail(int status, std::string code, std::string message) {
  ApiError e;
  e.status = status;
  e.code = std::move(code);
  e.message = std::move(message);
  return tl::unexpected<ApiError>(std::move(e));
}

// "A write with `column operator value` is refused with `message`."
struct PluginRule {
  std::string table;
  std::string column;
  std::string op;
  Json value;
  std::string message;
};

// Does a list of a setting name the column? Those of opportunity by their own name, others behind their table's.
inline bool names_column(const std::vector<std::string>& list, const std::string& table, const std::string& column) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& name) {
    return name == table + "." + column || (table == "opportunity" && name == column);
  });
}

struct Settings {
  std::int64_t page_size = 5000;
  std::int64_t token_seconds = 3599;
  std::string client_certificate = {};
  std::string assertion_algorithm = "any";  // PS256, RS256
  std::string user_state = "active";
  std::int64_t user_language = 1033;
  bool organization_read = true;
  std::vector<std::string> missing_privileges = {};
  std::int64_t definitions_age_seconds = 0;
  std::string base_currency = "USD";
  std::vector<std::string> currencies = {"USD", "EUR", "GBP", "CHF", "SEK", "DKK", "NOK", "JPY", "AUD", "CAD"};
  std::vector<std::string> missing_columns = {};
  std::vector<std::string> read_only_columns = {};
  std::vector<std::string> unreadable_columns = {};
  std::vector<std::string> hidden_rows = {};
  std::string read_only_writes = "refuse";  // system columns in a body: refuse, ignore
  bool enforce_required = false;
  bool require_customer = false;
  std::string closed_records = "editable";  // editable, readonly
  std::string close_by_patch = "refuse";    // refuse, allow
  std::string close_dates = "date_only";    // date_only, user_local
  std::vector<std::string> open_quotes = {};
  bool business_process = true;
  std::string process_of_new = "opportunitysalesprocess";
  bool process_writes_stepname = true;
  bool duplicate_detection = false;
  std::vector<std::string> duplicate_tables = {"account", "contact"};
  std::int64_t duplicate_status = 412;
  std::vector<PluginRule> plugin_rules = {};
  bool plugin_touches = false;
  std::vector<std::string> change_tracking_tables = {"opportunity", "account", "contact"};
  std::int64_t change_tracking_days = 7;
  bool delta_link_with_annotations = true;
  bool optimistic_concurrency = true;
  std::string alternate_keys = "Active";   // Active, Pending, InProgress, Failed
  std::string failed_change_set = "flat";  // flat, nested
  bool protection_limits = false;
  std::int64_t protection_requests = 6000;
  std::int64_t protection_execution_ms = 1'200'000;
  std::int64_t protection_seconds = 300;
  std::int64_t operation_ms = 20;
  std::int64_t throttle_next = 0;
  std::string throttle_kind = "requests";  // requests, execution, concurrency
  std::int64_t throttle_retry_after = 5;
  std::int64_t throttle_next_parts = 0;
  std::int64_t deadlock_next_writes = 0;
};

struct Session {
  Guid user;
  Instant expires{};
};

// A request that the service protection limits have counted.
struct Counted {
  Instant at{};
  std::int64_t execution_ms = 0;
};

// A business process that runs on opportunities; its stages in their order.
struct SalesProcess {
  std::string table;  // of its instances
  std::string label;
  Guid workflow;
  std::vector<Guid> stages;
};

// Definitions and privileges as they were until somebody changed them.
struct OlderDefinitions {
  Instant until{};
  Schema schema;
  std::vector<std::string> missing_privileges;
  bool organization_read = true;
};

struct State {
  explicit State(Dynamics365Options o) : options(std::move(o)) {
    settings.client_certificate = options.client_certificate;
  }
  Dynamics365Options options;
  Settings settings;
  Model model;
  std::map<std::string, Session> sessions;
  std::deque<Counted> counted;
  std::int64_t counted_ms = 0;
  std::int64_t refused_in_a_row = 0;
  // Tokens of change tracking that name an older version have expired.
  std::int64_t oldest_delta_version = 0;
  Guid organization;
  Guid business_unit;
  Guid application_user;
  Guid system_user;
  Guid person;  // who edits through the control API
  std::vector<SalesProcess> processes;
  std::deque<OlderDefinitions> older_definitions;  // oldest first

  const SalesProcess* process_of(std::string_view table) const;
};

std::vector<Setting> list_settings(const State& state);
// Changes a setting; a sentence when the name or the value does not fit, else "".
std::string change_setting(State& state, const std::string& name, const Json& value, Instant now);

// Before definitions or privileges change: those who are shown older ones get them from here.
void keep_definitions(State& state, Instant now);

// Fills a new organisation: users, currencies, the organisation itself, the sales process.
void furnish(State& state, Instant now);
// Hides and shows columns, and brings currencies and the organisation's row in line with the settings.
void apply_settings(State& state, Instant now);
// Puts a row in place without any rule; the id is derived from the table and its first cell when `id` is empty.
RowPtr put_row(State& state, std::string_view table, Guid id, const std::vector<std::pair<std::string, Value>>& cells,
               Instant now);
// The user of that full name, made when there is none.
Guid user_named(State& state, const std::string& name, Instant now);
// The currency row of an ISO code; null when the organisation lacks it.
RowPtr currency_of(const State& state, std::string_view code);
// Name of the stage as stepname spells it: "2-Develop".
std::string step_name(const State& state, const Guid& stage);
// The business process that runs on an opportunity; null when none does.
const SalesProcess* process_on(const State& state, const Guid& opportunity);
Guid process_instance_id(const SalesProcess& process, const Guid& opportunity);

// A value with its type, for saved files and paging cookies.
Json pack_value(const State& state, const Value& value);
Value unpack_value(const State& state, const Json& packed);
Json save_state(const State& state);
void load_state(State& state, const Json& saved);

}  // namespace cosell::emulator::dynamics365
