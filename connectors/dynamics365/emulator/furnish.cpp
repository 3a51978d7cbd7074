// What a new organisation holds before anyone works in it: users, currencies, the sales process; and how settings
// reach columns and rows.
#include <algorithm>

#include "base/text.h"
#include "connectors/dynamics365/emulator/state.h"

namespace cosell::emulator::dynamics365 {

namespace {

struct Person {
  std::string first;
  std::string last;
  std::string email;
  std::string title;
};

struct Currency {
  const char* code;
  const char* name;
  const char* symbol;
  std::int64_t precision;
  double per_dollar;
};

constexpr Currency kCurrencies[] = {{"USD", "US Dollar", "$", 2, 1.0},
                                    {"EUR", "Euro", "\xE2\x82\xAC", 2, 0.92},
                                    {"GBP", "Pound Sterling", "\xC2\xA3", 2, 0.79},
                                    {"CHF", "Swiss Franc", "CHF", 2, 0.88},
                                    {"SEK", "Swedish Krona", "kr", 2, 10.4},
                                    {"DKK", "Danish Krone", "kr", 2, 6.87},
                                    {"NOK", "Norwegian Krone", "kr", 2, 10.6},
                                    {"JPY", "Yen", "\xC2\xA5", 0, 151.0},
                                    {"AUD", "Australian Dollar", "$", 2, 1.52},
                                    {"CAD", "Canadian Dollar", "$", 2, 1.37}};

Currency currency_facts(const std::string& code) {
  for (const Currency& c : kCurrencies) {
    if (code == c.code) return c;
  }
  return {code.c_str(), code.c_str(), code.c_str(), 2, 1.0};
}

// A number of the range that is kept for fiction; the same for the same person.
std::string phone_of(const std::string& email) {
  unsigned sum = 0;
  for (const char c : email) sum = sum * 31 + static_cast<unsigned char>(c);
  return "+1 555 01" + std::to_string(10 + sum % 90);
}

Guid add_user(State& state, const Person& p, bool disabled, Instant now) {
  const Guid id = guid_of("systemuser " + p.email);
  const std::string full = p.first.empty() ? p.last : p.first + " " + p.last;
  put_row(state, "systemuser", id,
          {{"firstname", p.first.empty() ? Value{} : Value{p.first}},
           {"lastname", p.last},
           {"fullname", full},
           {"domainname", p.email},
           {"internalemailaddress", p.email},
           {"address1_telephone1", phone_of(p.email)},
           {"title", p.title},
           {"isdisabled", disabled},
           {"azureactivedirectoryobjectid", guid_of("directory " + p.email)},
           {"businessunitid", Ref{state.business_unit, state.model.schema().get("businessunit").place}}},
          now);
  return id;
}

void add_process(State& state, const std::string& table, const std::string& label,
                 const std::vector<const char*>& stages, Instant now) {
  const Schema& schema = state.model.schema();
  SalesProcess process{table, label, guid_of("workflow " + table), {}};
  put_row(state, "workflow", process.workflow,
          {{"name", label},
           {"uniquename", table},
           {"primaryentity", std::string("opportunity")},
           {"category", std::int64_t{4}},
           {"statecode", std::int64_t{1}},
           {"statuscode", std::int64_t{2}}},
          now);
  std::int64_t category = 0;
  for (const char* name : stages) {
    const Guid stage = guid_of("processstage " + table + " " + name);
    put_row(state, "processstage", stage,
            {{"stagename", std::string(name)},
             {"processid", Ref{process.workflow, schema.get("workflow").place}},
             {"stagecategory", category++},
             {"primaryentitytypecode", std::string("opportunity")}},
            now);
    process.stages.push_back(stage);
  }
  state.processes.push_back(std::move(process));
}

// Brings the currency rows in line with the list; rates are those of the made-up table above, relative to the base.
void apply_currencies(State& state, Instant now) {
  const Table& table = state.model.schema().get("transactioncurrency");
  Rows& rows = state.model.rows(table);
  const auto& codes = state.settings.currencies;
  const double base = currency_facts(state.settings.base_currency).per_dollar;
  std::vector<Guid> gone;
  for (const RowPtr& row : rows.all()) {
    if (row == nullptr) continue;
    const auto* code = std::get_if<std::string>(&row->cell(table.at("isocurrencycode")));
    if (code == nullptr || std::find(codes.begin(), codes.end(), *code) == codes.end()) gone.push_back(row->id);
  }
  for (const Guid& id : gone) state.model.remove(table, id);
  for (const std::string& code : codes) {
    const Currency facts = currency_facts(code);
    const double rate = round_to(facts.per_dollar / base, 10);
    const RowPtr present = currency_of(state, code);
    if (present != nullptr && present->cell(table.at("exchangerate")) == Value{rate}) continue;
    put_row(state, "transactioncurrency", present == nullptr ? guid_of("transactioncurrency " + code) : present->id,
            {{"currencyname", std::string(facts.name)},
             {"isocurrencycode", code},
             {"currencysymbol", std::string(facts.symbol)},
             {"currencyprecision", facts.precision},
             {"exchangerate", rate},
             {"statecode", std::int64_t{0}},
             {"statuscode", std::int64_t{1}}},
            now);
  }
}

void apply_organization(State& state, Instant now) {
  const Table& table = state.model.schema().get("organization");
  const RowPtr base = currency_of(state, state.settings.base_currency);
  const Value currency = Ref{base->id, state.model.schema().get("transactioncurrency").place};
  const RowPtr row = state.model.rows(table).by_id(state.organization);
  const Value days = state.settings.change_tracking_days;
  const Value detection = state.settings.duplicate_detection;
  const bool same = row != nullptr && row->cell(table.at("basecurrencyid")) == currency &&
                    row->cell(table.at("expirechangetrackingindays")) == days &&
                    row->cell(table.at("isduplicatedetectionenabled")) == detection;
  if (same) return;
  put_row(state, "organization", state.organization,
          {{"name", std::string("cosell")},
           {"basecurrencyid", currency},
           {"languagecode", std::int64_t{1033}},
           {"localeid", std::int64_t{1033}},
           {"expirechangetrackingindays", days},
           {"isduplicatedetectionenabled", detection}},
          now);
}

// Dates without a time become midnights and back when the behaviour of the columns changes; versions stay.
void apply_close_dates(State& state) {
  Table& table = state.model.schema().get("opportunity");
  const Type wanted = state.settings.close_dates == "date_only" ? Type::day : Type::moment;
  const char* names[] = {"estimatedclosedate", "actualclosedate", "finaldecisiondate"};
  if (table.columns[table.at(names[0])].type == wanted) return;
  for (const char* name : names) table.columns[table.at(name)].type = wanted;
  Rows& rows = state.model.rows(table);
  for (std::size_t i = 0; i < rows.all().size(); ++i) {
    if (rows.all()[i] == nullptr) continue;
    Row changed = *rows.all()[i];
    for (const char* name : names) {
      const Value value = changed.cell(table.at(name));
      if (const auto* day = std::get_if<Date>(&value)) changed.put(table.at(name), start_of(*day));
      if (const auto* time = std::get_if<Instant>(&value)) changed.put(table.at(name), date_of(*time));
    }
    rows.put(std::make_shared<const Row>(std::move(changed)));
  }
}

void apply_visibility(State& state) {
  for (Table& table : state.model.schema().tables()) {
    for (Column& column : table.columns) {
      column.hidden = names_column(state.settings.missing_columns, table.name, column.name);
    }
  }
}

}  // namespace

RowPtr put_row(State& state, std::string_view table_name, Guid id,
               const std::vector<std::pair<std::string, Value>>& cells, Instant now) {
  const Table& table = state.model.schema().get(table_name);
  const RowPtr before = state.model.rows(table).by_id(id);
  Row row;
  if (before != nullptr) {
    row = *before;
  } else {
    row.id = id;
    row.position = state.model.rows(table).take_position();
    row.created = whole_seconds(now);
    row.created_by = state.system_user.empty() ? id : state.system_user;
  }
  row.modified = whole_seconds(now);
  row.modified_by = state.system_user.empty() ? id : state.system_user;
  row.version = state.model.next_version();
  for (const auto& cell : cells) row.put(table.at(cell.first), cell.second);
  auto version = std::make_shared<const Row>(std::move(row));
  state.model.put(table, version);
  return version;
}

void furnish(State& state, Instant now) {
  state.organization = guid_of("organization cosell");
  state.business_unit = guid_of("businessunit cosell");
  put_row(state, "businessunit", state.business_unit, {{"name", std::string("cosell")}}, now);
  state.system_user = add_user(state, {"", "SYSTEM", "system@cosell.example", ""}, false, now);
  state.application_user =
      add_user(state, {"Cosell", "Integration", "integration@cosell.example", "Integration"}, false, now);
  const auto client = parse_guid(state.options.client_id);
  if (client) put_row(state, "systemuser", state.application_user, {{"applicationid", *client}}, now);
  state.person = add_user(state, {"Dana", "Reyes", "dana.reyes@cosell.example", "Sales Operations"}, false, now);
  add_user(state, {"Mia", "Berger", "mia.berger@cosell.example", "Account Executive"}, false, now);
  add_user(state, {"Tom", "Okafor", "tom.okafor@cosell.example", "Account Executive"}, false, now);
  add_user(state, {"Lena", "Svensson", "lena.svensson@cosell.example", "Account Executive"}, false, now);
  add_user(state, {"Raj", "Patel", "raj.patel@cosell.example", "Account Executive"}, false, now);
  add_user(state, {"Old", "Seller", "old.seller@cosell.example", "Account Executive"}, true, now);
  put_row(state, "team", guid_of("team cosell"), {{"name", std::string("cosell")}}, now);
  add_process(state, "opportunitysalesprocess", "Opportunity Sales Process", {"Qualify", "Develop", "Propose", "Close"},
              now);
  // Its first stage stands on the lead; these are the ones on the opportunity.
  add_process(state, "leadtoopportunitysalesprocess", "Lead to Opportunity Sales Process",
              {"Discovery", "Proof of Concept", "Negotiation"}, now);
  apply_settings(state, now);
}

void apply_settings(State& state, Instant now) {
  apply_visibility(state);
  apply_currencies(state, now);
  apply_organization(state, now);
  apply_close_dates(state);
}

RowPtr currency_of(const State& state, std::string_view code) {
  const Table& table = state.model.schema().get("transactioncurrency");
  for (const RowPtr& row : state.model.rows(table).all()) {
    if (row == nullptr) continue;
    const auto* present = std::get_if<std::string>(&row->cell(table.at("isocurrencycode")));
    if (present != nullptr && compare_text(*present, code) == 0) return row;
  }
  return nullptr;
}

Guid user_named(State& state, const std::string& name, Instant now) {
  const Table& table = state.model.schema().get("systemuser");
  const Rows& users = state.model.rows(table);
  std::vector<std::string> taken;
  for (const RowPtr& row : users.all()) {
    if (row == nullptr) continue;
    const auto* present = std::get_if<std::string>(&row->cell(table.at("fullname")));
    if (present != nullptr && compare_text(*present, name) == 0) return row->id;
    if (const auto* login = std::get_if<std::string>(&row->cell(table.at("domainname")))) taken.push_back(*login);
  }
  const std::size_t blank = name.rfind(' ');
  std::string local = text::replace_all(text::folded(name), " ", ".");
  local.erase(std::remove_if(local.begin(), local.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }),
              local.end());
  if (local.empty()) local = "seller" + std::to_string(users.count() + 1);
  Person p;
  p.first = blank == std::string::npos ? "" : text::trim(name.substr(0, blank));
  p.last = blank == std::string::npos ? name : name.substr(blank + 1);
  p.title = "Account Executive";
  p.email = local + "@cosell.example";
  for (int n = 2; std::find(taken.begin(), taken.end(), p.email) != taken.end(); ++n) {
    p.email = local + std::to_string(n) + "@cosell.example";
  }
  return add_user(state, p, false, now);
}

