// The switches of the organisation under /_sandbox/settings: their names, what they do, and which values they take.
#include <algorithm>

#include "connectors/dynamics365/emulator/state.h"
#include "connectors/emulator/switch.h"

namespace cosell::emulator::dynamics365 {

namespace {

std::string change_rules(Settings& s, const Json& v) {
  const char* form =
      "expected a list of {\"table\" (opportunity when absent), \"column\", \"operator\", \"value\", \"message\"}; "
      "operators: = != < <= > >=";
  if (!v.is_array()) return form;
  std::vector<PluginRule> rules;
  for (const Json& entry : v) {
    const auto text_at = [&](const char* key) {
      return entry.is_object() && entry.contains(key) && entry.at(key).is_string() ? entry.at(key).get<std::string>()
                                                                                   : std::string();
    };
    PluginRule rule;
    rule.table = text_at("table").empty() ? "opportunity" : text_at("table");
    rule.column = text_at("column");
    rule.op = text_at("operator");
    rule.message = text_at("message");
    const std::vector<std::string> operators = {"=", "!=", "<", "<=", ">", ">="};
    const bool known = std::find(operators.begin(), operators.end(), rule.op) != operators.end();
    if (rule.column.empty() || !known || rule.message.empty() || !entry.contains("value")) return form;
    rule.value = entry.at("value");
    rules.push_back(std::move(rule));
  }
  s.plugin_rules = std::move(rules);
  return "";
}

Json show_rules(const Settings& s) {
  Json list = Json::array();
  for (const PluginRule& r : s.plugin_rules) {
    list.push_back(
        Json{{"table", r.table}, {"column", r.column}, {"operator", r.op}, {"value", r.value}, {"message", r.message}});
  }
  return list;
}

std::vector<Switch<Settings>> make_switches() {
  using S = Settings;
  return {
      number("page_size", "Most rows in one page of an answer, at most 5000.", &S::page_size, 1, 5000),
      number("token_seconds", "How long an access token is good for.", &S::token_seconds, 0),
      word("client_certificate",
           "PEM that client assertions must be signed for; empty: none is registered, all are refused.",
           &S::client_certificate, {}),
      word("assertion_algorithm", "The algorithm of client assertions that the tenant takes: any, PS256 or RS256.",
           &S::assertion_algorithm, {"any", "PS256", "RS256"}),
      word("user_state", "The application user: active, disabled or not_a_member (of the organisation).",
           &S::user_state, {"active", "disabled", "not_a_member"}),
      one_of_numbers("user_language", "Language of labels and formatted values: 1033 English, 1031 German.",
                     &S::user_language, {1033, 1031}),
      flag("organization_read", "The application user reads all rows of the organisation; tracked reads need it.",
           &S::organization_read),
      words("missing_privileges", "Privileges that the application user lacks, such as prvWriteOpportunity.",
            &S::missing_privileges),
      number("definitions_age_seconds",
             "Definitions and privileges show as they were so many seconds ago, unless the request asks for the latest "
             "(Consistency: Strong).",
             &S::definitions_age_seconds, 0),
      word("base_currency", "The organisation's own currency.", &S::base_currency, {}),
      currency_codes("currencies", "The currencies of the organisation.", &S::currencies),
      words("missing_columns", "Columns that the organisation lacks: cosell_help, or account.telephone1.",
            &S::missing_columns),
      words("read_only_columns",
            "Secured columns that the application user may read but not write: cosell_notes, or contact.emailaddress1.",
            &S::read_only_columns),
      words("unreadable_columns",
            "Secured columns that the application user may not even read: description, or contact.emailaddress1.",
            &S::unreadable_columns),
      words("hidden_rows", "Rows (ids) that are not shared with the application user: its reads leave them out.",
            &S::hidden_rows),
      word("read_only_writes", "Columns that nobody can write (createdon) in a body: refuse or ignore.",
           &S::read_only_writes, {"refuse", "ignore"}),
      flag("enforce_required", "Columns that the forms require are required by the Web API too.", &S::enforce_required),
      flag("require_customer", "An opportunity must have an account or a contact.", &S::require_customer),
      word("closed_records", "Won and lost opportunities: editable or readonly.", &S::closed_records,
           {"editable", "readonly"}),
      word("close_by_patch", "PATCH of statecode to Won or Lost: refuse (only the actions close) or allow.",
           &S::close_by_patch, {"refuse", "allow"}),
      word("close_dates", "estimatedclosedate and its like: date_only, or user_local as in upgraded organisations.",
           &S::close_dates, {"date_only", "user_local"}),
      words("open_quotes", "Opportunities (ids) with draft or active quotes: not closable, currency fixed.",
            &S::open_quotes),
      flag("business_process", "New opportunities get an instance of the sales process.", &S::business_process),
      word("process_of_new", "The business process that new opportunities get.", &S::process_of_new,
           {"opportunitysalesprocess", "leadtoopportunitysalesprocess"}),
      flag("process_writes_stepname", "A move in the business process writes stepname on the opportunity.",
           &S::process_writes_stepname),
      flag("duplicate_detection", "Duplicate rules are published; requests opt in by header.", &S::duplicate_detection),
      words("duplicate_tables", "Tables with a duplicate rule (same name; contacts: same e-mail).",
            &S::duplicate_tables),
      one_of_numbers("duplicate_status", "Status of a refusal as duplicate.", &S::duplicate_status, {412, 500}),
      {"plugin_rules", "Writes after which `column operator value` holds are refused by a plug-in with `message`.",
       show_rules, change_rules},
      flag("plugin_touches", "A plug-in of the customer raises the version after every write to an opportunity.",
           &S::plugin_touches),
      words("change_tracking_tables", "Tables with change tracking switched on.", &S::change_tracking_tables),
      number("change_tracking_days", "Days after which a delta link has expired.", &S::change_tracking_days, 0, 365),
      flag("delta_link_with_annotations", "Tracked reads with annotations end in a delta link too.",
           &S::delta_link_with_annotations),
      flag("optimistic_concurrency", "If-Match with a version works.", &S::optimistic_concurrency),
      word("alternate_keys", "State of the index behind alternate keys.", &S::alternate_keys,
           {"Active", "Pending", "InProgress", "Failed"}),
      word("failed_change_set", "Answer of a failed change set: a flat part, or nested in a change set part.",
           &S::failed_change_set, {"flat", "nested"}),
      flag("protection_limits", "Service protection limits are enforced.", &S::protection_limits),
      number("protection_requests", "Requests in the window of the limits.", &S::protection_requests, 1),
      number("protection_execution_ms", "Execution time in the window of the limits.", &S::protection_execution_ms, 1),
      number("protection_seconds", "The window of the limits.", &S::protection_seconds, 1),
      number("operation_ms", "Execution time that one operation counts.", &S::operation_ms, 0),
      number("throttle_next", "So many of the next requests answer 429.", &S::throttle_next, 0),
      word("throttle_kind", "The limit that throttle_next names.", &S::throttle_kind,
           {"requests", "execution", "concurrency"}),
      number("throttle_retry_after", "Retry-After of throttle_next, in seconds.", &S::throttle_retry_after, 0),
      number("throttle_next_parts",
             "So many of the next operations inside batches answer 429; the batch itself does not.",
             &S::throttle_next_parts, 0),
      number("deadlock_next_writes", "So many of the next writes end in an SQL deadlock.", &S::deadlock_next_writes,
             0)};
}

const std::vector<Switch<Settings>>& switches() {
  static const std::vector<Switch<Settings>> list = make_switches();
  return list;
}

}  // namespace

void keep_definitions(State& state, Instant now) {
  const Duration age = seconds(state.settings.definitions_age_seconds);
  auto& older = state.older_definitions;
  while (!older.empty() && now - older.front().until >= age) older.pop_front();
  if (age.ms == 0) return;
  older.push_back({now, state.model.schema(), state.settings.missing_privileges, state.settings.organization_read});
}

std::vector<Setting> list_settings(const State& state) { return shown(switches(), state.settings); }

std::string change_setting(State& state, const std::string& name, const Json& value, Instant now) {
  Settings changed = state.settings;
  if (std::string problem = change(switches(), changed, name, value); !problem.empty()) return problem;
  const auto& codes = changed.currencies;
  if (std::find(codes.begin(), codes.end(), changed.base_currency) == codes.end()) {
    return name + ": the base currency " + changed.base_currency + " must be among the currencies";
  }
  keep_definitions(state, now);
  state.settings = std::move(changed);
  apply_settings(state, now);
  return "";
}

}  // namespace cosell::emulator::dynamics365
