// What a new org holds before anyone works in it: users, stages, record types, currencies; and which fields show.
#include <algorithm>

#include "base/text.h"
#include "connectors/salesforce/emulator/state.h"

namespace cosell::emulator::salesforce {

namespace {

struct Person {
  const char* first;
  const char* last;
  const char* email;
  const char* title;
};

constexpr Person kPeople[] = {{"Cosell", "Integration", "integration@cosell.example", "Integration"},
                              {"Dana", "Reyes", "dana.reyes@cosell.example", "Sales Operations"},
                              {"Mia", "Berger", "mia.berger@cosell.example", "Account Executive"},
                              {"Tom", "Okafor", "tom.okafor@cosell.example", "Account Executive"},
                              {"Lena", "Svensson", "lena.svensson@cosell.example", "Account Executive"},
                              {"Raj", "Patel", "raj.patel@cosell.example", "Account Executive"},
                              {"Old", "Seller", "old.seller@cosell.example", "Account Executive"}};

// A number of the range that is kept for fiction; the same for the same person.
std::string phone_of(const std::string& email) {
  unsigned sum = 0;
  for (const char c : email) sum = sum * 31 + static_cast<unsigned char>(c);
  return "+1 555 01" + std::to_string(10 + sum % 90);
}

std::string add_user(State& state, const Person& p, bool active, Instant now) {
  const std::string first = p.first;
  const std::string last = p.last;
  const std::string full = first.empty() ? last : first + " " + last;
  const std::string alias = text::lower_ascii(first.substr(0, 1) + last.substr(0, 4));
  const RowPtr row = put_row(state, "User",
                             {{"Username", std::string(p.email)},
                              {"LastName", last},
                              {"FirstName", first.empty() ? Value{} : Value{first}},
                              {"Name", full},
                              {"Email", std::string(p.email)},
                              {"Phone", phone_of(p.email)},
                              {"Title", std::string(p.title)},
                              {"Alias", alias},
                              {"IsActive", active},
                              {"UserType", std::string("Standard")},
                              {"DefaultCurrencyIsoCode", state.settings.corporate_currency}},
                             now);
  return row->id;
}

std::vector<Stage> standard_stages() {
  return {{"Received from Microsoft", 5, "Omitted", false, false},
          {"Prospecting", 10, "Pipeline", false, false},
          {"Qualification", 10, "Pipeline", false, false},
          {"Needs Analysis", 20, "Pipeline", false, false},
          {"Value Proposition", 50, "Pipeline", false, false},
          {"Id. Decision Makers", 60, "Pipeline", false, false},
          {"Perception Analysis", 70, "Pipeline", false, false},
          {"Proposal/Price Quote", 75, "Pipeline", false, false},
          {"Negotiation/Review", 90, "Pipeline", false, false},
          {"Closed Won", 100, "Closed", true, true},
          {"Closed Lost", 0, "Omitted", true, false}};
}

std::string api_category(const std::string& label) {
  if (label == "Commit") return "Forecast";
  return text::replace_all(label, " ", "");
}

bool names(const std::vector<std::string>& list, const std::string& field) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& name) { return text::equals_ignore_case(name, field); });
}

void set_currency_rows(State& state, Instant now) {
  Table& table = state.model.table("CurrencyType");
  const Object& o = table.object();
  for (const std::string& code : state.settings.currencies) {
    const bool corporate = code == state.settings.corporate_currency;
    RowPtr present;
    for (const RowPtr& row : table.rows()) {
      if (row != nullptr && row->cell(o.at("IsoCode")) == Value{code}) present = row;
    }
    if (present == nullptr) {
      put_row(state, "CurrencyType",
              {{"IsoCode", code},
               {"ConversionRate", 1.0},
               {"DecimalPlaces", code == "JPY" ? 0.0 : 2.0},
               {"IsActive", true},
               {"IsCorporate", corporate}},
              now);
    } else if (present->cell(o.at("IsCorporate")) != Value{corporate}) {
      Row changed = *present;
      changed.put(o.at("IsCorporate"), corporate);
      changed.stamp = whole_seconds(now);
      table.put(std::make_shared<const Row>(std::move(changed)));
    }
  }
}

}  // namespace

RowPtr put_row(State& state, std::string_view object, const std::vector<std::pair<std::string, Value>>& cells,
               Instant now) {
  Table& table = state.model.table(object);
  Row row;
  row.position = table.take_position();
  row.id = table.id_at(row.position);
  row.created = row.modified = row.stamp = whole_seconds(now);
  row.created_by = row.modified_by = state.integration_user.empty() ? row.id : state.integration_user;
  for (const auto& cell : cells) row.put(table.object().at(cell.first), cell.second);
  auto version = std::make_shared<const Row>(std::move(row));
  state.model.put(table.object(), version);
  return version;
}

