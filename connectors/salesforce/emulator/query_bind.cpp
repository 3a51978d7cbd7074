// From names in a query to fields of the schema, with Salesforce's words for names and values that do not fit.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "connectors/salesforce/emulator/query.h"

namespace cosell::emulator::salesforce {

namespace {

// Any failure below unwinds to bind(); it never leaves this file.
struct Refused {
  ApiErrors errors;
};

std::pair<Date, Date> month_range(Date day, int months) {
  const int index = day.year * 12 + day.month - 1 + months;
  const auto first = [](int i) { return Date{i / 12, i % 12 + 1, 1}; };
  return {first(index), first(index + 1)};
}

std::pair<Date, Date> quarter_range(Date day, int quarters) {
  const Date first{day.year, (day.month - 1) / 3 * 3 + 1, 1};
  return {month_range(first, 3 * quarters).first, month_range(first, 3 * quarters + 3).first};
}

std::pair<Date, Date> week_range(Date day, int weeks) {
  // Weeks begin on Sunday; 1970-01-01 was a Thursday.
  const std::int64_t since_sunday = (((days_between(Date{1970, 1, 1}, day) + 4) % 7) + 7) % 7;
  const Date first = add_days(day, 7 * weeks - since_sunday);
  return {first, add_days(first, 7)};
}

std::pair<Date, Date> range_of(const std::string& name, std::int64_t n, Date today) {
  const int shift = text::starts_with(name, "LAST_") ? -1 : text::starts_with(name, "NEXT_") ? 1 : 0;
  if (name == "TODAY") return {today, add_days(today, 1)};
  if (name == "YESTERDAY") return {add_days(today, -1), today};
  if (name == "TOMORROW") return {add_days(today, 1), add_days(today, 2)};
  if (name == "N_DAYS_AGO") return {add_days(today, -n), add_days(today, 1 - n)};
  if (name == "LAST_N_DAYS") return {add_days(today, -n), add_days(today, 1)};
  if (name == "NEXT_N_DAYS") return {add_days(today, 1), add_days(today, n + 1)};
  if (name == "LAST_90_DAYS") return {add_days(today, -90), add_days(today, 1)};
  if (name == "NEXT_90_DAYS") return {add_days(today, 1), add_days(today, 91)};
  if (text::ends_with(name, "_WEEK")) return week_range(today, shift);
  if (text::ends_with(name, "_MONTH")) return month_range(today, shift);
  if (text::ends_with(name, "_QUARTER")) return quarter_range(today, shift);
  return {Date{today.year + shift, 1, 1}, Date{today.year + shift + 1, 1, 1}};
}

// Decoded text with its doubled backslashes undone.
std::string plain(const std::string& decoded) {
  std::string out;
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    if (decoded[i] == '\\' && i + 1 < decoded.size()) ++i;
    out += decoded[i];
  }
  return out;
}

const char* literal_type(const Field& field) {
  switch (field.type) {
    case Type::datetime:
      return "dateTime";
    case Type::date:
      return "date";
    case Type::boolean:
      return "boolean";
    case Type::currency:
    case Type::number:
    case Type::percent:
      return "double";
    case Type::integer:
      return "int";
    default:
      return "string";
  }
}

class Binder {
 public:
  Binder(const State& state, const soql::Query& query, Instant now) : state_(state), query_(query), now_(now) {}

  BoundQuery run() {
    const Object* object = state_.model.schema().find(query_.from);
    if (object == nullptr || lacks_permission(state_, object->name, "Read")) {
      refuse("INVALID_TYPE", query_.from_at,
             "sObject type '" + query_.from +
                 "' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after "
                 "the entity name. Please reference your WSDL or the describe call for the appropriate names.");
    }
    Slot root;
    root.object = object;
    bound_.slots.push_back(root);
    bound_.count = query_.count;
    bind_output();
    if (query_.where) bound_.where = condition(*query_.where);
    for (const soql::OrderKey& key : query_.order) bind_order(key);
    bound_.limit = query_.limit;
    bound_.offset = query_.offset.value_or(0);
    if (bound_.offset > 2000) {
      throw Refused{fail("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000").value()};
    }
    return std::move(bound_);
  }

 private:
  [[noreturn]] void refuse(const char* code, std::size_t at, const std::string& sentence) const {
    throw Refused{fail(code, soql::located(query_.text, at, sentence)).value()};
  }

  const Field& field_of(const BoundField& f) const { return bound_.slots[f.slot].object->fields[f.index]; }

