// The whole org as JSON and back, for a sandbox that is kept between runs. Open cursors and transactions are not kept.
#include <algorithm>

#include "base/text.h"
#include "connectors/emulator/toolkit.h"
#include "connectors/salesforce/emulator/state.h"

namespace cosell::emulator::salesforce {

namespace {

Json save_value(const Value& v) {
  if (const auto* flag = std::get_if<bool>(&v)) return *flag;
  if (const auto* number = std::get_if<double>(&v)) return *number;
  if (const auto* time = std::get_if<Instant>(&v)) return time->ms;
  if (const auto* date = std::get_if<Date>(&v)) return to_string(*date);
  const auto* text = std::get_if<std::string>(&v);
  return text == nullptr ? Json(nullptr) : Json(*text);
}

Value load_value(const Field& field, const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number() && field.type == Type::datetime) return Instant{json.get<std::int64_t>()};
  if (json.is_number()) return json.get<double>();
  if (!json.is_string()) return {};
  if (field.type == Type::date) {
    const auto date = parse_date(json.get<std::string>());
    return date ? Value{*date} : Value{};
  }
  return json.get<std::string>();
}

Json save_row(const Object& object, const Row& row) {
  Json values = Json::object();
  for (const Cell& c : row.cells) values[object.fields[c.field].name] = save_value(c.value);
  Json out = Json{{"id", row.id},
                  {"position", row.position},
                  {"created", row.created.ms},
                  {"modified", row.modified.ms},
                  {"stamp", row.stamp.ms},
                  {"created_by", row.created_by},
                  {"modified_by", row.modified_by},
                  {"values", std::move(values)}};
  if (row.deleted) out["deleted_at"] = row.deleted_at.ms;
  if (row.purged) out["purged"] = true;
  return out;
}

std::int64_t number_at(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_number() ? it->get<std::int64_t>() : 0;
}

void load_row(Table& table, const Json& saved) {
  const Object& object = table.object();
  Row row;
  row.id = text_at(saved, "id");
  row.position = static_cast<std::uint32_t>(number_at(saved, "position"));
  row.created = Instant{number_at(saved, "created")};
  row.modified = Instant{number_at(saved, "modified")};
  row.stamp = Instant{number_at(saved, "stamp")};
  row.created_by = text_at(saved, "created_by");
  row.modified_by = text_at(saved, "modified_by");
  row.deleted = saved.contains("deleted_at");
  row.deleted_at = Instant{number_at(saved, "deleted_at")};
  row.purged = saved.contains("purged");
  const auto values = saved.find("values");
  if (row.id.size() != 15 || values == saved.end() || !values->is_object()) return;
  for (const auto& member : values->items()) {
    const auto field = object.find_hidden_too(member.key());
    if (field) row.put(*field, load_value(object.fields[*field], member.value()));
  }
  table.put(std::make_shared<const Row>(std::move(row)));
}

Json save_field(const Object& object, const Field& f) {
  Json picks = Json::array();
  for (const PickValue& p : f.picks) picks.push_back(p.value);
  return Json{{"object", object.name},      {"name", f.name},
              {"label", f.label},           {"type", static_cast<int>(f.type)},
              {"length", f.length},         {"precision", f.precision},
              {"scale", f.scale},           {"nillable", f.nillable},
              {"unique", f.unique},         {"external_id", f.external_id},
              {"restricted", f.restricted}, {"needs_permission", f.needs_permission},
              {"values", std::move(picks)}};
}

void load_field(Schema& schema, const Json& saved) {
  Object& object = schema.get(text_at(saved, "object"));
  if (object.find_hidden_too(text_at(saved, "name"))) return;
  const auto flag = [&](const char* key) { return saved.contains(key) && saved.at(key) == Json(true); };
  Field f = custom_text(text_at(saved, "name"), static_cast<int>(number_at(saved, "length")));
  f.label = text_at(saved, "label");
  f.type =
      static_cast<Type>(std::clamp<std::int64_t>(number_at(saved, "type"), 0, static_cast<std::int64_t>(Type::url)));
  f.precision = static_cast<int>(number_at(saved, "precision"));
  f.scale = static_cast<int>(number_at(saved, "scale"));
  f.nillable = flag("nillable");
  f.defaulted = f.type == Type::boolean;
  f.unique = flag("unique");
  f.external_id = f.id_lookup = flag("external_id");
  f.restricted = flag("restricted");
  f.needs_permission = flag("needs_permission");
  if (saved.contains("values") && saved.at("values").is_array()) {
    for (const Json& v : saved.at("values")) {
      if (v.is_string()) f.picks.push_back({v.get<std::string>(), v.get<std::string>()});
    }
  }
  object.add(std::move(f));
}

void load_tables(State& state, const Json& tables) {
  for (const Object& object : state.model.schema().objects()) {
    const auto saved = tables.find(object.name);
    if (saved == tables.end() || !saved->is_object() || !saved->contains("rows")) continue;
    Table& table = state.model.table(object);
    table.clear();
    for (const Json& row : saved->at("rows")) {
      if (row.is_object()) load_row(table, row);
    }
    // Ids of records that went are not given out again.
    const auto taken = static_cast<std::size_t>(number_at(*saved, "taken"));
    while (table.rows().size() < taken) table.take_position();
  }
}

void load_tokens(State& state, const Json& saved) {
  state.sessions.clear();
  state.refresh_tokens.clear();
  const auto sessions = saved.find("sessions");
  const auto refresh = saved.find("refresh_tokens");
  if (sessions != saved.end() && sessions->is_object()) {
    for (const auto& member : sessions->items()) {
      state.sessions[member.key()] =
          Session{text_at(member.value(), "user"), Instant{number_at(member.value(), "expires")}};
    }
  }
  if (refresh != saved.end() && refresh->is_object()) {
    for (const auto& member : refresh->items()) {
      if (member.value().is_string()) state.refresh_tokens[member.key()] = member.value().get<std::string>();
    }
  }
}

void load_settings(State& state, const Json& saved, Instant now) {
  // All currencies of both lists first, so that either corporate currency is among them.
  Json currencies = state.settings.currencies;
  if (saved.contains("currencies") && saved.at("currencies").is_array()) {
    for (const Json& code : saved.at("currencies")) currencies.push_back(code);
  }
  static_cast<void>(change_setting(state, "currencies", currencies, now));
  if (saved.contains("corporate_currency")) {
    static_cast<void>(change_setting(state, "corporate_currency", saved.at("corporate_currency"), now));
  }
  for (const auto& member : saved.items()) {
    static_cast<void>(change_setting(state, member.key(), member.value(), now));
  }
}

}  // namespace

