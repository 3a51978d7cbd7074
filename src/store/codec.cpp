// Values as JSON. Texts, truth values, blanks and numbers are plain JSON; every other kind is an object with one
// member that names the kind: {"date":"2026-11-30"}. Members of people, solutions and customers that are empty are
// left out. Not responsible for what a column means.
#include "store/codec.h"

#include <functional>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_text.h"

namespace cosell::store {
namespace {

using json::Value;
using CoreValue = cosell::Value;

Error unreadable(const std::string& what) {
  return make_error(ErrorClass::store_damaged, "A stored value cannot be read: " + what + ".");
}

Value tagged(const char* kind, Value content) {
  Value v = Value::object();
  v.set(kind, std::move(content));
  return v;
}

void set_text(Value& object, const char* key, const std::string& text) {
  if (!text.empty()) object.set(key, Value::string(text));
}

Value from(const Person& p) {
  Value v = Value::object();
  set_text(v, "first_name", p.first_name);
  set_text(v, "last_name", p.last_name);
  set_text(v, "phone", p.phone);
  set_text(v, "email", p.email);
  return v;
}

Value from(const Solution& s) {
  Value v = Value::object();
  set_text(v, "id", s.id);
  set_text(v, "name", s.name);
  set_text(v, "type", s.type);
  return v;
}

Value from(const Customer& c) {
  Value v = Value::object();
  set_text(v, "name", c.name);
  set_text(v, "line1", c.line1);
  set_text(v, "line2", c.line2);
  set_text(v, "city", c.city);
  set_text(v, "state", c.state);
  set_text(v, "postal_code", c.postal_code);
  set_text(v, "country", c.country);
  return v;
}

template <class Item>
Value list_of(const std::vector<Item>& items) {
  Value v = Value::array();
  for (const Item& item : items) v.append(from(item));
  return v;
}

struct Encoder {
  Value operator()(std::monostate) const { return Value::null(); }
  Value operator()(bool b) const { return Value::boolean(b); }
  Value operator()(const Number& n) const { return Value::number(n.text); }
  Value operator()(const std::string& s) const { return Value::string(s); }
  Value operator()(const Date& d) const { return tagged("date", Value::string(to_string(d))); }
  Value operator()(const Instant& t) const { return tagged("instant", Value::string(to_string(t))); }
  Value operator()(const Money& m) const {
    Value v = Value::object();
    v.set("minor", Value::integer(m.minor));
    v.set("currency", Value::string(m.currency));
    return tagged("money", std::move(v));
  }
  Value operator()(const Stage& s) const { return tagged("stage", Value::integer(percent_of(s))); }
  Value operator()(const Standing& s) const {
    Value v = Value::object();
    v.set("status", Value::string(name_of(s.status)));
    v.set("substatus", Value::string(name_of(s.substatus)));
    set_text(v, "reason", s.reason);
    return tagged("standing", std::move(v));
  }
  Value operator()(const std::vector<Person>& people) const { return tagged("people", list_of(people)); }
  Value operator()(const std::vector<Solution>& solutions) const { return tagged("solutions", list_of(solutions)); }
  Value operator()(const Customer& c) const { return tagged("customer", from(c)); }
};

Result<CoreValue> date_from(const Value& v) {
  const auto date = parse_date(v.text());
  if (!date) return unreadable("\"" + v.text() + "\" is no date");
  return CoreValue(*date);
}

Result<CoreValue> instant_from(const Value& v) {
  const auto instant = parse_instant(v.text());
  if (!instant) return unreadable("\"" + v.text() + "\" is no time");
  return CoreValue(*instant);
}

Result<CoreValue> money_value_from(const Value& v) {
  const Value* minor = v.find("minor");
  const auto units = minor == nullptr ? std::nullopt : minor->as_integer();
  if (!units) return unreadable("an amount of money without its figure");
  return CoreValue(Money{*units, v.text_of("currency")});
}

Result<CoreValue> stage_from(const Value& v) {
  const auto percent = v.as_integer();
  if (percent == 0) return CoreValue(Stage::none);
  const auto stage =
      percent && *percent > 0 && *percent <= 100 ? stage_from_percent(static_cast<int>(*percent)) : std::nullopt;
  if (!stage) return unreadable("stage " + v.text());
  return CoreValue(*stage);
}

Result<CoreValue> standing_from(const Value& v) {
  const auto status = status_from(v.text_of("status"));
  const auto substatus = substatus_from(v.text_of("substatus"));
  if (!status || !substatus) return unreadable("status \"" + v.text_of("status") + "/" + v.text_of("substatus") + "\"");
  return CoreValue(Standing{*status, *substatus, v.text_of("reason")});
}

Result<CoreValue> people_from(const Value& v) {
  std::vector<Person> people;
  for (const Value& item : v.items()) {
    people.push_back(
        {item.text_of("first_name"), item.text_of("last_name"), item.text_of("phone"), item.text_of("email")});
  }
  return CoreValue(std::move(people));
}

Result<CoreValue> solutions_from(const Value& v) {
  std::vector<Solution> solutions;
  for (const Value& item : v.items()) {
    solutions.push_back({item.text_of("id"), item.text_of("name"), item.text_of("type")});
  }
  return CoreValue(std::move(solutions));
}

Result<CoreValue> customer_from(const Value& v) {
  return CoreValue(Customer{v.text_of("name"), v.text_of("line1"), v.text_of("line2"), v.text_of("city"),
                            v.text_of("state"), v.text_of("postal_code"), v.text_of("country")});
}

struct Decoder {
  std::string_view kind;
  json::Kind shape;
  Result<CoreValue> (*decode)(const Value&);
};

constexpr Decoder kDecoders[] = {
    {"date", json::Kind::string, date_from},          {"instant", json::Kind::string, instant_from},
    {"money", json::Kind::object, money_value_from},  {"stage", json::Kind::number, stage_from},
    {"standing", json::Kind::object, standing_from},  {"people", json::Kind::array, people_from},
    {"solutions", json::Kind::array, solutions_from}, {"customer", json::Kind::object, customer_from},
};

Result<CoreValue> tagged_value_from(const Value& v) {
  if (v.members().size() != 1) return unreadable("an object that names no kind of value");
  const json::Member& member = v.members().front();
  for (const Decoder& decoder : kDecoders) {
    if (decoder.kind != member.key) continue;
    if (decoder.shape != member.value.kind()) return unreadable("a malformed " + member.key);
    return decoder.decode(member.value);
  }
  return unreadable("a value of the unknown kind \"" + member.key + "\"");
}

}  // namespace

json::Value to_json(const cosell::Value& v) { return std::visit(Encoder{}, v); }

Result<cosell::Value> value_from_json(json::Value v) {
  switch (v.kind()) {
    case json::Kind::null:
      return CoreValue();
    case json::Kind::boolean:
      return CoreValue(v.as_bool());
    case json::Kind::string:
      return CoreValue(v.take_text());
    case json::Kind::number: {
      auto number = parse_number(v.text());
      if (!number) return unreadable("number " + v.text());
      return CoreValue(std::move(*number));
    }
    case json::Kind::object:
      return tagged_value_from(v);
    case json::Kind::array:
      break;
  }
  return unreadable("a list without a kind");
}

namespace {

// Writes what json::canonical(to_json(value)) gives, without the tree between: most of a first sync's texts are
// columns.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void operator()(std::monostate) { out_ += "null"; }
  void operator()(bool b) { out_ += b ? "true" : "false"; }
  void operator()(const Number& n) { out_ += n.text; }
  void operator()(const std::string& s) { json::append_string(s, out_); }
  void operator()(const Date& d) {
    tagged("date", [&] { json::append_string(to_string(d), out_); });
  }
  void operator()(const Instant& t) {
    tagged("instant", [&] { json::append_string(to_string(t), out_); });
  }
  void operator()(const Money& m) {
    tagged("money", [&] {
      out_ += "{\"currency\":";
      json::append_string(m.currency, out_);
      out_ += ",\"minor\":" + std::to_string(m.minor) + "}";
    });
  }
  void operator()(const Stage& s) {
    tagged("stage", [&] { out_ += std::to_string(percent_of(s)); });
  }
  void operator()(const Standing& s) {
    tagged("standing", [&] {
      members({{"reason", s.reason}, {"status", name_of(s.status)}, {"substatus", name_of(s.substatus)}});
    });
  }
  void operator()(const std::vector<Person>& people) {
    tagged("people", [&] {
      list(people, [&](const Person& p) {
        members({{"email", p.email}, {"first_name", p.first_name}, {"last_name", p.last_name}, {"phone", p.phone}});
      });
    });
  }
  void operator()(const std::vector<Solution>& solutions) {
    tagged("solutions", [&] {
      list(solutions, [&](const Solution& s) { members({{"id", s.id}, {"name", s.name}, {"type", s.type}}); });
    });
  }
  void operator()(const Customer& c) {
    tagged("customer", [&] {
      members({{"city", c.city},
               {"country", c.country},
               {"line1", c.line1},
               {"line2", c.line2},
               {"name", c.name},
               {"postal_code", c.postal_code},
               {"state", c.state}});
    });
  }

