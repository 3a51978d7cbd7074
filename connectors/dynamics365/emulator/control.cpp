// What a person does to rows, and the rest of what the organisation is told through the control API.
#include "connectors/dynamics365/emulator/control.h"

#include <algorithm>

#include "base/text.h"
#include "connectors/dynamics365/emulator/query.h"
#include "connectors/dynamics365/emulator/writes.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::emulator::dynamics365 {

namespace {

http::Response refused(int status, const std::string& sentence) {
  return json_answer(status, Json{{"error", sentence}});
}
http::Response refused(const ApiError& e) { return refused(e.status, e.code + ": " + e.message); }

bool flag_at(const Json& body, const char* key) {
  const auto it = body.find(key);
  return it != body.end() && it->is_boolean() && it->get<bool>();
}

std::optional<Guid> person_of(const State& state, const std::string& given) {
  if (given.empty()) return state.person;
  const Table& users = state.model.schema().get("systemuser");
  const auto id = parse_guid(given);
  for (const RowPtr& row : state.model.rows(users).all()) {
    if (row == nullptr) continue;
    const auto* name = std::get_if<std::string>(&row->cell(users.at("fullname")));
    if (row->id == id || (name != nullptr && compare_text(*name, given) == 0)) return row->id;
  }
  return std::nullopt;
}

class Person {
 public:
  Person(State& state, Instant now, Random& random) : state_(state), now_(now), random_(random) {}

  Outcome<Guid> edit(const Json& order) {
    if (!order.is_object())
      return fail(400, "invalid", "An edit is an object with \"id\" or \"table\", and \"fields\".");
    const auto writer = writer_for(order);
    if (!writer) return tl::unexpected<ApiError>(writer.error());
    const Table* table = table_of(order);
    if (table == nullptr) return fail(400, "invalid", "There is no table " + text_at(order, "table") + ".");
    const Json fields =
        order.contains("fields") && order.at("fields").is_object() ? order.at("fields") : Json::object();
    if (text_at(order, "id").empty()) {
      return at_once(state_.model, [&] { return write(*writer, *table, nullptr, fields); });
    }
    const auto row = row_of(order, *table);
    if (!row) return tl::unexpected<ApiError>(row.error());
    if (!flag_at(order, "delete")) return at_once(state_.model, [&] { return write(*writer, *table, *row, fields); });
    Writer w = *writer;
    const auto gone = at_once(state_.model, [&] { return delete_row(w, *table, *row); });
    if (!gone) return tl::unexpected<ApiError>(gone.error());
    return (*row)->id;
  }

  Outcome<Guid> close(const Json& order, bool won) {
    const auto writer = writer_for(order);
    if (!writer) return tl::unexpected<ApiError>(writer.error());
    const Table& table = state_.model.schema().get("opportunity");
    const auto row = row_of(order, table);
    if (!row) return tl::unexpected<ApiError>(row.error());
    Json body = Json::object();
    for (const char* key : {"actualrevenue", "actualend", "subject", "description"}) {
      if (order.contains(key)) body[key] = order.at(key);
    }
    auto changes = read_body(*writer, state_.model.schema().get("opportunityclose"), body, true);
    if (!changes) return tl::unexpected<ApiError>(changes.error());
    Closing closing;
    closing.opportunity = (*row)->id;
    closing.won = won;
    closing.status = order.contains("status") && order.at("status").is_number_integer()
                         ? order.at("status").get<std::int64_t>()
                         : -1;
    closing.close = std::move(*changes);
    Writer w = *writer;
    const auto closed = at_once(state_.model, [&] { return close_opportunity(w, closing); });
    if (!closed) return tl::unexpected<ApiError>(closed.error());
    return (*row)->id;
  }

  Outcome<Guid> reopen(const Json& order) {
    Json fields{{"statecode", 0}};
    if (order.contains("status")) fields["statuscode"] = order.at("status");
    Json edited = order;
    edited["fields"] = std::move(fields);
    edited.erase("delete");
    if (text_at(order, "id").empty()) return fail(400, "invalid", "reopen needs the \"id\" of an opportunity.");
    return edit(edited);
  }