  std::size_t parent_slot(std::size_t from, const std::string& relationship, const soql::Path& path) {
    const Object& object = *bound_.slots[from].object;
    const auto reference = object.find_relationship(relationship);
    const Object* target = reference ? state_.model.schema().find(object.fields[*reference].reference_to) : nullptr;
    if (target == nullptr || lacks_permission(state_, target->name, "Read")) {
      refuse("INVALID_FIELD", path.at,
             "Didn't understand relationship '" + relationship +
                 "' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' "
                 "after the custom relationship name. Please reference your WSDL or the describe call for the "
                 "appropriate names.");
    }
    for (std::size_t i = 1; i < bound_.slots.size(); ++i) {
      if (bound_.slots[i].parent == from && bound_.slots[i].reference == *reference) return i;
    }
    Slot slot;
    slot.object = target;
    slot.parent = from;
    slot.reference = *reference;
    slot.relationship = object.fields[*reference].relationship;
    bound_.slots.push_back(std::move(slot));
    return bound_.slots.size() - 1;
  }

  BoundField bind_path(const soql::Path& path) {
    std::size_t slot = 0;
    std::size_t first = 0;
    // "Opportunity.Name" in a query on Opportunity names its own field.
    const bool own = path.names.size() > 1 && text::equals_ignore_case(path.names[0], bound_.slots[0].object->name) &&
                     !bound_.slots[0].object->find_relationship(path.names[0]);
    if (own) first = 1;
    for (std::size_t i = first; i + 1 < path.names.size(); ++i) slot = parent_slot(slot, path.names[i], path);
    const Object& object = *bound_.slots[slot].object;
    const auto index = object.find(path.names.back());
    if (!index) {
      refuse("INVALID_FIELD", path.at,
             "No such column '" + path.names.back() + "' on entity '" + object.name +
                 "'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field "
                 "name. Please reference your WSDL or the describe call for the appropriate names.");
    }
    return BoundField{slot, *index};
  }

  void bind_output() {
    if (!query_.fields_macro.empty()) bind_macro();
    std::set<std::pair<std::size_t, std::uint16_t>> seen;
    for (const soql::Path& path : query_.fields) {
      const BoundField field = bind_path(path);
      if (!seen.insert({field.slot, field.index}).second) {
        refuse("INVALID_FIELD", path.at, "duplicate field selected: " + text::join(path.names, "."));
      }
      place(field);
    }
  }

  void bind_macro() {
    const std::string& macro = query_.fields_macro;
    const bool all = macro == "all";
    if (!all && macro != "standard" && macro != "custom") {
      throw Refused{fail("MALFORMED_QUERY", "Invalid FIELDS function: " + macro).value()};
    }
    if (macro != "standard" && (!query_.limit || *query_.limit > 200)) {
      throw Refused{fail("MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200").value()};
    }
    const Object& object = *bound_.slots[0].object;
    for (std::size_t i = 0; i < object.fields.size(); ++i) {
      const Field& f = object.fields[i];
      if (!f.hidden && (all || f.custom == (macro == "custom"))) place(BoundField{0, static_cast<std::uint16_t>(i)});
    }
  }

  // Puts a field into the output tree, under the parents that lead to it.
  void place(const BoundField& field) {
    std::vector<std::size_t> chain;
    for (std::size_t slot = field.slot; slot != 0; slot = bound_.slots[slot].parent) chain.push_back(slot);
    std::vector<OutputItem>* items = &bound_.output;
    for (auto it = chain.rbegin(); it != chain.rend(); ++it) {
      const std::size_t slot = *it;
      auto present =
          std::find_if(items->begin(), items->end(), [&](const OutputItem& i) { return i.child_slot == slot; });
      if (present == items->end()) {
        OutputItem item;
        item.name = bound_.slots[slot].relationship;
        item.child_slot = slot;
        items->push_back(std::move(item));
        present = items->end() - 1;
      }
      items = &present->children;
    }
    OutputItem item;
    item.name = field_of(field).name;
    item.field = field;
    items->push_back(std::move(item));
  }

  void bind_order(const soql::OrderKey& key) {
    BoundOrder order;
    order.field = bind_path(key.field);
    if (!field_of(order.field).filterable()) {
      refuse("INVALID_FIELD", key.field.at,
             "field '" + field_of(order.field).name + "' can not be sorted in a query call");
    }
    order.descending = key.descending;
    order.nulls_last = key.nulls_last.value_or(key.descending);
    bound_.order.push_back(order);
  }