 private:
  struct Text {
    std::string_view key;  // in order
    std::string_view text;
  };

  template <class Content>
  void tagged(std::string_view kind, const Content& content) {
    ((out_ += "{\"") += kind) += "\":";
    content();
    out_ += '}';
  }
  // Those that are not empty.
  void members(std::initializer_list<Text> texts) {
    char before = '{';
    for (const Text& t : texts) {
      if (t.text.empty()) continue;
      (((out_ += before) += '"') += t.key) += "\":";
      json::append_string(t.text, out_);
      before = ',';
    }
    if (before == '{') out_ += '{';
    out_ += '}';
  }
  template <class Item, class One>
  void list(const std::vector<Item>& items, const One& one) {
    out_ += '[';
    for (const Item& item : items) {
      if (&item != items.data()) out_ += ',';
      one(item);
    }
    out_ += ']';
  }

  std::string& out_;
};

}  // namespace

std::string encode(const Columns& columns) {
  std::string out;
  Writer write(out);
  out += '{';
  for (const auto& [name, value] : columns) {
    if (out.size() > 1) out += ',';
    json::append_string(name, out);
    out += ':';
    std::visit(write, value);
  }
  out += '}';
  return out;
}

void append_value(const CoreValue& v, std::string& out) { std::visit(Writer(out), v); }

