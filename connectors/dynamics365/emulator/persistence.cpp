// Saving an organisation as JSON and making it again: rows with their versions, tombstones, columns and options that
// were added, settings and sessions.
#include <algorithm>

#include "base/text.h"
#include "connectors/dynamics365/emulator/state.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::emulator::dynamics365 {

namespace {

std::int64_t number_at(const Json& object, const char* key) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  return it != object.end() && it->is_number_integer() ? it->get<std::int64_t>() : 0;
}

const Json& list_at(const Json& object, const char* key) {
  static const Json kNone = Json::array();
  const auto it = object.is_object() ? object.find(key) : object.end();
  return it != object.end() && it->is_array() ? *it : kNone;
}

Guid guid_at(const Json& object, const char* key) { return parse_guid(text_at(object, key)).value_or(Guid{}); }

Json save_options(const Column& column) {
  Json list = Json::array();
  for (const Option& o : column.options) {
    list.push_back(Json::array({o.value, o.label.english, o.label.german, o.state}));
  }
  return list;
}

void load_options(Column& column, const Json& list) {
  column.options.clear();
  for (const Json& entry : list) {
    if (!entry.is_array() || entry.size() != 4 || !entry[0].is_number_integer() || !entry[1].is_string() ||
        !entry[2].is_string() || !entry[3].is_number_integer()) {
      continue;
    }
    Option o;
    o.value = entry[0].get<std::int64_t>();
    o.label.english = entry[1].get<std::string>();
    o.label.german = entry[2].get<std::string>();
    o.state = entry[3].get<std::int64_t>();
    column.options.push_back(std::move(o));
  }
}

const char* kind_of(const Column& column) {
  switch (column.type) {
    case Type::memo:
      return "memo";
    case Type::boolean:
      return "boolean";
    case Type::integer:
      return "integer";
    case Type::decimal:
      return "decimal";
    case Type::money:
      return "money";
    case Type::day:
      return "date";
    case Type::moment:
      return "datetime";
    case Type::choice:
      return "picklist";
    case Type::lookup:
      return "lookup";
    default:
      return column.format == "Url" ? "url" : "text";
  }
}

Json save_columns(const Table& table) {
  static const Schema kStandard;
  Json list = Json::array();
  for (const Column& c : table.columns) {
    const bool added = !kStandard.get(table.name).find_hidden_too(c.name);
    if (!added && !c.is_choice()) continue;
    Json entry{{"name", c.name}, {"options", save_options(c)}};
    if (added) entry["kind"] = kind_of(c);
    if (added && c.type == Type::lookup) {
      entry["name"] = c.schema_name;
      for (const LookupTarget& t : c.targets) entry["tables"].push_back(t.table);
    }
    const bool key = std::any_of(table.keys.begin(), table.keys.end(),
                                 [&](const AlternateKey& k) { return k.name == c.name + "_key"; });
    if (added && key) entry["key"] = true;
    list.push_back(std::move(entry));
  }
  return list;
}

void load_columns(Table& table, const Json& list) {
  for (const Json& entry : list) {
    const bool leads_on = text_at(entry, "kind") == "lookup";
    const std::string written = text_at(entry, "name");
    const std::string name = leads_on ? text::lower_ascii(written) : written;
    if (name.empty()) continue;
    auto index = table.find_hidden_too(name);
    if (!index) {
      std::vector<std::string> tables;
      for (const Json& t : list_at(entry, "tables")) {
        if (t.is_string()) tables.push_back(t.get<std::string>());
      }
      auto column = leads_on ? custom_lookup(written, tables) : custom_column(name, text_at(entry, "kind"));
      if (!column) continue;
      index = table.add(std::move(*column));
      if (entry.contains("key")) table.keys.push_back({name + "_key", name, {*index}});
    }
    load_options(table.columns[*index], list_at(entry, "options"));
  }
}

// A row is a list, because a sandbox may hold 100,000 of them: id, version, created, modified, created by, modified by,
// then a column (its place in "names") and its value in turn.
constexpr std::size_t kRowHead = 6;