  Outcome<Guid> move_stage(const Json& order) {
    const auto writer = writer_for(order);
    if (!writer) return tl::unexpected<ApiError>(writer.error());
    const auto row = row_of(order, state_.model.schema().get("opportunity"));
    if (!row) return tl::unexpected<ApiError>(row.error());
    const Table& stages = state_.model.schema().get("processstage");
    const SalesProcess* running = process_on(state_, (*row)->id);
    if (running == nullptr) return fail(404, "invalid", "The opportunity has no business process.");
    const Table& process = state_.model.schema().get(running->table);
    const RowPtr instance = state_.model.rows(process).by_id(process_instance_id(*running, (*row)->id));
    for (const Guid& id : running->stages) {
      const RowPtr stage = state_.model.rows(stages).by_id(id);
      const auto* name = stage == nullptr ? nullptr : std::get_if<std::string>(&stage->cell(stages.at("stagename")));
      if (name == nullptr || compare_text(*name, text_at(order, "stage")) != 0) continue;
      Changes changes;
      changes.set(process.at("activestageid"), Ref{id, stages.place});
      Writer w = *writer;
      const auto moved = at_once(state_.model, [&] { return update_row(w, process, instance, changes); });
      if (!moved) return tl::unexpected<ApiError>(moved.error());
      return (*row)->id;
    }
    return fail(400, "invalid", "The business process has no stage " + text_at(order, "stage") + ".");
  }

 private:
  Outcome<Writer> writer_for(const Json& order) const {
    const auto person = person_of(state_, text_at(order, "user"));
    if (!person) return fail(400, "invalid", "There is no user " + text_at(order, "user") + ".");
    Writer writer{state_, random_, now_, *person};
    writer.person = true;
    return writer;
  }

  const Table* table_of(const Json& order) const {
    const std::string name = text_at(order, "table");
    return state_.model.schema().find(name.empty() ? "opportunity" : name);
  }

  Outcome<RowPtr> row_of(const Json& order, const Table& table) const {
    const auto id = parse_guid(text_at(order, "id"));
    const RowPtr row = id ? state_.model.rows(table).by_id(*id) : nullptr;
    if (row != nullptr) return row;
    return fail(404, "0x80040217", table.name + " With Id = " + text_at(order, "id") + " Does Not Exist");
  }

  static Outcome<Guid> write(Writer writer, const Table& table, const RowPtr& row, const Json& fields) {
    auto changes = read_body(writer, table, fields, row == nullptr);
    if (!changes) return tl::unexpected<ApiError>(changes.error());
    const auto stored = row == nullptr ? create_row(writer, table, std::move(*changes))
                                       : update_row(writer, table, row, std::move(*changes));
    if (!stored) return tl::unexpected<ApiError>(stored.error());
    return (*stored)->id;
  }