ImageTexts encode_parts(const Columns& columns) {
  ImageTexts parts{"[", "[", "{"};
  Writer write(parts.values);
  for (const auto& [name, value] : columns) {
    if (parts.whole.size() > 1) {
      for (std::string* part : {&parts.names, &parts.values, &parts.whole}) *part += ',';
    }
    const std::size_t name_at = parts.names.size();
    const std::size_t value_at = parts.values.size();
    json::append_string(name, parts.names);
    std::visit(write, value);
    parts.whole.append(parts.names, name_at).append(1, ':').append(parts.values, value_at);
  }
  parts.names += ']';
  parts.values += ']';
  parts.whole += '}';
  return parts;
}

Result<std::vector<std::string>> decode_names(const std::string& text) {
  const auto list = json::read(text);
  if (!list || !list->is_array()) return unreadable("a list of names of columns");
  std::vector<std::string> names;
  for (const Value& name : list->items()) {
    // In order and none twice, as they were written.
    if (!name.is_string() || (!names.empty() && names.back() >= name.text())) return unreadable("names of columns");
    names.push_back(name.text());
  }
  return names;
}

namespace {

Error unreadable_column(Error why, const std::string& name) {
  why.fields = {name};
  return why;
}

}  // namespace

Result<Columns> decode_values(const std::vector<std::string>& names, const std::string& text) {
  Columns columns;
  columns.reserve(names.size());
  std::optional<Error> wrong;
  std::size_t i = 0;
  const auto read = json::read_each(text, [&](json::Member& element) {
    const std::size_t at = i++;
    if (wrong || at >= names.size()) return;
    auto value = value_from_json(std::move(element.value));
    if (value) {
      columns.append(column_name(names[at]), std::move(*value));
    } else {
      wrong = unreadable_column(value.error(), names[at]);
    }
  });
  if (!read) return unreadable(read.error().message);
  if (*read != json::Kind::array || i != names.size()) {
    return unreadable("values that are not as many as their names");
  }
  if (wrong) return *wrong;
  return columns;
}

Result<Columns> decode_columns(const std::string& text) {
  Columns columns;
  std::optional<Error> wrong;
  const auto read = json::read_each(text, [&](json::Member& member) {
    if (wrong) return;
    auto value = value_from_json(std::move(member.value));
    if (!value) {
      wrong = unreadable_column(value.error(), member.key);
      return;
    }
    if (!columns.append(column_name(member.key), std::move(*value))) wrong = unreadable("columns out of order");
  });
  if (!read) return unreadable(read.error().message);
  if (*read != json::Kind::object) return unreadable("columns that are no object");
  if (wrong) return *wrong;
  return columns;
}

}  // namespace cosell::store