void furnish(State& state, Instant now) {
  for (const Person& p : kPeople) {
    const bool active = std::string_view(p.first) != "Old";
    const std::string id = add_user(state, p, active, now);
    if (state.integration_user.empty()) {
      state.integration_user = id;
    } else if (state.person.empty()) {
      state.person = id;
    }
  }
  // The account that logs in is the integration user, whatever name the options give it.
  Table& users = state.model.table("User");
  Row integration = *users.by_id(state.integration_user);
  integration.put(users.object().at("Username"), state.options.username);
  integration.created_by = integration.modified_by = integration.id;
  users.put(std::make_shared<const Row>(std::move(integration)));

  const RowPtr organization = put_row(state, "Organization",
                                      {{"Name", std::string("Cosell Sandbox")},
                                       {"InstanceName", std::string("CS1")},
                                       {"IsSandbox", true},
                                       {"OrganizationType", std::string("Enterprise Edition")},
                                       {"TimeZoneSidKey", std::string("GMT")},
                                       {"DefaultLocaleSidKey", std::string("en_US")}},
                                      now);
  state.organization = organization->id;
  for (const char* name : {"New_Business", "Renewal"}) add_record_type(state, name, now);
  state.settings.jwt_public_key = state.options.jwt_public_key;
  if (!state.options.refresh_token.empty()) state.refresh_tokens[state.options.refresh_token] = state.integration_user;
  set_stages(state, standard_stages(), now);
  apply_visibility(state, now);
}

bool lacks_permission(const State& state, std::string_view permission) {
  const auto& missing = state.settings.missing_permissions;
  return std::find(missing.begin(), missing.end(), permission) != missing.end();
}

bool lacks_permission(const State& state, const std::string& object, const char* right) {
  return lacks_permission(state, object + "." + right);
}

bool is_hidden(const State& state, const std::string& id15) {
  const auto& hidden = state.settings.hidden_rows;
  return std::any_of(hidden.begin(), hidden.end(), [&](const std::string& id) { return parse_id(id) == id15; });
}

namespace {

// Fields ("Opportunity.Cosell_State__c") that a permission set of the API user shows.
std::vector<std::string> fields_shown(State& state) {
  const Table& assignments = state.model.table("PermissionSetAssignment");
  const Table& permissions = state.model.table("FieldPermissions");
  const auto cell = [](const Table& table, const Row& row, const char* field) {
    const auto* text = std::get_if<std::string>(&row.cell(table.object().at(field)));
    return text == nullptr ? std::string() : *text;
  };
  std::vector<std::string> sets;
  for (const RowPtr& row : assignments.rows()) {
    if (row == nullptr || row->deleted || cell(assignments, *row, "AssigneeId") != state.integration_user) continue;
    sets.push_back(cell(assignments, *row, "PermissionSetId"));
  }
  std::vector<std::string> shown;
  for (const RowPtr& row : permissions.rows()) {
    if (row == nullptr || row->deleted || !names(sets, cell(permissions, *row, "ParentId"))) continue;
    if (row->cell(permissions.object().at("PermissionsRead")) == Value{true}) {
      shown.push_back(cell(permissions, *row, "Field"));
    }
  }
  return shown;
}

}  // namespace

void apply_visibility(State& state, Instant now) {
  const std::vector<std::string> shown = fields_shown(state);
  state.schema_changed = whole_seconds(now);
  set_currency_rows(state, now);
  for (Object& o : state.model.schema().objects()) {
    if (o.name == "CurrencyType") o.hidden = !state.settings.multi_currency;
    for (Field& f : o.fields) {
      const bool currency = f.currency_code;
      f.hidden = currency && !state.settings.multi_currency;
      if (o.name == "Opportunity" || o.name == "Account" || o.name == "Contact") {
        f.hidden = f.hidden || names(state.settings.missing_columns, f.name) ||
                   names(state.settings.missing_columns, o.name + "." + f.name);
      }
      f.hidden = f.hidden || (f.needs_permission && !names(shown, o.name + "." + f.name));
      if (!currency) continue;
      f.picks.clear();
      for (const std::string& code : state.settings.currencies) f.picks.push_back({code, code});
    }
  }
}

