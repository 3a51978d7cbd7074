// The order of the steps: what is there, columns, permission set, columns in it, its assignment. Each is looked for
// before it is made, so a run that broke off is continued by the next.
#include "connectors/salesforce/salesforce_columns.h"

#include <algorithm>

#include "base/text.h"
#include "connectors/salesforce/salesforce_wire.h"

namespace cosell::salesforce {
namespace {

using State = SetUpStep::State;

const std::string kPermissionSet = "Cosell_Bridge";
const std::string kNeeded =
    "Give the bridge's user the permission \"Customize Application\" for the time of the set-up, or deploy "
    "config/salesforce as an administrator (docs/setup-salesforce.md).";
const std::string kAssignNeeded =
    "Give the bridge's user the permissions \"Manage Profiles and Permission Sets\" and \"Assign Permission Sets\" for "
    "the time of the set-up, or let an administrator do this step (docs/setup-salesforce.md).";

SetUpStep failed(std::string what, const Error& e, const std::string& permission) {
  // Without the permission the metadata objects look as if they did not exist.
  const bool privilege =
      e.kind == ErrorClass::forbidden || e.rule == "INVALID_TYPE" || e.rule == "NOT_FOUND" || e.http_status == 404;
  if (privilege) {
    const std::string words = e.detail.empty() ? e.message : e.detail;
    return {State::failed, std::move(what), "the bridge's user may not do this (" + words + ").", permission};
  }
  const bool unreachable = e.kind == ErrorClass::transient || e.kind == ErrorClass::unknown;
  return {State::failed, std::move(what), e.message,
          unreachable ? "Check the address and the network, then run the set-up again."
                      : "Correct this, then run the set-up again.",
          e.kind};
}

json::Value text_value(const std::string& text) { return json::Value::string(text); }

json::Value choices(const OwnColumn& column, const std::string& value_member) {
  json::Value list = json::Value::array();
  for (const OwnColumn::Choice& c : column.choices) {
    json::Value entry = json::Value::object();
    entry.set(value_member, text_value(c.value));
    entry.set("label", text_value(c.label));
    entry.set("default", json::Value::boolean(false));
    list.append(std::move(entry));
  }
  json::Value definition = json::Value::object();
  definition.set("sorted", json::Value::boolean(false));
  definition.set("value", std::move(list));
  json::Value set = json::Value::object();
  set.set("restricted", json::Value::boolean(true));
  set.set("valueSetDefinition", std::move(definition));
  return set;
}

bool is_custom(const std::string& name) { return name.size() > 3 && text::ends_with(text::lower_ascii(name), "__c"); }

std::string in_quotes(const std::string& value) { return "'" + value + "'"; }

// Refused is the one that is there, or missed is the other one.
bool names_value_member(const Error& e) {
  std::string words = e.detail;
  for (const std::string& field : e.fields) words += " " + field;
  words = text::lower_ascii(words);
  return words.find("fullname") != std::string::npos || words.find("valuename") != std::string::npos;
}

std::string id_in(const json::Value& answer) { return answer.text_of("id"); }

}  // namespace

json::Value custom_field_of(const OwnColumn& column, const std::string& value_member) {
  json::Value m = json::Value::object();
  m.set("label", text_value(column.label));
  m.set("inlineHelpText", text_value(column.help));
  m.set("description", text_value("For cosell, the bridge to Microsoft Partner Center. " + column.help));
  switch (column.kind) {
    case ColumnKind::text:
      m.set("type", text_value("Text"));
      m.set("length", json::Value::integer(column.length));
      if (column.key) {
        m.set("externalId", json::Value::boolean(true));
        m.set("unique", json::Value::boolean(true));
        m.set("caseSensitive", json::Value::boolean(false));
      }
      break;
    case ColumnKind::long_text:
      m.set("type", text_value("LongTextArea"));
      m.set("length", json::Value::integer(column.length));
      m.set("visibleLines", json::Value::integer(4));
      break;
    case ColumnKind::tick:
      m.set("type", text_value("Checkbox"));
      m.set("defaultValue", text_value("false"));
      break;
    case ColumnKind::instant:
      m.set("type", text_value("DateTime"));
      break;
    case ColumnKind::link:
      m.set("type", text_value("Url"));
      break;
    case ColumnKind::choice:
      m.set("type", text_value("Picklist"));
      m.set("valueSet", choices(column, value_member));
      break;
  }
  json::Value body = json::Value::object();
  body.set("FullName", text_value("Opportunity." + column.name));
  body.set("Metadata", std::move(m));
  return body;
}

Result<json::Value> SalesforceColumns::rows(Call& call, const std::string& soql) {
  Ask ask = client_.query(soql, false);
  const auto answer = client_.send(call, ask);
  if (!answer) return answer.error();
  const auto root = json::read(answer->body);
  const json::Value* records = root ? root->find("records") : nullptr;
  if (records == nullptr || !records->is_array()) {
    return make_error(ErrorClass::bad_response, "The answer to " + ask.name + " has no list of records.");
  }
  return *records;
}

Result<json::Value> SalesforceColumns::post(Call& call, const std::string& path, json::Value body,
                                            const std::string& name) {
  Ask ask;
  ask.method = "POST";
  ask.path = client_.path(path);
  ask.body = std::move(body);
  ask.name = name;
  ask.writes = true;
  const auto answer = client_.send(call, ask);
  if (!answer) return answer.error();
  auto root = json::read(answer->body);
  if (!root) return make_error(ErrorClass::bad_response, "The answer to " + name + " is not JSON.");
  return *std::move(root);
}

Result<SalesforceColumns::Present> SalesforceColumns::present(Call& call) {
  schema_.forget();
  const auto visible = schema_.columns_of(call, "Opportunity");
  if (!visible) return visible.error();
  Present out;
  out.visible = **visible;
  Ask ask;
  ask.path = client_.path("/tooling/query?q=" + text::percent_encode("SELECT DeveloperName FROM CustomField WHERE "
                                                                     "TableEnumOrId = 'Opportunity'"));
  ask.name = "GET tooling query of CustomField";
  const auto answer = client_.send(call, ask);
  if (!answer) return answer.error();
  const auto root = json::read(answer->body);
  const json::Value* records = root ? root->find("records") : nullptr;
  if (records == nullptr || !records->is_array()) {
    return make_error(ErrorClass::bad_response, "The answer to " + ask.name + " has no list of records.");
  }
  for (const json::Value& record : records->items()) out.custom.push_back(record.text_of("DeveloperName"));
  return out;
}

SetUpStep SalesforceColumns::step_for(const OwnColumn& column, const Present& present, bool& make, bool& show) const {
  const std::string what = "Column " + column.name;
  const auto seen = std::find_if(present.visible.begin(), present.visible.end(), [&](const DescribedColumn& c) {
    return text::equals_ignore_case(c.info.name, column.name);
  });
  if (seen != present.visible.end()) {
    if (column.key && !(seen->external_id && seen->unique)) {
      return {State::failed, what, "is there, but not marked \"External ID\" and \"Unique\".",
              "Mark it so in Setup, Object Manager, Opportunity, Fields & Relationships."};
    }
    return {State::there, what, "is there.", ""};
  }
  if (!is_custom(column.name)) {
    return {State::failed, what, "does not exist, and a name without __c is none that can be created.",
            "Correct the name in the mapping, or give the bridge's user read access to it."};
  }
  const std::string developer_name = column.name.substr(0, column.name.size() - 3);
  const bool hidden = std::any_of(present.custom.begin(), present.custom.end(), [&](const std::string& name) {
    return text::equals_ignore_case(name, developer_name);
  });
  show = true;
  if (hidden) return {State::missing, what, "is there, but the bridge's user may not see it.", ""};
  make = true;
  return {State::missing, what, "\"" + column.label + "\" does not exist yet.", ""};
}

Result<json::Value> SalesforceColumns::post_field(Call& call, const OwnColumn& column) {
  return post(call, "/tooling/sobjects/CustomField", custom_field_of(column, value_member_), "POST CustomField");
}

Result<void> SalesforceColumns::make(Call& call, const OwnColumn& column) {
  auto made = post_field(call, column);
  if (!made && column.kind == ColumnKind::choice && names_value_member(made.error())) {
    value_member_ = value_member_ == "fullName" ? "valueName" : "fullName";
    made = post_field(call, column);
  }
  if (made) return {};
  // Somebody else made it meanwhile, or the answer to our own request was lost.
  if (made.error().rule == "DUPLICATE_DEVELOPER_NAME") return {};
  return made.error();
}

Result<std::string> SalesforceColumns::permission_set(Call& call) {
  const auto found = rows(call, "SELECT Id FROM PermissionSet WHERE Name = " + in_quotes(kPermissionSet));
  if (!found) return found.error();
  if (!found->items().empty()) {
    const std::string id = found->items().front().text_of("Id");
    if (id.empty()) return make_error(ErrorClass::bad_response, "The answer to GET query has a row without an id.");
    return id;
  }
  json::Value body = json::Value::object();
  body.set("Name", text_value(kPermissionSet));
  body.set("Label", text_value("Co-sell with Microsoft"));
  body.set("Description", text_value("Shows the columns of cosell, the bridge to Microsoft Partner Center."));
  const auto made = post(call, "/sobjects/PermissionSet", std::move(body), "POST PermissionSet");
  if (!made) return made.error();
  return id_in(*made);
}

Result<void> SalesforceColumns::show_columns(Call& call, const std::string& permission_set,
                                             const std::vector<std::string>& names) {
  const auto found = rows(call, "SELECT Field FROM FieldPermissions WHERE ParentId = " + in_quotes(permission_set));
  if (!found) return found.error();
  for (const std::string& name : names) {
    const std::string field = "Opportunity." + name;
    const bool shown = std::any_of(found->items().begin(), found->items().end(), [&](const json::Value& row) {
      return text::equals_ignore_case(row.text_of("Field"), field);
    });
    if (shown) continue;
    json::Value body = json::Value::object();
    body.set("ParentId", text_value(permission_set));
    body.set("SobjectType", text_value("Opportunity"));
    body.set("Field", text_value(field));
    body.set("PermissionsRead", json::Value::boolean(true));
    body.set("PermissionsEdit", json::Value::boolean(true));
    const auto made = post(call, "/sobjects/FieldPermissions", std::move(body), "POST FieldPermissions");
    if (!made) return made.error();
  }
  return {};
}

Result<void> SalesforceColumns::assign(Call& call, const std::string& permission_set) {
  Ask ask;
  ask.path = client_.path("");
  ask.name = "GET resources";
  const auto answer = client_.send(call, ask);
  if (!answer) return answer.error();
  const auto root = json::read(answer->body);
  const std::string identity = root ? root->text_of("identity") : "";
  const std::string user = identity.substr(identity.rfind('/') + 1);
  if (!text::starts_with(user, "005")) {
    return make_error(ErrorClass::bad_response,
                      "The answer to " + ask.name + " does not tell who the bridge's user is.");
  }
  const auto found =
      rows(call, "SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = " + in_quotes(permission_set) +
                     " AND AssigneeId = " + in_quotes(user));
  if (!found) return found.error();
  if (!found->items().empty()) return {};
  json::Value body = json::Value::object();
  body.set("PermissionSetId", text_value(permission_set));
  body.set("AssigneeId", text_value(user));
  const auto made = post(call, "/sobjects/PermissionSetAssignment", std::move(body), "POST PermissionSetAssignment");
  if (!made) return made.error();
  return {};
}

SetUpStep SalesforceColumns::show(Call& call, const std::vector<std::string>& names) {
  const std::string what = "Permission set " + kPermissionSet;
  const auto set = permission_set(call);
  if (!set) return failed(what, set.error(), kAssignNeeded);
  if (const auto shown = show_columns(call, *set, names); !shown) return failed(what, shown.error(), kAssignNeeded);
  if (const auto done = assign(call, *set); !done) return failed(what, done.error(), kAssignNeeded);
  return {State::made, what,
          "shows " + text::count_of(names.size(), "column") +
              " to the bridge's user. Assign it to the sellers too, and put the columns on their page layout.",
          ""};
}

std::vector<SetUpStep> SalesforceColumns::make_columns(Call& call, const std::vector<OwnColumn>& wanted, bool dry_run) {
  const auto found = present(call);
  if (!found) return {failed("Columns of Opportunity", found.error(), kNeeded)};
  std::vector<SetUpStep> steps;
  std::vector<std::string> to_show;
  for (const OwnColumn& column : wanted) {
    bool make_it = false;
    bool show_it = false;
    SetUpStep step = step_for(column, *found, make_it, show_it);
    if (make_it && !dry_run) {
      if (const auto done = make(call, column); !done) {
        steps.push_back(failed(step.what, done.error(), kNeeded));
        if (steps.back().remedy == kNeeded) return steps;  // the others would fail alike
        continue;
      }
      step = {State::made, step.what, "\"" + column.label + "\" was created.", ""};
    }
    if (show_it) to_show.push_back(column.name);
    steps.push_back(std::move(step));
  }
  if (to_show.empty()) return steps;
  if (dry_run) {
    steps.push_back({State::missing, "Permission set " + kPermissionSet,
                     "will show " + text::count_of(to_show.size(), "column") + " to the bridge's user.", ""});
    return steps;
  }
  steps.push_back(show(call, to_show));
  if (steps.back().state == State::made) {
    for (SetUpStep& step : steps) {
      if (step.state == State::missing) {
        step = {State::made, step.what, "can be seen by the bridge's user now.", ""};
      }
    }
  }
  schema_.forget();
  return steps;
}

}  // namespace cosell::salesforce