Json save_state(const State& state) {
  const Schema fresh;
  Json tables = Json::object();
  Json fields = Json::array();
  for (const Object& object : state.model.schema().objects()) {
    const Table& table = state.model.table(object);
    Json rows = Json::array();
    for (const RowPtr& row : table.rows()) {
      if (row != nullptr) rows.push_back(save_row(object, *row));
    }
    tables[object.name] = Json{{"taken", table.rows().size()}, {"rows", std::move(rows)}};
    const Object* standard = fresh.find(object.name);
    for (const Field& f : object.fields) {
      if (standard != nullptr && !standard->find_hidden_too(f.name)) fields.push_back(save_field(object, f));
    }
  }
  Json settings = Json::object();
  for (const Setting& s : list_settings(state)) settings[s.name] = s.value;
  Json sessions = Json::object();
  for (const auto& entry : state.sessions) {
    sessions[entry.first] = Json{{"user", entry.second.user}, {"expires", entry.second.expires.ms}};
  }
  return Json{{"fields", std::move(fields)},
              {"tables", std::move(tables)},
              {"settings", std::move(settings)},
              {"sessions", std::move(sessions)},
              {"refresh_tokens", state.refresh_tokens},
              {"usage_since", state.usage_since.ms},
              {"schema_changed", state.schema_changed.ms},
              {"offered_stages", state.offered_stages},
              {"transactions_begun", state.transactions_begun}};
}

void load_state(State& state, const Json& saved) {
  if (!saved.is_object() || !saved.contains("tables") || !saved.at("tables").is_object()) return;
  state.cursors.clear();
  state.cursor_order.clear();
  state.model.transactions().clear();
  if (saved.contains("fields") && saved.at("fields").is_array()) {
    for (const Json& field : saved.at("fields")) {
      if (field.is_object()) load_field(state.model.schema(), field);
    }
  }
  load_tables(state, saved.at("tables"));
  load_tokens(state, saved);
  state.usage_since = Instant{number_at(saved, "usage_since")};
  state.transactions_begun = static_cast<std::uint64_t>(number_at(saved, "transactions_begun"));
  const Instant changed{number_at(saved, "schema_changed")};
  if (saved.contains("settings") && saved.at("settings").is_object())
    load_settings(state, saved.at("settings"), changed);
  set_stages(state, stages_of(state), changed);
  state.offered_stages.clear();
  if (saved.contains("offered_stages") && saved.at("offered_stages").is_object()) {
    for (const auto& type : saved.at("offered_stages").items()) {
      for (const Json& name : type.value()) {
        if (name.is_string()) state.offered_stages[type.key()].push_back(name.get<std::string>());
      }
    }
  }
}

}  // namespace cosell::emulator::salesforce
