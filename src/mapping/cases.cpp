// Reading and running the examples. The forms of expected values are those that people read: "won", 40, "1200.50 EUR".
#include "mapping/cases.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "mapping/fields.h"
#include "mapping/inspect.h"

namespace cosell::mapping {

namespace {

const std::vector<std::string> case_members = {"name", "today", "opportunity", "referral", "change", "writes"};

std::string at(const std::string& file, json::Position p) {
  return file + ":" + std::to_string(p.line) + ":" + std::to_string(p.column);
}

class Cases {
 public:
  Cases(const Mapping& mapping, std::string file, Date today)
      : mapping_(mapping), file_(std::move(file)), today_(today) {}

  Result<std::vector<CaseResult>> run(const std::string& text) {
    json::ReadOptions options;
    options.comments = true;
    options.max_bytes = 4U << 20;
    const auto root = json::read(text, options);
    if (!root) return wrong(root.error().at, root.error().message);
    const json::Value* list = root->find("cases");
    if (list == nullptr || !list->is_array()) {
      return wrong(root->at(),
                   "expected { \"cases\": [ { \"name\": …, \"opportunity\": { … }, \"referral\": { … } } ] }");
    }
    std::vector<CaseResult> results;
    for (const json::Value& one : list->items()) {
      auto result = run_one(one);
      if (!result) return result.error();
      results.push_back(std::move(*result));
    }
    return results;
  }

 private:
  Error wrong(json::Position p, const std::string& what) const {
    return make_error(ErrorClass::config, at(file_, p) + ": " + what);
  }

  Result<CaseResult> run_one(const json::Value& one) {
    if (!one.is_object()) return wrong(one.at(), "a case is an object { … }");
    for (const json::Member& m : one.members()) {
      if (std::find(case_members.begin(), case_members.end(), m.key) != case_members.end()) continue;
      const std::string near = did_you_mean(m.key, case_members);
      return wrong(m.at, "a case has no \"" + m.key + "\"" + (near.empty() ? "" : "; " + near));
    }
    CaseResult result;
    result.name = one.text_of("name");
    result.place = file_ + ":" + std::to_string(one.at().line);
    if (result.name.empty()) result.name = "the case in line " + std::to_string(one.at().line);
    Date today = today_;
    if (const json::Value* day = one.find("today")) {
      const auto date = parse_date(day->text());
      if (!date) return wrong(day->at(), "\"today\" is a date such as \"2026-11-30\"");
      today = *date;
    }
    const json::Value* opportunity = one.find("opportunity");
    if (opportunity == nullptr || !opportunity->is_object()) {
      return wrong(one.at(), "a case needs \"opportunity\": { column: value, … }");
    }
    auto columns = columns_of(*opportunity);
    if (!columns) return columns.error();
    const json::Value* referral = one.find("referral");
    const json::Value* change = one.find("change");
    if (referral == nullptr && change == nullptr) {
      return wrong(one.at(), "a case expects something: \"referral\": { … }, or \"change\" with \"writes\"");
    }
    if (referral != nullptr) {
      if (auto done = check_referral(*columns, *referral, today, result); !done) return done.error();
    }
    if (change != nullptr) {
      if (auto done = check_writes(*columns, *change, one.find("writes"), result); !done) return done.error();
    }
    return result;
  }

  // Text that is a date is a date, as the connectors deliver it.
  Result<Columns> columns_of(const json::Value& object) const {
    Columns columns;
    for (const json::Member& m : object.members()) {
      auto value = column_value(m.value);
      if (!value) return wrong(m.at, "the column \"" + m.key + "\" is a text, a number, true, false or null");
      columns[m.key] = std::move(*value);
    }
    return columns;
  }

  static std::optional<Value> column_value(const json::Value& v) {
    if (v.is_null()) return Value{};
    if (v.is_bool()) return Value(v.as_bool());
    if (v.is_number()) {
      const auto number = parse_number(v.text());
      return number ? std::optional<Value>(*number) : std::nullopt;
    }
    if (!v.is_string()) return std::nullopt;
    if (v.text().empty()) return Value{};
    if (const auto date = parse_date(v.text())) return Value(*date);
    return Value(v.text());
  }

  // --- from the CRM to Partner Center