void set_stages(State& state, const std::vector<Stage>& stages, Instant now) {
  state.schema_changed = whole_seconds(now);
  Table& table = state.model.table("OpportunityStage");
  const Object& o = table.object();
  std::vector<RowPtr> old;
  for (const RowPtr& row : table.rows()) {
    if (row != nullptr) old.push_back(row);
  }
  Field& stage_name =
      state.model.schema().get("Opportunity").fields[state.model.schema().get("Opportunity").at("StageName")];
  stage_name.picks.clear();
  table.clear();
  double order = 0;
  for (const Stage& s : stages) {
    ++order;
    stage_name.picks.push_back({s.name, s.name});
    const auto same = std::find_if(old.begin(), old.end(), [&](const RowPtr& r) {
      const auto* name = std::get_if<std::string>(&r->cell(o.at("ApiName")));
      return name != nullptr && compare_text(*name, s.was.empty() ? s.name : s.was) == 0;
    });
    const std::vector<std::pair<std::string, Value>> cells = {{"MasterLabel", s.name},
                                                              {"ApiName", s.name},
                                                              {"IsActive", true},
                                                              {"SortOrder", order},
                                                              {"IsClosed", s.closed},
                                                              {"IsWon", s.won},
                                                              {"ForecastCategory", api_category(s.forecast_category)},
                                                              {"ForecastCategoryName", s.forecast_category},
                                                              {"DefaultProbability", s.probability}};
    if (same == old.end()) {
      put_row(state, "OpportunityStage", cells, now);
      continue;
    }
    // A stage keeps its id through a change of the list.
    Row row = **same;
    row.stamp = row.modified = whole_seconds(now);
    for (const auto& cell : cells) row.put(o.at(cell.first), cell.second);
    table.put(std::make_shared<const Row>(std::move(row)));
  }
}

std::string record_type_id(const State& state, std::string_view name) {
  const Table& types = state.model.table(*state.model.schema().find("RecordType"));
  for (const RowPtr& row : types.rows()) {
    if (row == nullptr || row->deleted) continue;
    const auto* own = std::get_if<std::string>(&row->cell(types.object().at("DeveloperName")));
    if (own != nullptr && *own == name) return row->id;
  }
  return "";
}

void add_record_type(State& state, const std::string& name, Instant now) {
  if (!record_type_id(state, name).empty()) return;
  state.schema_changed = whole_seconds(now);
  put_row(state, "RecordType",
          {{"Name", text::replace_all(name, "_", " ")},
           {"DeveloperName", name},
           {"SobjectType", std::string("Opportunity")},
           {"IsActive", true}},
          now);
}

void set_record_types(State& state, std::map<std::string, std::vector<std::string>> offered, Instant now) {
  for (const auto& type : offered) add_record_type(state, type.first, now);
  Table& types = state.model.table("RecordType");
  const Object& o = types.object();
  const std::vector<RowPtr> rows = types.rows();
  for (const RowPtr& present : rows) {
    if (present == nullptr) continue;
    Row row = *present;
    const auto* name = std::get_if<std::string>(&row.cell(o.at("DeveloperName")));
    row.put(o.at("IsActive"), name != nullptr && offered.count(*name) > 0);
    types.put(std::make_shared<const Row>(std::move(row)));
  }
  state.schema_changed = whole_seconds(now);
  state.offered_stages = std::move(offered);
}

std::vector<Stage> stages_of(const State& state) {
  std::vector<std::pair<double, Stage>> ordered;
  const Object* o = state.model.schema().find("OpportunityStage");
  if (o == nullptr) return {};
  const auto text_of = [&](const Row& row, const char* field) {
    const auto* t = std::get_if<std::string>(&row.cell(o->at(field)));
    return t == nullptr ? std::string() : *t;
  };
  const auto number_of = [&](const Row& row, const char* field) {
    const auto* n = std::get_if<double>(&row.cell(o->at(field)));
    return n == nullptr ? 0.0 : *n;
  };
  for (const RowPtr& row : state.model.table(*o).rows()) {
    if (row == nullptr) continue;
    Stage s;
    s.name = text_of(*row, "ApiName");
    s.probability = number_of(*row, "DefaultProbability");
    s.forecast_category = text_of(*row, "ForecastCategoryName");
    s.closed = row->cell(o->at("IsClosed")) == Value{true};
    s.won = row->cell(o->at("IsWon")) == Value{true};
    ordered.emplace_back(number_of(*row, "SortOrder"), std::move(s));
  }
  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Stage> stages;
  for (auto& entry : ordered) stages.push_back(std::move(entry.second));
  return stages;
}

std::string user_named(State& state, const std::string& name, Instant now) {
  Table& users = state.model.table("User");
  const Object& o = users.object();
  for (const RowPtr& row : users.rows()) {
    const auto* present = row == nullptr ? nullptr : std::get_if<std::string>(&row->cell(o.at("Name")));
    if (present != nullptr && compare_text(*present, name) == 0) return row->id;
  }
  const std::size_t blank = name.rfind(' ');
  const std::string first = blank == std::string::npos ? "" : text::trim(name.substr(0, blank));
  const std::string last = blank == std::string::npos ? name : name.substr(blank + 1);
  std::string local;
  for (char c : text::folded(name)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) local += c;
    if (c == ' ' && !local.empty() && local.back() != '.') local += '.';
  }
  if (local.empty()) local = "seller" + std::to_string(users.rows().size() + 1);
  std::string email = local + "@cosell.example";
  for (int n = 2; !users.with_value(o.at("Username"), email).empty(); ++n) {
    email = local + std::to_string(n) + "@cosell.example";
  }
  return add_user(state, Person{first.c_str(), last.c_str(), email.c_str(), "Account Executive"}, true, now);
}

}  // namespace cosell::emulator::salesforce
