// Records as JSON: values by the type of their field, parents as nested objects, "attributes" first.
#include "connectors/salesforce/emulator/query.h"

namespace cosell::emulator::salesforce {

namespace {

void append(Json& object, const std::string& key, Json value) {
  // The keys of one record are distinct already: no search for an equal one.
  object.get_ref<Json::object_t&>().emplace_back(key, std::move(value));
}

Json render_items(const std::vector<OutputItem>& items, const ResultSet& result, const RowPtr* rows, std::size_t slot,
                  const std::string& version) {
  const RowPtr& row = rows[slot];
  if (row == nullptr) return nullptr;
  Json out = Json::object();
  out.get_ref<Json::object_t&>().reserve(items.size() + 1);
  const Object& object = *result.query.slots[slot].object;
  append(out, "attributes", attributes_of(object, row->id, version));
  for (const OutputItem& item : items) {
    if (item.child_slot != 0) {
      append(out, item.name, render_items(item.children, result, rows, item.child_slot, version));
      continue;
    }
    const Field& field = object.fields[item.field.index];
    Value scratch;
    append(out, item.name, to_json(field, row->read(field, item.field.index, scratch)));
  }
  return out;
}

}  // namespace

Json to_json(const Field& field, const Value& value) {
  if (is_null(value)) return field.type == Type::boolean ? Json(false) : Json(nullptr);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* time = std::get_if<Instant>(&value)) return stamp_text(*time);
  if (const auto* date = std::get_if<Date>(&value)) return to_string(*date);
  if (const auto* number = std::get_if<double>(&value)) {
    if (field.type == Type::integer) return static_cast<std::int64_t>(*number);
    return *number;
  }
  const std::string& text = std::get<std::string>(value);
  if (field.type == Type::id || field.type == Type::reference) return to_18(text);
  return text;
}

Json attributes_of(const Object& object, const std::string& id15, const std::string& version) {
  Json out = Json::object();
  append(out, "type", object.name);
  append(out, "url", "/services/data/" + version + "/sobjects/" + object.name + "/" + to_18(id15));
  return out;
}

Json render(const ResultSet& result, std::size_t n, const std::string& version) {
  const std::size_t width = result.query.slots.size();
  return render_items(result.query.output, result, result.rows.data() + n * width, 0, version);
}

}  // namespace cosell::emulator::salesforce