  Result<void> check_referral(const Columns& columns, const json::Value& expected, Date today, CaseResult& result) {
    if (expected.is_string() && expected.text() == "none") {
      const Selection selection = mapping_.select_opportunity(columns);
      if (selection.takes_part) result.differences.push_back("the opportunity takes part, and none was expected to");
      return {};
    }
    if (!expected.is_object()) return wrong(expected.at(), "\"referral\" is an object, or \"none\"");
    const Selection selection = mapping_.select_opportunity(columns);
    if (!selection.takes_part) result.differences.push_back("the opportunity does not take part: " + selection.text);
    ReadDeal read = mapping_.read(columns);
    const Deal deal = mapping_.complete_for_create(read.deal, columns, today);
    for (const json::Member& m : expected.members()) {
      const auto field = field_from(m.key);
      if (!field) {
        const std::string near = did_you_mean(m.key, field_names());
        return wrong(m.at, "a deal has no field \"" + m.key + "\"" + (near.empty() ? "" : "; " + near));
      }
      const auto problem = std::find_if(read.problems.begin(), read.problems.end(),
                                        [&](const ReadDeal::Problem& p) { return p.field == *field; });
      if (problem != read.problems.end()) {
        result.differences.push_back(m.key + ": " + problem->message);
      } else {
        compare(m.key, deal.get(*field), m.value, result);
      }
    }
    return {};
  }

  static void compare(const std::string& name, const Value& found, const json::Value& expected, CaseResult& result) {
    if (matches(found, expected)) return;
    result.differences.push_back(name + ": expected " + json::write(expected) + ", found " + display(found));
  }

  static bool matches(const Value& found, const json::Value& expected) {
    const bool nothing = expected.is_null() || (expected.is_array() && expected.items().empty());
    if (nothing) return is_blank(found);
    if (expected.is_array()) return list_matches(found, expected);
    if (expected.is_object()) return parts_match(found, expected);
    const std::string wanted = expected.is_bool() ? (expected.as_bool() ? "true" : "false") : expected.text();
    const auto forms = written_forms(found);
    return std::any_of(forms.begin(), forms.end(),
                       [&](const std::string& form) { return text::nfc(form) == text::nfc(wanted); });
  }

  // How a value may be written in a case.
  static std::vector<std::string> written_forms(const Value& v) {
    if (const auto* stage = std::get_if<Stage>(&v)) {
      return {std::to_string(percent_of(*stage)), std::to_string(percent_of(*stage)) + " " + stage_title(*stage)};
    }
    if (const auto* money = std::get_if<Money>(&v)) {
      return {amount_of(*money).text + " " + money->currency, to_string(*money)};
    }
    if (const auto* s = std::get_if<Standing>(&v)) {
      if (s->status == Status::active) return {"open"};
      if (s->status == Status::fresh) return {"waiting"};
      const std::string outcome = text::lower_ascii(name_of(s->substatus));
      return s->reason.empty() ? std::vector<std::string>{outcome}
                               : std::vector<std::string>{outcome, outcome + ": " + s->reason};
    }
    return {plain_text(v), display(v)};
  }

  // A list is matched item by item, without order; an item is an id or e-mail, or an object of parts.
  static bool list_matches(const Value& found, const json::Value& expected) {
    const auto each = [&](const auto& list, const auto& item_matches) {
      if (list.size() != expected.items().size()) return false;
      return std::all_of(expected.items().begin(), expected.items().end(), [&](const json::Value& wanted) {
        return std::any_of(list.begin(), list.end(), [&](const auto& one) { return item_matches(one, wanted); });
      });
    };
    if (const auto* solutions = std::get_if<std::vector<Solution>>(&found)) {
      return each(*solutions, [](const Solution& s, const json::Value& wanted) { return s.id == wanted.text(); });
    }
    if (const auto* people = std::get_if<std::vector<Person>>(&found)) {
      return each(*people, [](const Person& p, const json::Value& wanted) {
        if (wanted.is_string()) return text::equals_ignore_case(p.email, wanted.text());
        return all_parts(wanted, [&](const std::string& part) -> std::optional<std::string> {
          if (part == "first_name") return p.first_name;
          if (part == "last_name") return p.last_name;
          if (part == "phone") return p.phone;
          if (part == "email") return p.email;
          return std::nullopt;
        });
      });
    }
    return false;
  }

  template <class PartOf>
  static bool all_parts(const json::Value& wanted, const PartOf& part_of_name) {
    return std::all_of(wanted.members().begin(), wanted.members().end(), [&](const json::Member& m) {
      const auto part = part_of_name(m.key);
      return part && *part == (m.value.is_null() ? std::string() : m.value.text());
    });
  }