  BoundCondition condition(const soql::Condition& c) {
    BoundCondition out;
    out.kind = c.kind;
    if (c.kind != soql::Condition::Kind::compare) {
      for (const soql::Condition& part : c.parts) out.parts.push_back(condition(part));
      return out;
    }
    out.field = bind_path(c.field);
    out.op = c.op;
    const Field& field = field_of(out.field);
    if (!field.filterable()) {
      refuse("INVALID_FIELD", c.field.at, "field '" + field.name + "' can not be filtered in a query call");
    }
    if (c.op == soql::Op::in || c.op == soql::Op::not_in) {
      bind_list(out, field, c);
    } else {
      bind_single(out, field, c);
    }
    return out;
  }

  void bind_list(BoundCondition& out, const Field& field, const soql::Condition& c) {
    for (const soql::Literal& literal : c.values) {
      Value v = literal_value(field, literal, c);
      if (is_null(v)) {
        out.with_null = true;
      } else if (std::holds_alternative<std::string>(v)) {
        out.texts.insert(exact(field) ? std::get<std::string>(v) : fold(std::get<std::string>(v)));
      }
      if (!is_null(v)) out.values.push_back(std::move(v));
    }
  }

  static bool exact(const Field& field) {
    return field.type == Type::id || field.type == Type::reference || field.case_sensitive;
  }

  void bind_single(BoundCondition& out, const Field& field, const soql::Condition& c) {
    const soql::Literal& literal = c.values.front();
    if (literal.kind == soql::Literal::Kind::range) {
      if (field.type != Type::date && field.type != Type::datetime) mismatch(field, c);
      const auto days = range_of(literal.range, literal.range_n, date_of(now_));
      if (field.type == Type::date) {
        out.range = std::pair<Value, Value>{days.first, days.second};
      } else {
        out.range = std::pair<Value, Value>{start_of(days.first), start_of(days.second)};
      }
      return;
    }
    if (c.op == soql::Op::like) {
      if (!field.is_text() || literal.kind != soql::Literal::Kind::text) {
        throw Refused{fail("INVALID_QUERY_FILTER_OPERATOR",
                           soql::located(query_.text, c.field.at,
                                         "invalid operator on " + std::string(name_of(field.type)) + " field"))
                          .value()};
      }
      out.pattern = fold(std::get<std::string>(literal.value));
      return;
    }
    const bool ordering = c.op != soql::Op::equal && c.op != soql::Op::not_equal;
    if (ordering && (field.type == Type::boolean || field.type == Type::id || field.type == Type::reference)) {
      refuse("INVALID_QUERY_FILTER_OPERATOR", c.field.at,
             "invalid operator on " + std::string(name_of(field.type)) + " field");
    }
    out.value = literal_value(field, literal, c);
  }

  [[noreturn]] void mismatch(const Field& field, const soql::Condition& c) const {
    const bool quotes = field.is_text() || field.type == Type::id || field.type == Type::reference;
    refuse("INVALID_FIELD", c.field.at,
           "value of filter criterion for field '" + field.name + "' must be of type " + literal_type(field) +
               " and should " + (quotes ? "be enclosed in quotes" : "not be enclosed in quotes"));
  }

  Value literal_value(const Field& field, const soql::Literal& literal, const soql::Condition& c) const {
    using Kind = soql::Literal::Kind;
    if (literal.kind == Kind::null) return field.type == Type::boolean ? Value{false} : Value{};
    if (field.type == Type::id || field.type == Type::reference) {
      if (literal.kind != Kind::text) mismatch(field, c);
      const std::string given = plain(std::get<std::string>(literal.value));
      const auto id = parse_id(given);
      if (!id && !given.empty()) refuse("INVALID_QUERY_FILTER_OPERATOR", c.field.at, "invalid ID field: " + given);
      return id ? Value{*id} : Value{};
    }
    const bool fits = (field.is_text() && literal.kind == Kind::text) ||
                      (field.is_number() && literal.kind == Kind::number) ||
                      (field.type == Type::boolean && literal.kind == Kind::boolean) ||
                      (field.type == Type::date && literal.kind == Kind::date) ||
                      (field.type == Type::datetime && literal.kind == Kind::datetime);
    if (!fits) mismatch(field, c);
    if (literal.kind != Kind::text) return literal.value;
    std::string s = plain(std::get<std::string>(literal.value));
    return s.empty() ? Value{} : Value{std::move(s)};
  }

  const State& state_;
  const soql::Query& query_;
  Instant now_;
  BoundQuery bound_;
};

}  // namespace

Outcome<BoundQuery> bind(const State& state, const soql::Query& query, Instant now) {
  try {
    return Binder(state, query, now).run();
  } catch (Refused& refused) {
    return tl::unexpected<ApiErrors>(std::move(refused.errors));
  }
}

}  // namespace cosell::emulator::salesforce
