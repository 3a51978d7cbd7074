// The collection resources under /composite/sobjects: up to 200 records a call, one result for each, in order.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "connectors/salesforce/emulator/api.h"
#include "connectors/salesforce/emulator/query.h"

namespace cosell::emulator::salesforce {

namespace {

constexpr std::size_t kRecordsMax = 200;
constexpr std::size_t kRetrieveMax = 2000;
constexpr std::size_t kTypeRunsMax = 10;

Json failed_row(const ApiErrors& errors, const std::string& id15) {
  Json row = Json::object();
  if (!id15.empty()) row["id"] = to_18(id15);
  row["success"] = false;
  row["errors"] = Json::array();
  for (const ApiError& e : errors) {
    row["errors"].push_back(Json{{"statusCode", e.code}, {"message", e.message}, {"fields", e.fields}});
  }
  return row;
}

Json saved_row(const Written& written, bool upsert) {
  Json row = Json{{"id", to_18(written.id)}, {"success", true}, {"errors", Json::array()}};
  if (upsert) row["created"] = written.created;
  return row;
}

// One record of the request and what became of it.
struct Item {
  const Json* fields = nullptr;
  const Object* object = nullptr;
  std::string id;  // 15 characters, empty when not known
};

std::string text_member(const Json& record, const char* name) {
  for (const auto& member : record.items()) {
    if (text::equals_ignore_case(member.key(), name) && member.value().is_string()) return member.value();
  }
  return "";
}

const Object* object_of(const Call& call, const Json& record) {
  const auto attributes = record.is_object() ? record.find("attributes") : record.end();
  if (!record.is_object() || attributes == record.end() || !attributes->is_object()) return nullptr;
  return call.state.model.schema().find(text_member(*attributes, "type"));
}

Json without_id(const Json& record) {
  Json fields = Json::object();
  for (const auto& member : record.items()) {
    if (!text::equals_ignore_case(member.key(), "Id")) fields[member.key()] = member.value();
  }
  return fields;
}

// What one call of a collection does with each record.
class Batch {
 public:
  Batch(Call& call, bool all_or_none) : call_(call), all_or_none_(all_or_none), writer_(call.writer()) {}

  template <class Write>
  Answer run(const std::vector<Item>& items, bool upsert, Write write) {
    const std::size_t savepoint = call_.state.model.savepoint();
    Answer answer;
    answer.body = Json::array();
    bool failed = false;
    for (const Item& item : items) {
      const Outcome<Written> done = write(writer_, item);
      if (const ApiError* unread = done ? nullptr : unreadable(done.error())) {
        call_.state.model.roll_back(savepoint);
        return refuse(ApiErrors{*unread});
      }
      failed = failed || !done;
      answer.body.push_back(done ? saved_row(*done, upsert) : failed_row(done.error(), item.id));
      count_row(done.has_value());
    }
    if (!failed || !all_or_none_) {
      call_.state.model.release(savepoint);
      return answer;
    }
    call_.state.model.roll_back(savepoint);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (!answer.body[i]["success"].get<bool>()) continue;
      answer.body[i] = failed_row(fail("ALL_OR_NONE_OPERATION_ROLLED_BACK",
                                       "Record rolled back because not all records were valid and the request was "
                                       "using AllOrNone header")
                                      .value(),
                                  items[i].id);
    }
    return answer;
  }

 private:
  // A value of another type is met while the request is read: nothing of it is carried out then. Inferred from the
  // place in the request that the words name.
  const ApiError* unreadable(const ApiErrors& errors) const {
    if (call_.state.settings.wrong_type_refuses != "call") return nullptr;
    const auto found =
        std::find_if(errors.begin(), errors.end(), [](const ApiError& e) { return e.code == "JSON_PARSER_ERROR"; });
    return found == errors.end() ? nullptr : &*found;
  }
  // Rows are no calls; the statistics count them apart.
  void count_row(bool written) const {
    if (call_.served == nullptr) return;
    call_.served->push_back(
        Served{call_.method, "/services/data/{v}/sobjects/{object}/{id}", written ? 200 : 400, true});
  }

