// Single records over REST: create, read, update, delete, by id or by external id, with conditional headers.
#include <algorithm>

#include "base/text.h"
#include "connectors/emulator/toolkit.h"
#include "connectors/salesforce/emulator/api.h"
#include "connectors/salesforce/emulator/query.h"

namespace cosell::emulator::salesforce {

namespace {

Answer written(const Call& call, const Object& object, const Written& w, bool upsert) {
  Answer answer;
  answer.status = w.created ? 201 : 200;
  answer.body = Json{{"id", to_18(w.id)}, {"success", true}, {"errors", Json::array()}};
  if (upsert) answer.body["created"] = w.created;
  if (w.created) answer.headers.set("Location", call.base() + "/sobjects/" + object.name + "/" + to_18(w.id));
  return answer;
}

bool has_object_body(const Call& call) { return call.body.is_object(); }

Answer body_missing() {
  return refuse(400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.");
}

// The time that conditional headers compare with.
Instant last_modified(const Call& call, const Row& row) {
  return call.state.settings.precondition_field == "SystemModstamp" ? row.stamp : row.modified;
}

std::string etag_of(const Row& row) { return "\"" + row.id + "-" + std::to_string(row.stamp.ms) + "\""; }

std::optional<Answer> condition_unmet(const Call& call, const Object& object, const Row& row) {
  const bool reading = call.method == "GET";
  const std::string modified_since = call.header("If-Modified-Since");
  const std::string unmodified_since = call.header("If-Unmodified-Since");
  if (!modified_since.empty() || !unmodified_since.empty()) {
    const auto since = parse_http_date(modified_since.empty() ? unmodified_since : modified_since);
    if (!since) return refuse(400, "INVALID_FIELD", "Malformed date in a conditional header");
    const bool newer = last_modified(call, row) > *since;
    if (!modified_since.empty() && reading && !newer) {
      Answer answer = no_content();
      answer.status = 304;
      return answer;
    }
    if (!unmodified_since.empty() && newer) {
      Answer answer = no_content();
      answer.status = 412;
      return answer;
    }
  }
  // Only accounts have entity tags.
  if (object.name != "Account") return std::nullopt;
  const std::string match = call.header("If-Match");
  const std::string none_match = call.header("If-None-Match");
  const bool unmet = (!match.empty() && match != "*" && match != etag_of(row)) || none_match == etag_of(row);
  if (!unmet) return std::nullopt;
  Answer answer = no_content();
  answer.status = reading && match.empty() ? 304 : 412;
  return answer;
}

Answer read_row(Call& call, const Object& object, const RowPtr& row) {
  std::vector<std::string> fields;
  for (const std::string& name : text::split(call.parameter("fields"), ',')) {
    if (!text::trim(name).empty()) fields.push_back(text::trim(name));
  }
  if (fields.empty()) {
    for (const Field& f : object.fields) {
      if (!f.hidden) fields.push_back(f.name);
    }
  }
  auto records = records_with_fields(call, object, fields, {row});
  if (!records) return refuse(records.error());
  Answer answer;
  answer.body = std::move((*records)[0]);
  answer.headers.set("Last-Modified", http_date(last_modified(call, *row)));
  if (object.name == "Account") answer.headers.set("ETag", etag_of(*row));
  return answer;
}

Answer change_row(Call& call, const Object& object, const std::string& id15) {
  Writer writer = call.writer();
  if (call.method == "DELETE") {
    const auto done = delete_record(writer, object, id15);
    return done ? no_content() : refuse(done.error());
  }
  if (!has_object_body(call)) return body_missing();
  const auto done = update_record(writer, object, id15, call.body);
  return done ? no_content() : refuse(done.error());
}

Answer several_matches(const Call& call, const Object& object, const std::vector<RowPtr>& rows) {
  Answer answer;
  answer.status = 300;
  answer.body = Json::array();
  for (const RowPtr& row : rows) answer.body.push_back(call.base() + "/sobjects/" + object.name + "/" + to_18(row->id));
  return answer;
}

// What may not stand in an upsert's body: the id and the external id itself.
std::optional<Answer> upsert_body_refused(const Call& call, const Field& field) {
  if (!has_object_body(call)) return body_missing();
  for (const auto& member : call.body.items()) {
    if (text::equals_ignore_case(member.key(), "Id")) {
      return refuse(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.", {"Id"});
    }
    if (text::equals_ignore_case(member.key(), field.name)) {
      return refuse(400, "INVALID_FIELD", "The " + field.name + " field should not be specified in the sobject data.",
                    {field.name});
    }
  }
  return std::nullopt;
}

Answer upsert_row(Call& call, const Object& object, std::uint16_t field, const std::string& value) {
  if (const auto refused = upsert_body_refused(call, object.fields[field])) return *refused;
  const auto rows = find_by_value(call.state, object, field, value);
  if (rows.size() > 1) return several_matches(call, object, rows);
  Writer writer = call.writer();
  if (rows.size() == 1) {
    if (auto unmet = condition_unmet(call, object, *rows.front())) return std::move(*unmet);
    const auto done = update_record(writer, object, rows.front()->id, call.body);
    return done ? written(call, object, *done, true) : refuse(done.error());
  }
  if (text::equals_ignore_case(call.parameter("updateOnly"), "true")) return not_found();
  Json fields = call.body;
  fields[object.fields[field].name] = value;
  const auto done = create_record(writer, object, fields);
  return done ? written(call, object, *done, true) : refuse(done.error());
}

}  // namespace

Answer create(Call& call, const Object& object) {
  if (!has_object_body(call)) return body_missing();
  Writer writer = call.writer();
  const auto done = create_record(writer, object, call.body);
  return done ? written(call, object, *done, false) : refuse(done.error());
}

Answer row_by_id(Call& call, const Object& object, const std::string& id) {
  if (call.method != "GET" && call.method != "PATCH" && call.method != "DELETE") {
    return wrong_method(call, "DELETE,GET,HEAD,PATCH");
  }
  const auto id15 = parse_id(id);
  if (!id15) {
    return refuse(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + id);
  }
  const RowPtr row = call.state.model.table(object).by_id(*id15);
  if (row == nullptr || is_hidden(call.state, *id15)) return not_found();
  if (row->deleted) return refuse(404, "ENTITY_IS_DELETED", "entity is deleted");
  if (call.method != "DELETE") {
    if (auto unmet = condition_unmet(call, object, *row)) return std::move(*unmet);
  }
  return call.method == "GET" ? read_row(call, object, row) : change_row(call, object, *id15);
}

Answer row_by_value(Call& call, const Object& object, const std::string& field, const std::string& value) {
  const auto index = object.find(field);
  const bool usable = index && (object.fields[*index].external_id || object.fields[*index].id_lookup ||
                                object.fields[*index].system == System::id);
  if (!usable) {
    return refuse(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + field);
  }
  if (object.fields[*index].system == System::id) return row_by_id(call, object, value);
  if (call.method == "PATCH") return upsert_row(call, object, *index, value);
  if (call.method != "GET" && call.method != "DELETE") return wrong_method(call, "DELETE,GET,HEAD,PATCH");
  const auto rows = find_by_value(call.state, object, *index, value);
  if (rows.empty()) return not_found();
  if (rows.size() > 1) return several_matches(call, object, rows);
  return row_by_id(call, object, rows.front()->id);
}

Outcome<Json> records_with_fields(Call& call, const Object& object, const std::vector<std::string>& fields,
                                  const std::vector<RowPtr>& rows) {
  soql::Query q;
  q.from = object.name;
  q.text = "SELECT " + text::join(fields, ", ") + " FROM " + object.name;
  bool has_id = false;
  for (const std::string& name : fields) {
    soql::Path path;
    path.names = text::split(name, '.');
    path.at = q.text.find(name);
    const bool repeated = std::any_of(q.fields.begin(), q.fields.end(), [&](const soql::Path& p) {
      return text::equals_ignore_case(text::join(p.names, "."), name);
    });
    has_id = has_id || text::equals_ignore_case(name, "Id");
    if (!repeated) q.fields.push_back(std::move(path));
  }
  if (!has_id) {
    soql::Path id;
    id.names = {"Id"};
    q.fields.push_back(std::move(id));
  }
  auto bound = bind(call.state, q, call.now);
  if (!bound) return tl::unexpected<ApiErrors>(std::move(bound).error());
  const ResultSet result = resolve(call.state, std::move(*bound), rows);
  Json records = Json::array();
  for (std::size_t n = 0; n < rows.size(); ++n) records.push_back(render(result, n, call.version));
  return records;
}

}  // namespace cosell::emulator::salesforce