  static bool parts_match(const Value& found, const json::Value& expected) {
    const Customer* customer = customer_in(found);
    if (customer == nullptr) return false;
    return all_parts(expected, [&](const std::string& part) -> std::optional<std::string> {
      const bool known =
          std::any_of(kCustomerParts.begin(), kCustomerParts.end(), [&](const char* name) { return part == name; });
      return known ? std::optional<std::string>(part_of(*customer, part)) : std::nullopt;
    });
  }

  // --- from Partner Center to the CRM

  Result<void> check_writes(const Columns& columns, const json::Value& change, const json::Value* writes,
                            CaseResult& result) {
    if (!change.is_object()) return wrong(change.at(), "\"change\" is an object { field: value, … }");
    if (writes == nullptr || !writes->is_object()) {
      return wrong(change.at(), "\"change\" needs \"writes\": the columns that are then written, {} for none");
    }
    Deal changes;
    for (const json::Member& m : change.members()) {
      const auto field = field_from(m.key);
      if (!field) {
        const std::string near = did_you_mean(m.key, field_names());
        return wrong(m.at, "a deal has no field \"" + m.key + "\"" + (near.empty() ? "" : "; " + near));
      }
      auto value = deal_value(*field, m.value);
      if (!value) return wrong(m.value.at(), "this is no value for " + m.key + "; " + example_of(*field));
      changes.set(*field, std::move(*value));
    }
    const Mapping::Written written = mapping_.write(changes, columns);
    for (const auto& problem : written.problems) result.differences.push_back(problem.message);
    auto expected = columns_of(*writes);
    if (!expected) return expected.error();
    for (const auto& [name, value] : *expected) {
      const auto found = written.columns.find(name);
      if (found == written.columns.end()) {
        result.differences.push_back(name + ": expected " + display(value) + ", but it is not written");
      } else if (plain_text(found->second) != plain_text(value) && !same_value(found->second, value)) {
        result.differences.push_back(name + ": expected " + display(value) + ", written is " + display(found->second));
      }
    }
    for (const auto& [name, value] : written.columns) {
      if (expected->count(name) == 0)
        result.differences.push_back(name + ": written as " + display(value) + ", unexpectedly");
    }
    return {};
  }

  static std::string example_of(Field field) {
    switch (field) {
      case Field::stage:
        return "write 10, 20, 40, 60 or 80";
      case Field::standing:
        return "write \"open\", \"waiting\", \"won\", \"lost\" or \"lost: reason\"";
      case Field::value:
        return "write \"1200.50 EUR\"";
      case Field::close_date:
        return "write \"2026-11-30\"";
      default:
        return "write a text";
    }
  }

  static std::optional<Value> deal_value(Field field, const json::Value& v) {
    switch (field) {
      case Field::stage: {
        const auto percent = v.as_integer();
        const auto stage = percent ? stage_from_percent(static_cast<int>(*percent)) : std::nullopt;
        return stage ? std::optional<Value>(*stage) : std::nullopt;
      }
      case Field::standing:
        return standing_value(v.text());
      case Field::value: {
        const std::string written = v.text();
        const auto space = written.find(' ');
        const auto number = space == std::string::npos ? std::nullopt : parse_number(written.substr(0, space));
        const auto money = number ? money_from(*number, written.substr(space + 1)) : std::nullopt;
        return money ? std::optional<Value>(*money) : std::nullopt;
      }
      default:
        return column_value(v);
    }
  }

  static std::optional<Value> standing_value(const std::string& written) {
    if (written == "open") return Value(Standing{});
    if (written == "waiting") return Value(Standing{Status::fresh, Substatus::pending, ""});
    const auto colon = written.find(':');
    const auto outcome = substatus_from(text::trim(written.substr(0, colon)));
    if (!outcome) return std::nullopt;
    const std::string reason = colon == std::string::npos ? "" : text::trim(written.substr(colon + 1));
    return Value(Standing{Status::closed, *outcome, reason});
  }

  const Mapping& mapping_;
  std::string file_;
  Date today_;
};

}  // namespace

Result<std::vector<CaseResult>> run_cases(const Mapping& mapping, const std::string& file, const std::string& text,
                                          Date today) {
  return Cases(mapping, file, today).run(text);
}

}  // namespace cosell::mapping