Json save_row(const State& state, const Row& row) {
  Json out = Json::array();
  out.get_ref<Json::array_t&>().reserve(kRowHead + 2 * row.cells.size());
  out.push_back(to_string(row.id));
  out.push_back(row.version);
  out.push_back(row.created.ms);
  out.push_back(row.modified.ms);
  out.push_back(to_string(row.created_by));
  out.push_back(to_string(row.modified_by));
  for (const Cell& cell : row.cells) {
    out.push_back(cell.column);
    out.push_back(pack_value(state, cell.value));
  }
  return out;
}

Guid guid_in(const Json& saved) {
  return saved.is_string() ? parse_guid(saved.get<std::string>()).value_or(Guid{}) : Guid{};
}

void load_row(State& state, const Table& table, const std::vector<std::string>& names, const Json& saved) {
  if (!saved.is_array() || saved.size() < kRowHead || guid_in(saved[0]).empty()) return;
  for (const std::size_t number : {1, 2, 3}) {
    if (!saved[number].is_number_integer()) return;
  }
  Row row;
  row.id = guid_in(saved[0]);
  row.version = saved[1].get<std::int64_t>();
  row.created = Instant{saved[2].get<std::int64_t>()};
  row.modified = Instant{saved[3].get<std::int64_t>()};
  row.created_by = guid_in(saved[4]);
  row.modified_by = guid_in(saved[5]);
  for (std::size_t i = kRowHead; i + 1 < saved.size(); i += 2) {
    const std::size_t place = saved[i].is_number_unsigned() ? saved[i].get<std::size_t>() : names.size();
    const auto column = place < names.size() ? table.find_hidden_too(names[place]) : std::nullopt;
    if (column) row.put(*column, unpack_value(state, saved[i + 1]));
  }
  row.position = state.model.rows(table).take_position();
  state.model.raise_version(row.version);
  state.model.rows(table).put(std::make_shared<const Row>(std::move(row)));
}

}  // namespace

Json pack_value(const State& state, const Value& value) {
  if (const auto* b = std::get_if<bool>(&value)) return *b;
  if (const auto* n = std::get_if<std::int64_t>(&value)) return *n;
  if (const auto* s = std::get_if<std::string>(&value)) return *s;
  // Everything else is a list of its kind and its text or number.
  if (const auto* d = std::get_if<double>(&value)) return Json::array({"n", *d});
  if (const auto* t = std::get_if<Instant>(&value)) return Json::array({"t", t->ms});
  if (const auto* d = std::get_if<Date>(&value)) return Json::array({"d", cosell::to_string(*d)});
  if (const auto* g = std::get_if<Guid>(&value)) return Json::array({"g", to_string(*g)});
  if (const auto* r = std::get_if<Ref>(&value)) {
    return Json::array({"r", to_string(r->id), state.model.schema().at(r->table).name});
  }
  return nullptr;
}

Value unpack_value(const State& state, const Json& packed) {
  if (packed.is_boolean()) return packed.get<bool>();
  if (packed.is_number_integer()) return packed.get<std::int64_t>();
  if (packed.is_string()) return packed.get<std::string>();
  if (!packed.is_array() || packed.size() < 2 || !packed[0].is_string()) return {};
  const std::string kind = packed[0].get<std::string>();
  if (packed[1].is_number()) {
    if (kind == "n") return packed[1].get<double>();
    if (kind == "t") return Instant{packed[1].get<std::int64_t>()};
    return {};
  }
  if (!packed[1].is_string()) return {};
  const std::string text = packed[1].get<std::string>();
  const auto date = kind == "d" ? parse_date(text) : std::nullopt;
  if (date) return *date;
  const auto guid = kind == "g" || kind == "r" ? parse_guid(text) : std::nullopt;
  if (!guid) return {};
  if (kind == "g") return *guid;
  const bool named = packed.size() == 3 && packed[2].is_string();
  const Table* table = named ? state.model.schema().find(packed[2].get<std::string>()) : nullptr;
  if (table == nullptr) return {};
  return Ref{*guid, table->place};
}

