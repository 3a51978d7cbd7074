// Looking up objects and fields, and making custom fields.
#include "connectors/salesforce/emulator/schema.h"

#include "base/text.h"

namespace cosell::emulator::salesforce {

const char* name_of(Type type) {
  switch (type) {
    case Type::id:
      return "id";
    case Type::string:
      return "string";
    case Type::textarea:
      return "textarea";
    case Type::picklist:
      return "picklist";
    case Type::reference:
      return "reference";
    case Type::boolean:
      return "boolean";
    case Type::currency:
      return "currency";
    case Type::number:
      return "double";
    case Type::integer:
      return "int";
    case Type::percent:
      return "percent";
    case Type::date:
      return "date";
    case Type::datetime:
      return "datetime";
    case Type::email:
      return "email";
    case Type::phone:
      return "phone";
    case Type::url:
      return "url";
  }
  return "anyType";
}

bool Field::is_text() const {
  switch (type) {
    case Type::string:
    case Type::textarea:
    case Type::picklist:
    case Type::email:
    case Type::phone:
    case Type::url:
      return true;
    default:
      return false;
  }
}

bool Field::is_number() const {
  return type == Type::currency || type == Type::number || type == Type::integer || type == Type::percent;
}

std::optional<std::uint16_t> Object::find_hidden_too(std::string_view field) const {
  const auto it = by_name_.find(text::lower_ascii(field));
  if (it == by_name_.end()) return std::nullopt;
  return it->second;
}

std::optional<std::uint16_t> Object::find(std::string_view field) const {
  const auto index = find_hidden_too(field);
  if (!index || fields[*index].hidden) return std::nullopt;
  return index;
}

std::optional<std::uint16_t> Object::find_relationship(std::string_view relationship) const {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field& f = fields[i];
    if (!f.hidden && !f.relationship.empty() && text::equals_ignore_case(f.relationship, relationship)) {
      return static_cast<std::uint16_t>(i);
    }
  }
  return std::nullopt;
}

std::uint16_t Object::add(Field field) {
  const auto index = static_cast<std::uint16_t>(fields.size());
  by_name_[text::lower_ascii(field.name)] = index;
  fields.push_back(std::move(field));
  return index;
}

Schema::Schema() {
  objects_.push_back(standard::opportunity());
  objects_.push_back(standard::account());
  objects_.push_back(standard::contact());
  objects_.push_back(standard::user());
  objects_.push_back(standard::opportunity_stage());
  objects_.push_back(standard::opportunity_history());
  objects_.push_back(standard::record_type());
  objects_.push_back(standard::organization());
  objects_.push_back(standard::currency_type());
  objects_.push_back(standard::permission_set());
  objects_.push_back(standard::field_permissions());
  objects_.push_back(standard::permission_set_assignment());
}

const Object* Schema::find(std::string_view object) const {
  for (const Object& o : objects_) {
    if (!o.hidden && text::equals_ignore_case(o.name, object)) return &o;
  }
  return nullptr;
}

const Object* Schema::find_by_prefix(std::string_view prefix) const {
  for (const Object& o : objects_) {
    if (!o.hidden && !o.prefix.empty() && o.prefix == prefix) return &o;
  }
  return nullptr;
}

Object& Schema::get(std::string_view object) {
  for (Object& o : objects_) {
    if (o.name == object) return o;
  }
  return objects_.front();
}

Field custom_text(std::string name, int length) {
  Field f;
  f.label = text::replace_all(name.substr(0, name.size() - (text::ends_with(name, "__c") ? 3 : 0)), "_", " ");
  f.name = std::move(name);
  f.length = length;
  f.custom = true;
  return f;
}

std::optional<Field> custom_field(std::string name, std::string_view kind, std::vector<PickValue> picks) {
  Field f = custom_text(std::move(name));
  if (kind == "text") return f;
  f.length = 0;
  if (kind == "checkbox") {
    f.type = Type::boolean;
    f.nillable = false;
    f.defaulted = true;
  } else if (kind == "longtext") {
    f.type = Type::textarea;
    f.length = 32768;
  } else if (kind == "number") {
    f.type = Type::number;
    f.precision = 18;
    f.scale = 2;
  } else if (kind == "date") {
    f.type = Type::date;
  } else if (kind == "datetime") {
    f.type = Type::datetime;
  } else if (kind == "url") {
    f.type = Type::url;
    f.length = 255;
  } else if (kind == "picklist") {
    f.type = Type::picklist;
    f.length = 255;
    f.restricted = true;
    f.picks = std::move(picks);
  } else {
    return std::nullopt;
  }
  return f;
}

}  // namespace cosell::emulator::salesforce
