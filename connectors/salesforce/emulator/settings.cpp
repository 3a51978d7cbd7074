// The switches of the org under /_sandbox/settings: their names, what they do, and which values they take.
#include <algorithm>

#include "connectors/emulator/switch.h"
#include "connectors/salesforce/emulator/state.h"

namespace cosell::emulator::salesforce {

namespace {

std::string change_rules(Settings& s, const Json& v) {
  const char* form = "expected a list of {\"field\", \"operator\", \"value\", \"message\"}; operators: = != < <= > >=";
  if (!v.is_array()) return form;
  std::vector<ValidationRule> rules;
  for (const Json& entry : v) {
    const auto text_at = [&](const char* key) {
      return entry.is_object() && entry.contains(key) && entry.at(key).is_string() ? entry.at(key).get<std::string>()
                                                                                   : std::string();
    };
    ValidationRule rule;
    rule.field = text_at("field");
    rule.op = text_at("operator");
    rule.message = text_at("message");
    const std::vector<std::string> operators = {"=", "!=", "<", "<=", ">", ">="};
    const bool known = std::find(operators.begin(), operators.end(), rule.op) != operators.end();
    if (rule.field.empty() || !known || rule.message.empty() || !entry.contains("value")) return form;
    rule.value = entry.at("value");
    rules.push_back(std::move(rule));
  }
  s.validation_rules = std::move(rules);
  return "";
}

Json show_rules(const Settings& s) {
  Json list = Json::array();
  for (const ValidationRule& r : s.validation_rules) {
    list.push_back(Json{{"field", r.field}, {"operator", r.op}, {"value", r.value}, {"message", r.message}});
  }
  return list;
}

const std::vector<Switch<Settings>>& switches() {
  using S = Settings;
  static const std::vector<Switch<Settings>> list = {
      number("page_size", "Rows in one page of a query answer, at most 2000.", &S::page_size, 1),
      number("session_seconds", "How long an access token is good for.", &S::session_seconds, 0),
      number("locator_hours", "How long the next pages of a query can be fetched.", &S::locator_hours, 0),
      flag("rotate_refresh_tokens", "Each refresh answers a new refresh token and ends the old one.",
           &S::rotate_refresh_tokens),
      flag("shares_sessions", "A login answers the token of the user's session that is under way, where there is one.",
           &S::shares_sessions),
      flag("restricted_picklists", "Values outside a restricted picklist (StageName) are refused.",
           &S::restricted_picklists),
      flag("multi_currency", "The org has several currencies: CurrencyIsoCode exists.", &S::multi_currency),
      word("corporate_currency", "The currency of records that name none.", &S::corporate_currency, {}),
      currency_codes("currencies", "The active currencies.", &S::currencies),
      words("missing_columns", "Fields that the org lacks (or hides), by API name.", &S::missing_columns),
      words("read_only_columns", "Fields that the API user may read but not write.", &S::read_only_columns),
      words("missing_permissions",
            "Permissions that the API user lacks: CustomizeApplication, AssignPermissionSets, Opportunity.Create, "
            "Account.Edit, Contact.Read.",
            &S::missing_permissions),
      words("hidden_rows",
            "Records (ids) that are not shared with the API user: its reads leave them out, and show null where others "
            "refer to them.",
            &S::hidden_rows),
      {"validation_rules", "Opportunities for which `field operator value` holds are refused with `message`.",
       show_rules, change_rules},
      word("duplicate_rule", "What happens to a record with the name (contacts: e-mail) of another one.",
           &S::duplicate_rule, {"off", "alert", "block"}),
      words("duplicate_rule_objects", "Objects that the duplicate rule watches.", &S::duplicate_rule_objects),
      word("picklist_member",
           "What names a value of a picklist that is made by the Tooling API: both are taken, or one and the other is "
           "refused.",
           &S::picklist_member, {"both", "fullName", "valueName"}),
      word("wrong_type_refuses",
           "What a value that its field cannot hold refuses in a collection: the whole call, as it is met while the "
           "request is read, or its record.",
           &S::wrong_type_refuses, {"call", "record"}),
      flag("locks_in_automations",
           "Locked rows are met by an automation: its failure is answered, with UNABLE_TO_LOCK_ROW in its words.",
           &S::locks_in_automations),
      number("lock_next_writes", "So many of the next writes answer UNABLE_TO_LOCK_ROW.", &S::lock_next_writes, 0),
      words("locked_ids", "Writes to these records answer UNABLE_TO_LOCK_ROW.", &S::locked_ids),
      number("daily_api_limit", "Calls within 24 hours; above it: 403 REQUEST_LIMIT_EXCEEDED.", &S::daily_api_limit, 0),
      number("api_used", "Calls counted against the daily limit so far.", &S::api_used, 0),
      number("bulk_polls", "How often a Bulk API job answers InProgress before it is complete.", &S::bulk_polls, 0),
      word("precondition_field", "The time that If-Unmodified-Since compares with.", &S::precondition_field,
           {"LastModifiedDate", "SystemModstamp"}),
      word("jwt_public_key", "PEM that JWT assertions must be signed for; empty: none is registered, all are refused.",
           &S::jwt_public_key, {}),
      word("permitted_users",
           "Who may use the app by JWT: users that an admin approved, or that approved it themselves.",
           &S::permitted_users, {"admin_approved", "self_authorized"}),
      words("unapproved_users", "User names for which the app is not approved: JWT logins are refused.",
            &S::unapproved_users)};
  return list;
}

}  // namespace

std::vector<Setting> list_settings(const State& state) { return shown(switches(), state.settings); }

std::string change_setting(State& state, const std::string& name, const Json& value, Instant now) {
  Settings changed = state.settings;
  if (std::string problem = change(switches(), changed, name, value); !problem.empty()) return problem;
  const auto& codes = changed.currencies;
  if (std::find(codes.begin(), codes.end(), changed.corporate_currency) == codes.end()) {
    return name + ": the corporate currency " + changed.corporate_currency + " must be among the currencies";
  }
  changed.page_size = std::min<std::int64_t>(changed.page_size, 2000);
  state.settings = std::move(changed);
  apply_visibility(state, now);
  return "";
}

}  // namespace cosell::emulator::salesforce
