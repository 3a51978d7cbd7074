// What a person does in the org, and the rest of what it is told through the control API.
#include "connectors/salesforce/emulator/control.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "connectors/emulator/toolkit.h"
#include "connectors/salesforce/emulator/query.h"
#include "connectors/salesforce/emulator/records.h"

namespace cosell::emulator::salesforce {

namespace {

http::Response refused(int status, const std::string& sentence) {
  return json_answer(status, Json{{"error", sentence}});
}

http::Response refused(const ApiErrors& errors) {
  return json_answer(errors.front().status, Json{{"error", errors.front().code + ": " + errors.front().message}});
}

bool flag_at(const Json& body, const char* key) {
  const auto it = body.find(key);
  return it != body.end() && it->is_boolean() && it->get<bool>();
}

// The named transaction, or the newest open one.
Transaction* transaction_of(State& state, const Json& body) {
  auto& open = state.model.transactions();
  const std::string id = text_at(body, "transaction");
  if (id.empty()) return open.empty() ? nullptr : &open.back();
  const auto it = std::find_if(open.begin(), open.end(), [&](const Transaction& t) { return t.id == id; });
  return it == open.end() ? nullptr : &*it;
}

std::optional<std::string> person_of(const State& state, const std::string& given) {
  if (given.empty()) return state.person;
  const Object* users = state.model.schema().find("User");
  const auto id = parse_id(given);
  for (const RowPtr& row : state.model.table(*users).rows()) {
    const bool named =
        row != nullptr && (row->id == id || compare_values(row->cell(users->at("Name")), Value{given}) == 0);
    if (named) return row->id;
  }
  return std::nullopt;
}

Outcome<Written> edit_one(State& state, const Json& body, Instant now) {
  if (!body.is_object())
    return fail("INVALID_INPUT", "An edit is an object with \"id\" or \"object\", and \"fields\".");
  const auto person = person_of(state, text_at(body, "user"));
  if (!person) return fail("INVALID_INPUT", "There is no user " + text_at(body, "user") + ".");
  Writer writer{state, now, *person};
  writer.person = true;
  writer.allow_duplicates = true;
  const bool outside = body.contains("transaction") && body.at("transaction").is_null();
  if (!outside) writer.transaction = transaction_of(state, body);
  if (!text_at(body, "transaction").empty() && writer.transaction == nullptr) {
    return fail("INVALID_INPUT", "There is no open transaction " + text_at(body, "transaction") + ".");
  }
  const Json fields = body.contains("fields") && body.at("fields").is_object() ? body.at("fields") : Json::object();
  const auto id = parse_id(text_at(body, "id"));
  if (!id) {
    const Object* object = state.model.schema().find(text_at(body, "object"));
    if (object == nullptr)
      return fail("INVALID_INPUT", "An edit needs the \"id\" of a record, or an \"object\" to make one of.");
    return create_record(writer, *object, fields);
  }
  const Object* object = state.model.schema().find_by_prefix(id->substr(0, 3));
  if (object == nullptr) return fail("NOT_FOUND", "No object has ids like " + *id, {}, 404);
  return flag_at(body, "delete") ? delete_record(writer, *object, *id) : update_record(writer, *object, *id, fields);
}

http::Response edit(State& state, const Json& body, Instant now) {
  const bool several = body.contains("edits") && body.at("edits").is_array();
  if (!several) {
    const auto done = edit_one(state, body, now);
    return done ? json_answer(200, Json{{"id", to_18(done->id)}}) : refused(done.error());
  }
  Json results = Json::array();
  for (const Json& one : body.at("edits")) {
    const auto done = edit_one(state, one, now);
    results.push_back(done ? Json{{"id", to_18(done->id)}}
                           : Json{{"error", done.error().front().code + ": " + done.error().front().message}});
  }
  return json_answer(200, Json{{"results", std::move(results)}});
}

http::Response undelete(State& state, const Json& body, Instant now) {
  const auto id = parse_id(text_at(body, "id"));
  if (!id) return refused(400, "undelete needs the \"id\" of a record.");
  Writer writer{state, now, state.person};
  const auto done = undelete_record(writer, *id);
  return done ? json_answer(200, Json{{"id", to_18(done->id)}}) : refused(done.error());
}

http::Response empty_bin(State& state, Instant now) {
  std::size_t purged = 0;
  for (const Object& object : state.model.schema().objects()) {
    const std::vector<RowPtr> rows = state.model.table(object).rows();
    for (const RowPtr& row : rows) {
      if (row == nullptr || !in_recycle_bin(*row, now)) continue;
      Row gone = *row;
      gone.purged = true;
      state.model.put(object, std::make_shared<const Row>(std::move(gone)));
      ++purged;
    }
  }
  return json_answer(200, Json{{"purged", purged}});
}

http::Response begin(State& state, Instant now) {
  Transaction t;
  t.id = std::to_string(++state.transactions_begun);
  t.begun = now;
  state.model.transactions().push_back(t);
  return json_answer(200, Json{{"transaction", t.id}});
}

http::Response end(State& state, const Json& body, bool keep, Instant now) {
  const Transaction* open = transaction_of(state, body);
  if (open == nullptr) return refused(404, "There is no such open transaction.");
  const Transaction t = *open;
  auto& list = state.model.transactions();
  list.erase(std::find_if(list.begin(), list.end(), [&](const Transaction& o) { return o.id == t.id; }));
  Json ids = Json::array();
  for (const auto& entry : t.rows) {
    if (!keep) break;
    const Object& object = state.model.schema().get(entry.first);
    const RowPtr before = state.model.table(object).by_id(entry.second->id);
    state.model.put(object, entry.second);
    Writer writer{state, now, entry.second->modified_by};
    const bool tracked = entry.first == "Opportunity" && !entry.second->deleted;
    if (tracked) record_history(writer, before.get(), *entry.second);
    ids.push_back(to_18(entry.second->id));
  }
  return json_answer(200, Json{{"transaction", t.id}, {"ids", std::move(ids)}});
}

http::Response add_field(State& state, const Json& body, Instant now) {
  const std::string name = text_at(body, "name");
  if (!text::ends_with(name, "__c")) return refused(400, "The name of a custom field ends in __c.");
  const std::string object = text_at(body, "object").empty() ? "Opportunity" : text_at(body, "object");
  if (state.model.schema().find(object) == nullptr) return refused(400, "There is no object " + object + ".");
  Object& target = state.model.schema().get(state.model.schema().find(object)->name);
  if (target.find_hidden_too(name)) return refused(400, target.name + " has a field " + name + " already.");
  std::vector<PickValue> picks;
  if (body.contains("values") && body.at("values").is_array()) {
    for (const Json& v : body.at("values")) {
      if (v.is_string()) picks.push_back({v.get<std::string>(), v.get<std::string>()});
    }
  }
  auto field = custom_field(name, text_at(body, "kind").empty() ? "text" : text_at(body, "kind"), std::move(picks));
  if (!field) return refused(400, "Kinds: text, longtext, checkbox, number, date, datetime, url, picklist.");
  field->external_id = flag_at(body, "external_id");
  field->unique = flag_at(body, "unique");
  field->id_lookup = field->external_id;
  target.add(std::move(*field));
  apply_visibility(state, now);
  return json_answer(200, Json{{"object", target.name}, {"name", name}});
}

http::Response change_stages(State& state, const Json& body, Instant now) {
  std::vector<Stage> stages;
  const bool listed = body.contains("stages") && body.at("stages").is_array() && !body.at("stages").empty();
  if (!listed) return refused(400, "stages needs a list \"stages\".");
  for (const Json& entry : body.at("stages")) {
    if (!entry.is_object() || text_at(entry, "name").empty()) return refused(400, "Every stage needs a \"name\".");
    Stage s;
    s.name = text_at(entry, "name");
    s.probability = entry.contains("probability") && entry.at("probability").is_number()
                        ? entry.at("probability").get<double>()
                        : 0;
    s.forecast_category =
        text_at(entry, "forecast_category").empty() ? "Pipeline" : text_at(entry, "forecast_category");
    s.closed = flag_at(entry, "closed") || flag_at(entry, "won");
    s.won = flag_at(entry, "won");
    s.was = text_at(entry, "was");
    stages.push_back(std::move(s));
  }
  // "record_types": { "Services": ["Scoping", …] }: what each offers; without it they stay as they are.
  std::map<std::string, std::vector<std::string>> offered;
  if (body.contains("record_types")) {
    if (!body.at("record_types").is_object()) return refused(400, "\"record_types\" needs an object of lists.");
    for (const auto& type : body.at("record_types").items()) {
      if (!type.value().is_array()) return refused(400, "A record type needs a list of stages.");
      for (const Json& name : type.value()) {
        const bool known = std::any_of(stages.begin(), stages.end(),
                                       [&](const Stage& s) { return name.is_string() && name == Json(s.name); });
        if (!known) return refused(400, "The record type " + type.key() + " offers a stage that is not there.");
        offered[type.key()].push_back(name.get<std::string>());
      }
    }
  }
  set_stages(state, stages, now);
  if (!offered.empty()) set_record_types(state, std::move(offered), now);
  return json_answer(200, Json{{"stages", stages.size()}});
}

Json record_json(const Object& object, const Row& row) {
  Json out = Json::object();
  for (std::size_t i = 0; i < object.fields.size(); ++i) {
    const Field& f = object.fields[i];
    Value scratch;
    const Value& value = row.read(f, static_cast<std::uint16_t>(i), scratch);
    if (!f.hidden && !is_null(value)) out[f.name] = to_json(f, value);
  }
  return out;
}

Json name_of_parent(const State& state, const Object& object, const Row& row, const char* reference) {
  const auto* id = std::get_if<std::string>(&row.cell(object.at(reference)));
  const RowPtr parent = id == nullptr ? nullptr : state.model.find(*id);
  if (parent == nullptr) return nullptr;
  const Object* target = state.model.schema().find_by_prefix(id->substr(0, 3));
  return to_json(target->fields[target->at("Name")], parent->cell(target->at("Name")));
}

http::Response end_sessions(State& state) {
  const std::size_t ended = state.sessions.size();
  state.sessions.clear();
  return json_answer(200, Json{{"ended", ended}});
}

struct Verb : ControlVerb {
  http::Response (*act)(State& state, const Json& body, Instant now);
};

const std::vector<Verb>& own_verbs() {
  static const std::vector<Verb> verbs = {
      {{"edit", R"({"id":"006…","fields":{…}})",
        "A person changes a record. With \"object\" instead of \"id\" they create one, with \"delete\":true instead of "
        "fields they delete it; \"user\" (a name or id) says who; {\"edits\":[…]} does several in one call. A person "
        "may "
        "also set HasOpportunityLineItem, as product lines do."},
       edit},
      {{"undelete", R"({"id":"006…"})", "Takes a record out of the recycle bin."}, undelete},
      {{"empty_bin", "{}",
        "Empties the recycle bin: what was deleted shows nowhere any more (in a real org it may show for some time "
        "yet, "
        "typically a day)."},
       [](State& state, const Json&, Instant now) { return empty_bin(state, now); }},
      {{"begin", "{}",
        "Opens a transaction and answers its id. Edits that follow are stamped at once and become visible at the "
        "commit; "
        "\"transaction\":null in an edit keeps it out. Writes through the API never join it."},
       [](State& state, const Json&, Instant now) { return begin(state, now); }},
      {{"commit", R"({"transaction":"1"})", "Makes a transaction visible; without an id the newest open one."},
       [](State& state, const Json& body, Instant now) { return end(state, body, true, now); }},
      {{"rollback", R"({"transaction":"1"})", "Drops a transaction; without an id the newest open one."},
       [](State& state, const Json& body, Instant now) { return end(state, body, false, now); }},
      {{"field",
        R"({"object":"Opportunity","name":"Region__c","kind":"picklist","values":["North","South"],"unique":false})",
        "Adds a field: text, longtext, checkbox, number, date, datetime, url or picklist; \"external_id\":true makes "
        "it "
        "a key."},
       add_field},
      {{"stages",
        R"({"stages":[{"name":"Pilot","probability":40,"forecast_category":"Pipeline","closed":false,"won":false}]})",
        "Replaces the opportunity stages."},
       change_stages},
      {{"expire", "{}", "Ends every session: the next call answers 401."},
       [](State& state, const Json&, Instant) { return end_sessions(state); }},
  };
  return verbs;
}

}  // namespace

std::vector<ControlVerb> control_verbs() { return {own_verbs().begin(), own_verbs().end()}; }

std::optional<http::Response> control(State& state, const std::string& verb, const http::Request& request,
                                      Instant now) {
  const std::vector<Verb>& known = own_verbs();
  const auto found = std::find_if(known.begin(), known.end(), [&](const Verb& v) { return v.name == verb; });
  if (request.method != "POST" || found == known.end()) return std::nullopt;
  const auto body = request.body.empty() ? std::optional<Json>(Json::object()) : read_json(request.body);
  if (!body || !body->is_object()) return refused(400, "The body is not a JSON object.");
  return found->act(state, *body, now);
}

Json all_records(const State& state) {
  Json out = Json::object();
  const std::pair<const char*, const char*> lists[] = {
      {"opportunities", "Opportunity"}, {"accounts", "Account"}, {"contacts", "Contact"}, {"users", "User"}};
  for (const auto& entry : lists) {
    const Object& object = *state.model.schema().find(entry.second);
    Json list = Json::array();
    for (const RowPtr& row : state.model.table(object).rows()) {
      if (row == nullptr) continue;
      Json record = record_json(object, *row);
      if (object.name == "Opportunity") {
        record["Account.Name"] = name_of_parent(state, object, *row, "AccountId");
        record["Owner.Name"] = name_of_parent(state, object, *row, "OwnerId");
      }
      list.push_back(std::move(record));
    }
    out[entry.first] = std::move(list);
  }
  return out;
}

}  // namespace cosell::emulator::salesforce