  Call& call_;
  bool all_or_none_;
  Writer writer_;
};

Answer too_many() {
  return refuse(400, "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 200 records into this call");
}

// The records of a body, or the refusal of the whole call.
tl::expected<std::vector<Item>, Answer> items_of(const Call& call) {
  const auto records = call.body.is_object() ? call.body.find("records") : call.body.end();
  if (!call.body.is_object() || records == call.body.end() || !records->is_array()) {
    return tl::unexpected<Answer>(refuse(400, "INVALID_INPUT", "The request body needs an array \"records\"."));
  }
  if (records->size() > kRecordsMax) return tl::unexpected<Answer>(too_many());
  std::vector<Item> items;
  std::size_t runs = 0;
  for (const Json& record : *records) {
    Item item;
    item.fields = &record;
    item.object = object_of(call, record);
    if (items.empty() || items.back().object != item.object) ++runs;
    if (record.is_object()) item.id = parse_id(text_member(record, "Id")).value_or("");
    items.push_back(std::move(item));
  }
  if (runs > kTypeRunsMax) {
    return tl::unexpected<Answer>(
        refuse(400, "INVALID_INPUT",
               "Cannot have more than 10 chunks in a single operation. Please rearrange the data to reduce chunking."));
  }
  return items;
}

bool all_or_none(const Call& call) {
  const auto it = call.body.is_object() ? call.body.find("allOrNone") : call.body.end();
  return call.body.is_object() && it != call.body.end() && it->is_boolean() && it->get<bool>();
}

tl::unexpected<ApiErrors> no_type() {
  return fail("INVALID_TYPE", "The record has no attributes.type that names an sObject");
}

Answer create_many(Call& call) {
  const auto items = items_of(call);
  if (!items) return items.error();
  return Batch(call, all_or_none(call)).run(*items, false, [](Writer& writer, const Item& item) -> Outcome<Written> {
    if (item.object == nullptr) return no_type();
    return create_record(writer, *item.object, *item.fields);
  });
}

Answer update_many(Call& call) {
  const auto items = items_of(call);
  if (!items) return items.error();
  std::set<std::string> seen;
  return Batch(call, all_or_none(call)).run(*items, false, [&](Writer& writer, const Item& item) -> Outcome<Written> {
    if (item.object == nullptr) return no_type();
    const std::string given = text_member(*item.fields, "Id");
    if (given.empty()) return fail("MISSING_ARGUMENT", "Id not specified in an update call");
    if (item.id.empty() || item.id.compare(0, 3, item.object->prefix) != 0) {
      return fail("MALFORMED_ID", "bad id " + given, {"Id"});
    }
    if (!seen.insert(item.id).second) return fail("DUPLICATE_VALUE", "duplicate id in list: " + to_18(item.id), {"Id"});
    auto done = update_record(writer, *item.object, item.id, without_id(*item.fields));
    if (!done && done.error().front().code == "NOT_FOUND") {
      return fail("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
    }
    return done;
  });
}

Outcome<Written> upsert_item(Writer& writer, const Object& object, std::uint16_t field, const Item& item) {
  const Field& key = object.fields[field];
  const std::string value = text::trim(text_member(*item.fields, key.name.c_str()));
  if (value.empty()) return fail("MISSING_ARGUMENT", key.name + " not specified", {key.name});
  const auto rows = find_by_value(writer.state, object, field, value);
  if (rows.size() > 1) {
    std::vector<std::string> ids;
    for (const RowPtr& row : rows) ids.push_back(to_18(row->id));
    return fail("DUPLICATE_EXTERNAL_ID",
                key.name + ": more than one record found for external id field: [" + text::join(ids, ", ") + "]");
  }
  if (rows.empty()) return create_record(writer, object, *item.fields);
  return update_record(writer, object, rows.front()->id, *item.fields);
}

Answer upsert_many(Call& call, const Object& object, const std::string& field_name) {
  const auto field = object.find(field_name);
  const bool usable = field && (object.fields[*field].indexed() || object.fields[*field].system == System::id);
  if (!usable) {
    return refuse(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + field_name);
  }
  const auto items = items_of(call);
  if (!items) return items.error();
  const bool by_id = object.fields[*field].system == System::id;
  std::set<std::string> seen;
  return Batch(call, all_or_none(call)).run(*items, true, [&](Writer& writer, const Item& item) -> Outcome<Written> {
    if (item.object != &object) return no_type();
    if (by_id) {
      return item.id.empty() ? create_record(writer, object, without_id(*item.fields))
                             : update_record(writer, object, item.id, without_id(*item.fields));
    }
    const std::string value = fold(text::trim(text_member(*item.fields, object.fields[*field].name.c_str())));
    if (!value.empty() && !seen.insert(value).second) {
      return fail("DUPLICATE_VALUE", "Duplicate external id specified: " + value, {object.fields[*field].name});
    }
    return upsert_item(writer, object, *field, item);
  });
}

Answer delete_many(Call& call) {
  std::vector<Item> items;
  std::vector<std::string> given = text::split(call.parameter("ids"), ',');
  if (given.size() > kRecordsMax) return too_many();
  if (text::trim(call.parameter("ids")).empty())
    return refuse(400, "MISSING_ARGUMENT", "The ids parameter is required");
  for (const std::string& id : given) {
    Item item;
    item.id = parse_id(text::trim(id)).value_or("");
    item.object = item.id.empty() ? nullptr : call.state.model.schema().find_by_prefix(item.id.substr(0, 3));
    items.push_back(std::move(item));
  }
  const bool all = text::equals_ignore_case(call.parameter("allOrNone"), "true");
  return Batch(call, all).run(items, false, [](Writer& writer, const Item& item) -> Outcome<Written> {
    if (item.object == nullptr) return fail("MALFORMED_ID", "malformed id", {"Id"});
    auto done = delete_record(writer, *item.object, item.id);
    if (!done && done.error().front().code == "NOT_FOUND") {
      return fail("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
    }
    return done;
  });
}

// Up to 2,000 records by id; an id that names nothing gives null in its place.
Answer retrieve(Call& call, const Object& object, const std::vector<std::string>& ids,
                const std::vector<std::string>& fields) {
  if (ids.size() > kRetrieveMax) {
    return refuse(400, "EXCEEDED_ID_LIMIT",
                  "record limit reached. cannot submit more than 2000 records into this call");
  }
  std::vector<RowPtr> rows;
  for (const std::string& id : ids) {
    const auto id15 = parse_id(text::trim(id));
    if (!id15) return refuse(400, "MALFORMED_ID", "malformed id " + id);
    RowPtr row = call.state.model.table(object).by_id(*id15);
    if (row != nullptr && (row->deleted || is_hidden(call.state, *id15))) row = nullptr;
    rows.push_back(std::move(row));
  }
  auto records = records_with_fields(call, object, fields, rows);
  if (!records) return refuse(records.error());
  Answer answer;
  answer.body = std::move(*records);
  return answer;
}

std::vector<std::string> texts_in(const Json& body, const char* name) {
  std::vector<std::string> out;
  const auto list = body.is_object() ? body.find(name) : body.end();
  if (!body.is_object() || list == body.end() || !list->is_array()) return out;
  for (const Json& entry : *list) {
    if (entry.is_string()) out.push_back(entry.get<std::string>());
  }
  return out;
}

Answer retrieve_many(Call& call, const Object& object) {
  const bool get = call.method == "GET";
  const auto ids = get ? text::split(call.parameter("ids"), ',') : texts_in(call.body, "ids");
  const auto fields = get ? text::split(call.parameter("fields"), ',') : texts_in(call.body, "fields");
  if (ids.empty() || fields.empty()) {
    return refuse(400, "MISSING_ARGUMENT", "The request needs both ids and fields");
  }
  return retrieve(call, object, ids, fields);
}

}  // namespace

Answer collections(Call& call) {
  if (call.path.size() == 2) {
    if (call.method == "POST") return create_many(call);
    if (call.method == "PATCH") return update_many(call);
    if (call.method == "DELETE") return delete_many(call);
    return wrong_method(call, "DELETE,PATCH,POST");
  }
  const Object* object = call.state.model.schema().find(call.path[2]);
  if (object == nullptr) return not_found();
  if (call.path.size() == 4) {
    return call.method == "PATCH" ? upsert_many(call, *object, call.path[3]) : wrong_method(call, "PATCH");
  }
  if (call.method != "POST" && call.method != "GET") return wrong_method(call, "GET,HEAD,POST");
  return retrieve_many(call, *object);
}

}  // namespace cosell::emulator::salesforce