  State& state_;
  Instant now_;
  Random& random_;
};

http::Response told(const Outcome<Guid>& done) {
  return done ? json_answer(200, Json{{"id", to_string(*done)}}) : refused(done.error());
}

http::Response edit(Person& person, const Json& body) {
  const bool several = body.contains("edits") && body.at("edits").is_array();
  if (!several) return told(person.edit(body));
  Json results = Json::array();
  for (const Json& one : body.at("edits")) {
    const auto done = person.edit(one);
    results.push_back(done ? Json{{"id", to_string(*done)}}
                           : Json{{"error", done.error().code + ": " + done.error().message}});
  }
  return json_answer(200, Json{{"results", std::move(results)}});
}

http::Response add_column(State& state, const Json& body, Instant now) {
  const bool leads_on = text_at(body, "kind") == "lookup";
  const std::string written = text_at(body, "name");
  const std::string name = leads_on ? text::lower_ascii(written) : written;
  const std::string table_name = text_at(body, "table").empty() ? "opportunity" : text_at(body, "table");
  if (state.model.schema().find(table_name) == nullptr) return refused(400, "There is no table " + table_name + ".");
  Table& table = state.model.schema().get(table_name);
  if (name.find('_') == std::string::npos || name != text::lower_ascii(name)) {
    return refused(400, "The name of a custom column is a prefix, an underscore and a word in lower case: new_region.");
  }
  if (table.find_hidden_too(name)) return refused(400, table_name + " has a column " + name + " already.");
  std::vector<std::string> values;
  if (body.contains("values") && body.at("values").is_array()) {
    for (const Json& v : body.at("values")) {
      if (v.is_string()) values.push_back(v.get<std::string>());
    }
  }
  const auto is_table = [&](const std::string& v) { return state.model.schema().find(v) != nullptr; };
  if (leads_on && (values.empty() || !std::all_of(values.begin(), values.end(), is_table))) {
    return refused(400, "A lookup names the tables that it may lead to as \"values\".");
  }
  auto column = leads_on ? custom_lookup(written, values)
                         : custom_column(name, text_at(body, "kind").empty() ? "text" : text_at(body, "kind"), values);
  if (!column)
    return refused(400, "Kinds: text, memo, boolean, integer, decimal, money, date, datetime, url, picklist, lookup.");
  keep_definitions(state, now);
  const std::uint16_t place = table.add(std::move(*column));
  if (flag_at(body, "key")) {
    table.keys.push_back({name + "_key", name, {place}});
    state.model.rows(table).reindex();
  }
  apply_settings(state, now);
  return json_answer(200, Json{{"table", table_name}, {"name", name}});
}

http::Response change_options(State& state, const Json& body, Instant now) {
  Table& table = state.model.schema().get(text_at(body, "table").empty() ? "opportunity" : text_at(body, "table"));
  const auto index = table.find_hidden_too(text_at(body, "column"));
  if (!index || !table.columns[*index].is_choice()) return refused(400, "options needs the \"column\" of a choice.");
  const bool listed = body.contains("options") && body.at("options").is_array() && !body.at("options").empty();
  if (!listed) return refused(400, "options needs a list \"options\".");
  std::vector<Option> options;
  for (const Json& entry : body.at("options")) {
    const bool shaped = entry.is_object() && entry.contains("value") && entry.at("value").is_number_integer() &&
                        !text_at(entry, "label").empty();
    if (!shaped) return refused(400, "Every option needs a \"value\" and a \"label\".");
    Option o;
    o.value = entry.at("value").get<std::int64_t>();
    o.label.english = text_at(entry, "label");
    o.label.german = text_at(entry, "german");
    if (entry.contains("state") && entry.at("state").is_number_integer())
      o.state = entry.at("state").get<std::int64_t>();
    options.push_back(std::move(o));
  }
  keep_definitions(state, now);
  table.columns[*index].options = std::move(options);
  return json_answer(200,
                     Json{{"column", table.columns[*index].name}, {"options", table.columns[*index].options.size()}});
}

Json record_json(const State& state, const Table& table, const Row& row) {
  const std::uint16_t users = state.model.schema().get("systemuser").place;
  Json out = Json::object();
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    const Value value = row.read(column, static_cast<std::uint16_t>(i), users);
    if (!column.hidden && !is_null(value)) out[table.property_of(column)] = to_json(value);
  }
  return out;
}

Json name_behind(const State& state, const Table& table, const Row& row, const char* lookup) {
  const auto* ref = std::get_if<Ref>(&row.cell(table.at(lookup)));
  return ref == nullptr ? Json(nullptr) : Json(name_of_row(state, *ref));
}

// Name of the active stage of its business process; null when none runs.
Json active_stage(const State& state, const Guid& opportunity) {
  const SalesProcess* running = process_on(state, opportunity);
  if (running == nullptr) return nullptr;
  const Table& process = state.model.schema().get(running->table);
  const RowPtr instance = state.model.rows(process).by_id(process_instance_id(*running, opportunity));
  return Json(name_behind(state, process, *instance, "activestageid"));
}

http::Response end_sessions(State& state) {
  const std::size_t ended = state.sessions.size();
  state.sessions.clear();
  return json_answer(200, Json{{"ended", ended}});
}

http::Response end_delta_tokens(State& state) {
  state.oldest_delta_version = state.model.next_version();
  return json_answer(200, Json{{"oldest", state.oldest_delta_version}});
}

struct Instruction {
  State& state;
  const Json& body;
  Instant now;
  Random& random;

  Person person() const { return Person(state, now, random); }
};

struct Verb : ControlVerb {
  http::Response (*act)(const Instruction& told_to);
};