Json save_state(const State& state) {
  Json tables = Json::object();
  for (const Table& table : state.model.schema().tables()) {
    const Rows& rows = state.model.rows(table);
    Json list = Json::array();
    for (const RowPtr& row : rows.all()) {
      if (row != nullptr) list.push_back(save_row(state, *row));
    }
    Json deleted = Json::array();
    for (const auto& grave : rows.tombstones()) deleted.push_back(Json::array({grave.first, to_string(grave.second)}));
    Json names = Json::array();
    for (const Column& column : table.columns) names.push_back(column.name);
    Json& entry = tables[table.name];
    entry["columns"] = save_columns(table);
    entry["names"] = std::move(names);
    entry["rows"] = std::move(list);
    entry["deleted"] = std::move(deleted);
  }
  Json settings = Json::object();
  for (const Setting& s : list_settings(state)) settings[s.name] = s.value;
  Json sessions = Json::object();
  for (const auto& s : state.sessions) {
    sessions[s.first] = Json{{"user", to_string(s.second.user)}, {"expires", s.second.expires.ms}};
  }
  Json out = Json::object();
  out["version"] = state.model.version();
  out["oldest_delta_version"] = state.oldest_delta_version;
  out["settings"] = std::move(settings);
  out["sessions"] = std::move(sessions);
  out["tables"] = std::move(tables);
  return out;
}

void load_state(State& state, const Json& saved) {
  if (!saved.is_object() || !saved.contains("tables") || !saved.at("tables").is_object()) return;
  for (Table& table : state.model.schema().tables()) {
    const auto entry = saved.at("tables").find(table.name);
    if (entry == saved.at("tables").end()) continue;
    load_columns(table, list_at(*entry, "columns"));
    Rows& rows = state.model.rows(table);
    rows.clear();
    rows.reindex();
  }
  // Dates are read as the columns were when they were saved.
  if (saved.contains("settings") && saved.at("settings").is_object()) {
    const std::string base = text_at(saved.at("settings"), "base_currency");
    // The base currency has to be among the currencies at every step.
    if (base.size() == 3) state.settings.currencies.push_back(base);
    for (const char* name : {"base_currency", "currencies"}) {
      if (saved.at("settings").contains(name))
        change_setting(state, name, saved.at("settings").at(name), state.options.created);
    }
    for (const auto& s : saved.at("settings").items()) change_setting(state, s.key(), s.value(), state.options.created);
  }
  for (const Table& table : state.model.schema().tables()) {
    const auto entry = saved.at("tables").find(table.name);
    if (entry == saved.at("tables").end()) continue;
    state.model.rows(table).clear();
    std::vector<std::string> names;
    for (const Json& name : list_at(*entry, "names")) names.push_back(name.is_string() ? name.get<std::string>() : "");
    for (const Json& row : list_at(*entry, "rows")) load_row(state, table, names, row);
    for (const Json& grave : list_at(*entry, "deleted")) {
      const bool shaped = grave.is_array() && grave.size() == 2 && grave[0].is_number_integer() && grave[1].is_string();
      const auto id = shaped ? parse_guid(grave[1].get<std::string>()) : std::nullopt;
      if (id) state.model.rows(table).bury(*id, grave[0].get<std::int64_t>());
    }
  }
  state.model.raise_version(number_at(saved, "version"));
  state.oldest_delta_version = number_at(saved, "oldest_delta_version");
  state.sessions.clear();
  if (!saved.contains("sessions") || !saved.at("sessions").is_object()) return;
  for (const auto& s : saved.at("sessions").items()) {
    state.sessions[s.key()] = Session{guid_at(s.value(), "user"), Instant{number_at(s.value(), "expires")}};
  }
}

}  // namespace cosell::emulator::dynamics365