const SalesProcess* State::process_of(std::string_view table) const {
  const auto it = std::find_if(processes.begin(), processes.end(), [&](const auto& p) { return p.table == table; });
  return it == processes.end() ? nullptr : &*it;
}

std::string step_name(const State& state, const Guid& stage) {
  const Table& table = state.model.schema().get("processstage");
  const RowPtr row = state.model.rows(table).by_id(stage);
  for (const SalesProcess& process : state.processes) {
    const auto it = std::find(process.stages.begin(), process.stages.end(), stage);
    if (it == process.stages.end() || row == nullptr) continue;
    return std::to_string(it - process.stages.begin() + 1) + "-" +
           std::get<std::string>(row->cell(table.at("stagename")));
  }
  return "";
}

Guid process_instance_id(const SalesProcess& process, const Guid& opportunity) {
  return guid_of(process.table + " " + to_string(opportunity));
}

const SalesProcess* process_on(const State& state, const Guid& opportunity) {
  const auto it = std::find_if(state.processes.begin(), state.processes.end(), [&](const SalesProcess& process) {
    const Table& table = state.model.schema().get(process.table);
    return state.model.rows(table).by_id(process_instance_id(process, opportunity)) != nullptr;
  });
  return it == state.processes.end() ? nullptr : &*it;
}

}  // namespace cosell::emulator::dynamics365