const std::vector<Verb>& own_verbs() {
  static const std::vector<Verb> verbs = {
      {{"edit", R"({"id":"guid","fields":{…}})",
        "A person changes a row of \"table\" (a logical name; \"opportunity\" when absent), fields as in a Web API "
        "body. "
        "Without an id they create one, with \"delete\":true they delete it; \"user\" (a name or id) says who; "
        "{\"edits\":[…]} does several in one call. A person may also set totalamount, as product lines do."},
       [](const Instruction& o) {
         Person person = o.person();
         return edit(person, o.body);
       }},
      {{"win", R"({"id":"guid","status":3,"actualrevenue":1,"actualend":"2026-01-31T00:00:00Z"})",
        "A person closes an opportunity as won; all but the id may be left out."},
       [](const Instruction& o) { return told(o.person().close(o.body, true)); }},
      {{"lose", R"({"id":"guid","status":4})",
        "A person closes an opportunity as lost; all but the id may be left out."},
       [](const Instruction& o) { return told(o.person().close(o.body, false)); }},
      {{"reopen", R"({"id":"guid","status":1})", "A person reopens an opportunity."},
       [](const Instruction& o) { return told(o.person().reopen(o.body)); }},
      {{"stage", R"({"id":"guid","stage":"Develop"})", "Moves the business process to the stage of that name."},
       [](const Instruction& o) { return told(o.person().move_stage(o.body)); }},
      {{"column",
        R"({"table":"opportunity","name":"new_region","kind":"picklist","values":["North","South"],"key":false})",
        "Adds a column: text, memo, boolean, integer, decimal, money, date, datetime, url, picklist (options count "
        "from "
        "100000000) or lookup (named with its capitals; its values are the tables that it may lead to)."},
       [](const Instruction& o) { return add_column(o.state, o.body, o.now); }},
      {{"options",
        R"({"column":"salesstage","options":[{"value":0,"label":"Qualify","german":"Qualifizieren","state":0}]})",
        "Replaces the options of a column."},
       [](const Instruction& o) { return change_options(o.state, o.body, o.now); }},
      {{"expire", "{}", "Ends every session: the next call answers 401."},
       [](const Instruction& o) { return end_sessions(o.state); }},
      {{"expire_delta", "{}", "Ends every change-tracking token handed out so far."},
       [](const Instruction& o) { return end_delta_tokens(o.state); }},
  };
  return verbs;
}

}  // namespace

std::vector<ControlVerb> control_verbs() { return {own_verbs().begin(), own_verbs().end()}; }

std::optional<http::Response> control(State& state, const std::string& verb, const http::Request& request, Instant now,
                                      Random& random) {
  const std::vector<Verb>& known = own_verbs();
  const auto found = std::find_if(known.begin(), known.end(), [&](const Verb& v) { return v.name == verb; });
  if (request.method != "POST" || found == known.end()) return std::nullopt;
  const auto body = request.body.empty() ? std::optional<Json>(Json::object()) : read_json(request.body);
  if (!body || !body->is_object()) return refused(400, "The body is not a JSON object.");
  Instruction told_to{state, *body, now, random};
  return found->act(told_to);
}

Json all_records(const State& state) {
  Json out = Json::object();
  const std::pair<const char*, const char*> lists[] = {{"opportunities", "opportunity"},
                                                       {"accounts", "account"},
                                                       {"contacts", "contact"},
                                                       {"users", "systemuser"},
                                                       {"opportunitycloses", "opportunityclose"}};
  for (const auto& entry : lists) {
    const Table& table = state.model.schema().get(entry.second);
    Json list = Json::array();
    for (const RowPtr& row : state.model.rows(table).all()) {
      if (row == nullptr) continue;
      Json record = record_json(state, table, *row);
      if (table.name == "opportunity") {
        record["account.name"] = name_behind(state, table, *row, "parentaccountid");
        record["owner.fullname"] = name_behind(state, table, *row, "ownerid");
        record["process.stage"] = active_stage(state, row->id);
      }
      list.push_back(std::move(record));
    }
    out[entry.first] = std::move(list);
  }
  return out;
}

}  // namespace cosell::emulator::dynamics365
