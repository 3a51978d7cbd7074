// The order of the steps: what is there, publisher and solution, columns, the key, publishing. Each is looked for
// before it is made, so a run that broke off is continued by the next.
#include "connectors/dynamics365/dynamics365_columns.h"

#include <algorithm>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_odata.h"
#include "connectors/dynamics365/dynamics365_wire.h"

namespace cosell::dynamics365 {
namespace {

using Step = SetUpStep::State;

const std::string kSolution = "cosell_bridge";
const std::string kTable = "EntityDefinitions(LogicalName='opportunity')";
const std::string kTypes = "Microsoft.Dynamics.CRM.";
// Numbers of the bridge's own options begin here (the shipped mapping names 974830000 to 974830006).
constexpr std::int64_t kOptionPrefix = 97483;
const std::string kRoleNeeded =
    "Give the application user the security role \"System Customizer\" for the time of the set-up, then run it again "
    "(docs/setup-dynamics365.md).";

SetUpStep not_done(std::string what, const Error& e) {
  if (e.kind == ErrorClass::forbidden) {
    const std::string said = e.detail.empty() ? e.message : e.detail;
    return {Step::failed, std::move(what), "the bridge's user may not do this (" + said + ").", kRoleNeeded};
  }
  const bool unreachable = e.kind == ErrorClass::transient || e.kind == ErrorClass::unknown;
  return {Step::failed, std::move(what), e.message,
          unreachable ? "Check the address and the network, then run the set-up again."
                      : "Correct this, then run the set-up again.",
          e.kind};
}

json::Value words(const std::string& text) { return json::Value::string(text); }

json::Value typed(const char* type) {
  json::Value v = json::Value::object();
  v.set("@odata.type", words(kTypes + type));
  return v;
}

json::Value label_of(const std::string& text, int language) {
  json::Value one = typed("LocalizedLabel");
  one.set("Label", words(text));
  one.set("LanguageCode", json::Value::integer(language));
  json::Value list = json::Value::array();
  list.append(std::move(one));
  json::Value label = typed("Label");
  label.set("LocalizedLabels", std::move(list));
  return label;
}

bool is_number(const std::string& value) {
  return !value.empty() && value.size() < 10 && value.find_first_not_of("0123456789") == std::string::npos;
}

bool has_numbers(const OwnColumn& column) {
  return std::all_of(column.choices.begin(), column.choices.end(),
                     [](const OwnColumn::Choice& c) { return is_number(c.value); });
}

json::Value option_of(std::int64_t value, const std::string& text, int language) {
  json::Value option = json::Value::object();
  option.set("Value", json::Value::integer(value));
  option.set("Label", label_of(text, language));
  return option;
}

json::Value options_of(const OwnColumn& column, int language) {
  json::Value list = json::Value::array();
  for (const OwnColumn::Choice& c : column.choices) list.append(option_of(std::stoll(c.value), c.label, language));
  json::Value set = typed("OptionSetMetadata");
  set.set("IsGlobal", json::Value::boolean(false));
  set.set("OptionSetType", words("Picklist"));
  set.set("Options", std::move(list));
  return set;
}

json::Value yes_and_no(int language) {
  json::Value set = typed("BooleanOptionSetMetadata");
  set.set("TrueOption", option_of(1, "Yes", language));
  set.set("FalseOption", option_of(0, "No", language));
  return set;
}

json::Value text_attribute(const OwnColumn& column, const char* format) {
  json::Value a = typed("StringAttributeMetadata");
  a.set("MaxLength", json::Value::integer(column.length));
  json::Value name = json::Value::object();
  name.set("Value", words(format));
  a.set("FormatName", std::move(name));
  return a;
}

json::Value bare_attribute(const OwnColumn& column, int language) {
  switch (column.kind) {
    case ColumnKind::text:
      break;
    case ColumnKind::link:
      return text_attribute(column, "Url");
    case ColumnKind::long_text: {
      json::Value a = typed("MemoAttributeMetadata");
      a.set("MaxLength", json::Value::integer(column.length));
      a.set("Format", words("TextArea"));
      return a;
    }
    case ColumnKind::tick: {
      json::Value a = typed("BooleanAttributeMetadata");
      a.set("DefaultValue", json::Value::boolean(false));
      a.set("OptionSet", yes_and_no(language));
      return a;
    }
    case ColumnKind::instant: {
      json::Value a = typed("DateTimeAttributeMetadata");
      a.set("Format", words("DateAndTime"));
      return a;
    }
    case ColumnKind::choice: {
      if (!has_numbers(column)) break;
      json::Value a = typed("PicklistAttributeMetadata");
      a.set("OptionSet", options_of(column, language));
      return a;
    }
  }
  return text_attribute(column, "Text");
}

// "cosell" of "cosell_state"; "" when it is no name of a custom column.
std::string prefix_of(const std::string& column) {
  const std::size_t underscore = column.find('_');
  if (underscore == std::string::npos || underscore < 2 || underscore > 8 || underscore + 1 == column.size()) return "";
  return column.substr(0, underscore);
}

http::Headers in_solution() {
  http::Headers headers;
  headers.set("MSCRM.SolutionUniqueName", kSolution);
  return headers;
}

// The columns that have an alternate key of their own.
Result<std::vector<std::string>> keys_in(const http::Response& answer, const std::string& request) {
  const auto table = read_body(answer.body, request);
  if (!table) return table.error();
  const json::Value* keys = table->find("Keys");
  if (keys == nullptr || !keys->is_array()) return not_understood(request, "it has no list of keys.");
  std::vector<std::string> columns;
  for (const json::Value& key : keys->items()) {
    const json::Value* attributes = key.find("KeyAttributes");
    if (attributes == nullptr || !attributes->is_array()) return not_understood(request, "a key has no columns.");
    if (attributes->items().size() == 1) columns.push_back(attributes->items().front().text());
  }
  return columns;
}

Result<int> language_in(const http::Response& answer, const std::string& request) {
  const auto root = read_body(answer.body, request);
  if (!root) return root.error();
  const json::Value* rows = root->find("value");
  const json::Value* code =
      rows == nullptr || rows->items().empty() ? nullptr : rows->items().front().find("languagecode");
  const auto number = code == nullptr ? std::nullopt : code->as_integer();
  if (!number || *number < 1 || *number > 0xFFFFF) return not_understood(request, "it names no language.");
  return static_cast<int>(*number);
}

// DuplicateAttributeSchemaName, for columns and keys, and one that keys have of their own.
bool says_there(const Error& e) { return e.rule == "0x80047013" || e.rule == "0x80060893"; }

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

json::Value attribute_of(const OwnColumn& column, int language) {
  json::Value a = bare_attribute(column, language);
  a.set("SchemaName", words(column.name));
  a.set("DisplayName", label_of(column.label, language));
  a.set("Description", label_of(column.help, language));
  json::Value level = json::Value::object();
  level.set("Value", words("None"));
  a.set("RequiredLevel", std::move(level));
  return a;
}

Result<Dynamics365Columns::Present> Dynamics365Columns::present(Call& call) {
  schema_.forget();
  Present out;
  const auto columns = schema_.columns_of(call, "opportunity");
  if (!columns) return columns.error();
  for (const DescribedColumn& c : **columns) out.columns.push_back(c.info.name);
  const std::vector<Read> asks = {
      {kTable + "?$select=LogicalName&$expand=Keys($select=KeyAttributes)", "GET alternate keys of opportunity"},
      {"organizations?$select=languagecode", "GET organizations"}};
  const auto answers = client_.read_all(call, asks);
  if (!answers[0]) return answers[0].error();
  auto keys = keys_in(*answers[0], asks[0].name);
  if (!keys) return keys.error();
  out.keys = *std::move(keys);
  // Who may not read its language writes labels in English, which most organisations have.
  if (!answers[1] && answers[1].error().kind == ErrorClass::forbidden) return out;
  if (!answers[1]) return answers[1].error();
  const auto language = language_in(*answers[1], asks[1].name);
  if (!language) return language.error();
  out.language = *language;
  return out;
}

Result<std::string> Dynamics365Columns::row_id(Call& call, const std::string& set, const std::string& id_column,
                                               const std::string& filter, const json::Value& fresh) {
  const auto look = [&]() -> Result<std::string> {
    const auto answer =
        client_.read(call, {resource(set, {{"$select", id_column}, {"$filter", filter}}), "GET " + set});
    if (!answer) return answer.error();
    const auto root = read_body(answer->body, "GET " + set);
    if (!root) return root.error();
    const json::Value* rows = root->find("value");
    if (rows == nullptr || !rows->is_array()) return not_understood("GET " + set, "it has no list of rows.");
    if (rows->items().empty()) return std::string();
    std::string id = normal_guid(rows->items().front().text_of(id_column));
    if (id.empty()) return not_understood("GET " + set, "a row has no id.");
    return id;
  };
  auto id = look();
  if (!id || !id->empty()) return id;
  const auto made = client_.change(call, {"POST", set, json::write(fresh), {}, "POST " + set});
  if (!made) return made.error();
  return look();
}

Result<void> Dynamics365Columns::ensure_solution(Call& call, const std::string& prefix) {
  json::Value publisher = json::Value::object();
  publisher.set("uniquename", words(prefix));
  publisher.set("friendlyname", words("cosell, the bridge to Microsoft Partner Center"));
  publisher.set("customizationprefix", words(prefix));
  publisher.set("customizationoptionvalueprefix", json::Value::integer(kOptionPrefix));
  const auto publisher_id =
      row_id(call, "publishers", "publisherid", "customizationprefix eq '" + prefix + "'", publisher);
  if (!publisher_id) return publisher_id.error();
  json::Value solution = json::Value::object();
  solution.set("uniquename", words(kSolution));
  solution.set("friendlyname", words("cosell bridge"));
  solution.set("version", words("1.0.0.0"));
  solution.set("publisherid@odata.bind", words("/publishers(" + *publisher_id + ")"));
  const auto solution_id = row_id(call, "solutions", "solutionid", "uniquename eq '" + kSolution + "'", solution);
  if (!solution_id) return solution_id.error();
  return {};
}

// Somebody else made it since it was looked for, or what was looked at was older; whether it is the one that is wanted
// shows when it is looked for again.
Result<Step> Dynamics365Columns::make(Call& call, const OwnColumn& column, int language) {
  const auto made = client_.change(call, {"POST", kTable + "/Attributes", json::write(attribute_of(column, language)),
                                          in_solution(), "POST attribute " + column.name});
  if (made) return Step::made;
  if (says_there(made.error())) {
    const auto now = present(call);
    if (now && holds(now->columns, column.name)) return Step::there;
  }
  return made.error();
}

Result<Step> Dynamics365Columns::make_key(Call& call, const OwnColumn& column, int language) {
  json::Value key = json::Value::object();
  key.set("SchemaName", words(column.name + "_key"));
  key.set("DisplayName", label_of(column.label, language));
  json::Value columns = json::Value::array();
  columns.append(words(column.name));
  key.set("KeyAttributes", std::move(columns));
  const auto made =
      client_.change(call, {"POST", kTable + "/Keys", json::write(key), in_solution(), "POST key of " + column.name});
  if (made) return Step::made;
  if (says_there(made.error())) {
    const auto now = present(call);
    if (now && holds(now->keys, column.name)) return Step::there;
  }
  return made.error();
}

Result<void> Dynamics365Columns::publish(Call& call) {
  json::Value body = json::Value::object();
  body.set("ParameterXml",
           words("<importexportxml><entities><entity>opportunity</entity></entities></importexportxml>"));
  const auto done = client_.change(call, {"POST", "PublishXml", json::write(body), {}, "POST PublishXml"});
  if (!done) return done.error();
  return {};
}

std::vector<SetUpStep> Dynamics365Columns::make_columns(Call& call, const std::vector<OwnColumn>& wanted,
                                                        bool dry_run) {
  const Dynamics365Client::Latest latest(client_);
  const auto found = present(call);
  if (!found) return {not_done("Columns of opportunity", found.error())};
  std::vector<SetUpStep> steps;
  std::vector<std::string> prefixes;  // whose publisher is known to exist
  bool changed = false;
  for (const OwnColumn& column : wanted) {
    const std::string what = "Column " + column.name;
    const std::string prefix = prefix_of(column.name);
    if (holds(found->columns, column.name)) {
      steps.push_back({Step::there, what, "is there."});
    } else if (prefix.empty() || column.name != text::lower_ascii(column.name)) {
      steps.push_back({Step::failed, what, "does not exist, and this is no name that can be created.",
                       "Correct the name in the mapping; custom columns are named like cosell_state."});
      continue;
    } else if (dry_run) {
      steps.push_back({Step::missing, what, "\"" + column.label + "\" does not exist yet."});
    } else {
      const bool known = holds(prefixes, prefix);
      if (const auto ready = known ? Result<void>() : ensure_solution(call, prefix); !ready) {
        steps.push_back(not_done("Solution " + kSolution, ready.error()));
        return steps;
      }
      if (!known) prefixes.push_back(prefix);
      const auto made = make(call, column, found->language);
      if (!made) {
        steps.push_back(not_done(what, made.error()));
        if (made.error().kind != ErrorClass::rejected) return steps;  // the others would fail alike
        continue;
      }
      changed = changed || *made == Step::made;
      steps.push_back({*made, what, *made == Step::there ? "is there." : "\"" + column.label + "\" was created."});
    }
    if (!column.key || holds(found->keys, column.name)) continue;
    const std::string key = "Alternate key on " + column.name;
    if (dry_run) {
      steps.push_back({Step::missing, key, "does not exist yet."});
      continue;
    }
    const auto made = make_key(call, column, found->language);
    if (!made) {
      steps.push_back(not_done(key, made.error()));
      continue;
    }
    changed = changed || *made == Step::made;
    steps.push_back(
        {*made, key, *made == Step::there ? "is there." : "was created; Dynamics 365 builds it in the background."});
  }
  if (!changed) return steps;
  schema_.forget();
  const auto published = publish(call);
  if (!published) steps.push_back(not_done("Publishing", published.error()));
  if (published) {
    steps.push_back({Step::made, "Solution " + kSolution,
                     "holds the columns and is published. Put them on the opportunity's form for the sellers."});
  }
  return steps;
}

}  // namespace cosell::dynamics365
