// The switches of the org under /_sandbox/settings: their names, what they do, and which values they take.
#include <algorithm>
#include <functional>

#include "base/text.h"
#include "connectors/salesforce/emulator/state.h"

namespace cosell::emulator::salesforce {

namespace {

// One switch: how to show it and how to change it. `change` returns a sentence when the value does not fit.
struct Switch {
  const char* name;
  const char* description;
  std::function<Json(const Settings&)> show;
  std::function<std::string(Settings&, const Json&)> change;
};

Switch number(const char* name, const char* description, std::int64_t Settings::*member, std::int64_t least) {
  return {name, description, [member](const Settings& s) { return Json(s.*member); },
          [member, least](Settings& s, const Json& v) -> std::string {
            if (!v.is_number_integer() || v.get<std::int64_t>() < least) {
              return "expected a whole number of at least " + std::to_string(least);
            }
            s.*member = v.get<std::int64_t>();
            return "";
          }};
}

Switch flag(const char* name, const char* description, bool Settings::*member) {
  return {name, description, [member](const Settings& s) { return Json(s.*member); },
          [member](Settings& s, const Json& v) -> std::string {
            if (!v.is_boolean()) return "expected true or false";
            s.*member = v.get<bool>();
            return "";
          }};
}

Switch words(const char* name, const char* description, std::vector<std::string> Settings::*member) {
  return {name, description, [member](const Settings& s) { return Json(s.*member); },
          [member](Settings& s, const Json& v) -> std::string {
            const bool fits =
                v.is_array() && std::all_of(v.begin(), v.end(), [](const Json& e) { return e.is_string(); });
            if (!fits) return "expected a list of texts";
            s.*member = v.get<std::vector<std::string>>();
            return "";
          }};
}

Switch word(const char* name, const char* description, std::string Settings::*member,
            std::vector<std::string> allowed) {
  return {name, description, [member](const Settings& s) { return Json(s.*member); },
          [member, allowed](Settings& s, const Json& v) -> std::string {
            if (!v.is_string()) return "expected a text";
            const std::string value = v.get<std::string>();
            if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
              return "expected one of: " + text::join(allowed, ", ");
            }
            s.*member = value;
            return "";
          }};
}

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

std::string change_currencies(Settings& s, const Json& v) {
  const bool fits = v.is_array() && !v.empty() && std::all_of(v.begin(), v.end(), [](const Json& e) {
                      return e.is_string() && e.get<std::string>().size() == 3;
                    });
  if (!fits) return "expected a list of three-letter currency codes";
  s.currencies = v.get<std::vector<std::string>>();
  return "";
}

const std::vector<Switch>& switches() {
  using S = Settings;
  static const std::vector<Switch> list = {
      number("page_size", "Rows in one page of a query answer, at most 2000.", &S::page_size, 1),
      number("session_seconds", "How long an access token is good for.", &S::session_seconds, 0),
      number("locator_hours", "How long the next pages of a query can be fetched.", &S::locator_hours, 0),
      flag("rotate_refresh_tokens", "Each refresh answers a new refresh token and ends the old one.",
           &S::rotate_refresh_tokens),
      flag("restricted_picklists", "Values outside a restricted picklist (StageName) are refused.",
           &S::restricted_picklists),
      flag("multi_currency", "The org has several currencies: CurrencyIsoCode exists.", &S::multi_currency),
      word("corporate_currency", "The currency of records that name none.", &S::corporate_currency, {}),
      {"currencies", "The active currencies.", [](const S& s) { return Json(s.currencies); }, change_currencies},
      words("missing_columns", "Fields that the org lacks (or hides), by API name.", &S::missing_columns),
      words("read_only_columns", "Fields that the API user may read but not write.", &S::read_only_columns),
      words("missing_permissions",
            "Permissions that the API user lacks: CustomizeApplication, AssignPermissionSets, Opportunity.Create, "
            "Account.Edit.",
            &S::missing_permissions),
      {"validation_rules", "Opportunities for which `field operator value` holds are refused with `message`.",
       show_rules, change_rules},
      word("duplicate_rule", "What happens to a record with the name (contacts: e-mail) of another one.",
           &S::duplicate_rule, {"off", "alert", "block"}),
      words("duplicate_rule_objects", "Objects that the duplicate rule watches.", &S::duplicate_rule_objects),
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

std::vector<Setting> list_settings(const State& state) {
  std::vector<Setting> list;
  for (const Switch& s : switches()) {
    Setting setting;
    setting.name = s.name;
    setting.description = s.description;
    setting.value = s.show(state.settings);
    list.push_back(std::move(setting));
  }
  return list;
}

std::string change_setting(State& state, const std::string& name, const Json& value, Instant now) {
  std::vector<std::string> names;
  for (const Switch& s : switches()) {
    names.emplace_back(s.name);
    if (s.name != name) continue;
    Settings changed = state.settings;
    const std::string problem = s.change(changed, value);
    if (!problem.empty()) return name + ": " + problem;
    const auto& codes = changed.currencies;
    if (std::find(codes.begin(), codes.end(), changed.corporate_currency) == codes.end()) {
      return name + ": the corporate currency " + changed.corporate_currency + " must be among the currencies";
    }
    changed.page_size = std::min<std::int64_t>(changed.page_size, 2000);
    state.settings = std::move(changed);
    apply_visibility(state, now);
    return "";
  }
  const std::string near = text::nearest(name, names);
  return "no setting " + name + (near.empty() ? "" : "; did you mean " + near + "?");
}

}  // namespace cosell::emulator::salesforce
